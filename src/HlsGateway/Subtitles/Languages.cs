using System.Collections.Frozen;
using System.Globalization;

namespace HlsGateway.Subtitles;

/// <summary>The languages of ISO 639-1, with their other codes and names.</summary>
internal static class Languages
{
    /// <summary>All codes of two letters that are assigned. The list is closed: a language that has three letters gets no code of two any more.</summary>
    private static readonly FrozenSet<string> Codes = (
        "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv "
        + "ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my "
        + "na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to "
        + "tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu").Split(' ').ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Codes that were withdrawn (RFC 5646, section 2.2.1), and those of three letters for catalogues (ISO 639-2/B).</summary>
    private static readonly Dictionary<string, string> Others = (
        "in=id iw=he ji=yi jw=jv mo=ro alb=sq arm=hy baq=eu bur=my chi=zh cze=cs dut=nl fre=fr geo=ka ger=de gre=el ice=is mac=mk "
        + "mao=mi may=ms per=fa rum=ro slo=sk tib=bo wel=cy")
        .Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    private static readonly Lazy<(FrozenDictionary<string, string> ByCode, FrozenDictionary<string, string> ByName)> Known = new(static () =>
    {
        var (byCode, byName) = (new Dictionary<string, string>(Others, StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase));
        foreach (var code in Codes)
        {
            var culture = CultureInfo.GetCultureInfo(code);
            if (culture.ThreeLetterISOLanguageName is { Length: 3 } three)
                byCode.TryAdd(three, code);
            byName.TryAdd(culture.EnglishName, code);
            byName.TryAdd(culture.NativeName, code);
        }

        return (byCode.ToFrozenDictionary(StringComparer.Ordinal), byName.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase));
    });

    /// <summary>The tag with the shortest code of its language: <c>de-AT</c> for <c>ger-AT</c>.</summary>
    /// <param name="tag">In its usual case.</param>
    public static string Canonical(string tag)
    {
        var end = tag.IndexOf('-', StringComparison.Ordinal) is var dash and > 0 ? dash : tag.Length;
        return Known.Value.ByCode.TryGetValue(tag[..end], out var code) ? code + tag[end..] : tag;
    }

    /// <summary>The code of the language with this name, or one like it, in English or in itself.</summary>
    public static string? Named(string name) =>
        Known.Value.ByName.TryGetValue(name, out var code) ? code
        : Nearest.To(name, Known.Value.ByName.Keys) is { } near ? Known.Value.ByName[near]
        : null;

    /// <summary>Whether it is a code of two letters that no language has.</summary>
    public static bool IsUnassigned(string tag) => tag.Split('-')[0] is { Length: 2 } code && !Codes.Contains(code);
}
