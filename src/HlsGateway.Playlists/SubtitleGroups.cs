namespace HlsGateway.Playlists;

/// <summary>A Rendition that a subtitle group has already.</summary>
/// <param name="AutoSelectKey">What AUTOSELECT=YES Renditions of a group must differ in (draft-pantos-hls-rfc8216bis section 4.4.6.1.1); null without AUTOSELECT=YES.</param>
internal readonly record struct SubtitleMember(string Group, string Name, bool Default, string? AutoSelectKey);

/// <summary>The subtitle groups of a Master Playlist, and how captions are added to them (rule W1).</summary>
internal sealed class SubtitleGroups
{
    private const string OurGroup = "subtitles";

    /// <summary>This object's and its lists' own fields.</summary>
    private const int Own = 96;

    private readonly List<string> names = [];
    private readonly List<SubtitleMember> members = [];

    /// <summary>Memory held, in bytes.</summary>
    public long Weight => Own + Weights.OfArray<string>(names.Capacity) + Weights.OfArray<SubtitleMember>(members.Capacity)
        + names.Sum(Weights.Of) + members.Sum(member => Weights.Of(member.Group) + Weights.Of(member.Name) + Weights.Of(member.AutoSelectKey));

    /// <summary>The group for Variant Streams that name none.</summary>
    public string First => names.Count == 0 ? OurGroup : names[0];

    /// <summary>A group counts as soon as anything names it, a Rendition or a Variant Stream.</summary>
    public void Add(string group)
    {
        if (!names.Contains(group, StringComparer.Ordinal))
            names.Add(group);
    }

    public void Add(in SubtitleMember member)
    {
        Add(member.Group);
        members.Add(member);
    }

    public static string AutoSelectKey(string? language, string? associated, bool forced, string? characteristics) =>
        $"{language}\n{associated}\n{forced}\n{characteristics}";

    /// <summary>
    /// Adds the captions to every group, since a Variant Stream names only one, with the same attributes in each
    /// (draft-pantos-hls-rfc8216bis section 4.4.6.1.1): what one group has already applies to all.
    /// </summary>
    public void Write(TemplateBuilder builder, IReadOnlyList<CaptionRendition> captions)
    {
        var added = Added(captions);
        foreach (var group in names.DefaultIfEmpty(OurGroup))
        {
            foreach (var member in added)
                WriteRendition(builder, group, member);
        }
    }

    private List<AddedMember> Added(IReadOnlyList<CaptionRendition> captions)
    {
        var usedNames = members.Select(member => member.Name).ToHashSet(StringComparer.Ordinal);
        var usedKeys = members.Select(member => member.AutoSelectKey).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var hasDefault = members.Any(member => member.Default);
        var added = new List<AddedMember>(captions.Count);
        foreach (var caption in captions)
        {
            var isDefault = caption.Default && !hasDefault;
            hasDefault |= isDefault;
            var isNew = usedKeys.Add(AutoSelectKey(caption.Language, associated: null, forced: false, caption.Characteristics));
            added.Add(new AddedMember(caption, UniqueName(caption, usedNames), isDefault, AutoSelect: isDefault || isNew));
        }

        return added;
    }

    /// <summary>FORCED is left out: none of our captions is (rule W1).</summary>
    private static void WriteRendition(TemplateBuilder builder, string group, AddedMember member)
    {
        var caption = member.Caption;
        builder.Write("#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="u8);
        builder.Write($"\"{group}\"");
        builder.Write(",NAME="u8);
        builder.WriteQuoted(member.Name);
        builder.Write(",LANGUAGE="u8);
        builder.WriteQuoted(caption.Language);
        builder.Write(member.Default ? ",DEFAULT=YES"u8 : ",DEFAULT=NO"u8);
        builder.Write(member.AutoSelect ? ",AUTOSELECT=YES"u8 : ",AUTOSELECT=NO"u8);
        if (!string.IsNullOrEmpty(caption.Characteristics))
        {
            builder.Write(",CHARACTERISTICS="u8);
            builder.WriteQuoted(caption.Characteristics);
        }

        builder.Write(",URI="u8);
        builder.WriteQuoted(caption.Uri);
        builder.Write("\n"u8);
    }

    /// <summary>A name is a person's text: what cannot stand in quotation marks is replaced, never refused (rule D3).</summary>
    private static string UniqueName(CaptionRendition caption, HashSet<string> used)
    {
        var text = string.IsNullOrWhiteSpace(caption.Name) ? caption.Language : caption.Name;
        var name = string.Create(text.Length, text, static (clean, dirty) =>
        {
            for (var at = 0; at < dirty.Length; at++)
                clean[at] = dirty[at] == '"' ? '\'' : char.IsControl(dirty[at]) ? ' ' : dirty[at];
        });
        var unique = name;
        for (var count = 2; !used.Add(unique); count++)
            unique = $"{name} ({count})";
        return unique;
    }

    private sealed record AddedMember(CaptionRendition Caption, string Name, bool Default, bool AutoSelect);
}
