using System.Text;

namespace HlsGateway.Playback;

/// <summary>
/// Our parameters in a player's query. We write them as one run that begins with <c>session_id</c>, after the URI's own query,
/// so everything before the last <c>session_id</c> is the origin's where we wrote it; what a player or proxy appended stands after
/// the run.
/// </summary>
internal sealed class PlayerQuery
{
    public const string SessionName = "session_id";

    /// <summary>How a player asks of a Master Playlist that its trailer be an HLS interstitial, or spliced in.</summary>
    private const string AsInterstitial = "trailer=interstitial";
    private const string AsSplice = "trailer=stitched";

    private readonly string text;
    private readonly Range own;
    private readonly Range ours;
    private readonly bool bare;
    private readonly Range session;
    private readonly Range duration;
    private readonly Range start;
    private readonly Range end;
    private readonly Range kind;
    private readonly Range rendition;
    private readonly Range signature;
    private readonly Range profile;
    private readonly Range captionSource;

    /// <param name="query">What follows the <c>?</c>; empty when there is none.</param>
    public PlayerQuery(string query)
    {
        text = query;
        var begin = StartOfOurs(query);
        own = begin < 0 ? Range.All : ..Math.Max(0, begin - 1);
        ours = begin < 0 ? 0..0 : begin..;
        bare = begin == 1;
        var at = Math.Max(begin, 0);
        session = duration = start = end = kind = rendition = signature = profile = captionSource = 0..0;
        foreach (var range in Ours.Split('&'))
        {
            var pair = Ours[range];
            var equals = pair.IndexOf('=');
            if (equals < 0)
                continue;
            var from = at + range.Start.Value;
            var value = (from + equals + 1)..(from + pair.Length);
            switch (pair[..equals])
            {
                case SessionName: session = value; break;
                case "duration": duration = value; break;
                case "t": start = value; break;
                case "e": end = value; break;
                case "k": kind = value; break;
                case "r": rendition = value; break;
                case "s": signature = value; break;
                case "p": profile = value; break;
                case "v": captionSource = value; break;
                default: break;
            }
        }
    }

    /// <summary>What stands before our parameters: the URI's own query.</summary>
    public ReadOnlySpan<char> Own => text.AsSpan(own);

    public ReadOnlySpan<char> Session => text.AsSpan(session);

    /// <summary>Seconds, decimal.</summary>
    public ReadOnlySpan<char> Duration => text.AsSpan(duration);

    /// <summary>Milliseconds on the content's timeline; of a live segment its number.</summary>
    public ReadOnlySpan<char> Start => text.AsSpan(start);

    /// <summary>Milliseconds on the content's timeline; empty where start plus rounded duration gives it.</summary>
    public ReadOnlySpan<char> End => text.AsSpan(end);

    /// <summary>Empty for a Variant Stream's segment; otherwise <c>a</c>, <c>c</c>, <c>i</c> or <c>l</c>.</summary>
    public ReadOnlySpan<char> Kind => text.AsSpan(kind);

    /// <summary>The Rendition's name, where the segment's path does not tell it; percent-encoded.</summary>
    public ReadOnlySpan<char> Rendition => text.AsSpan(rendition);

    public ReadOnlySpan<char> Signature => text.AsSpan(signature);

    /// <summary>Child playlists: the role of the Rendition and the trailer copy it gets.</summary>
    public ReadOnlySpan<char> Profile => text.AsSpan(profile);

    /// <summary>Caption playlists, and children that import variables: the Master Playlist they belong to, where its name does not tell.</summary>
    public ReadOnlySpan<char> CaptionSource => text.AsSpan(captionSource);

    private ReadOnlySpan<char> Ours => text.AsSpan(ours);

    /// <summary>What a player asks of the trailer; null when it asks for nothing.</summary>
    public bool? Interstitial
    {
        get
        {
            foreach (var range in Own.Split('&'))
            {
                if (Own[range] is AsInterstitial or AsSplice)
                    return Own[range] is AsInterstitial;
            }

            return null;
        }
    }

    /// <summary>
    /// What goes on to the origin or the CDN, with its <c>?</c>: the origin's own query byte for byte, and of what a client added only
    /// what an option names, in the option's order. So no client can invent a second address for one file.
    /// </summary>
    /// <param name="believed">What stands before our run is the origin's own; otherwise it is the client's.</param>
    /// <param name="named"><c>Gateway:Origin:QueryParameters</c>.</param>
    public string PassedOn(bool believed, IReadOnlyList<string> named)
    {
        var kept = new StringBuilder();
        if (believed)
            AppendOwn(kept);
        foreach (var name in named)
        {
            var pair = Find(Ours, name);
            if (pair.IsEmpty && !believed)
                pair = Find(Own, name);
            if (!pair.IsEmpty)
                Append(kept, pair);
        }

        return kept.ToString();
    }

    /// <summary>All but our parameters and CMCD, with its <c>?</c>: for files that nobody caches, where it may be meant for the origin.</summary>
    public string Foreign()
    {
        var kept = new StringBuilder();
        AppendOwn(kept);
        foreach (var range in Ours.Split('&'))
        {
            var pair = Ours[range];
            if (!pair.IsEmpty && !IsCmcd(pair) && !IsOurs(pair) && pair is not (AsInterstitial or AsSplice))
                Append(kept, pair);
        }

        return kept.ToString();
    }

    private void AppendOwn(StringBuilder kept)
    {
        // A URI that was written with a bare "?" keeps it, and "a&&b" its empty pair.
        if (Own.IsEmpty && !bare)
            return;
        foreach (var range in Own.Split('&'))
        {
            if (!IsCmcd(Own[range]) && Own[range] is not (AsInterstitial or AsSplice))
                Append(kept, Own[range]);
        }
    }

    private static void Append(StringBuilder kept, ReadOnlySpan<char> pair) => kept.Append(kept.Length == 0 ? '?' : '&').Append(pair);

    private static ReadOnlySpan<char> Find(ReadOnlySpan<char> query, string name)
    {
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            if (pair.StartsWith(name, StringComparison.Ordinal) && (pair.Length == name.Length || pair[name.Length] == '='))
                return pair;
        }

        return [];
    }

    /// <summary>What stands after <c>CMCD=</c> anywhere in the query, as it came; empty when there is none.</summary>
    public static ReadOnlySpan<char> Cmcd(ReadOnlySpan<char> query)
    {
        foreach (var range in query.Split('&'))
        {
            if (IsCmcd(query[range]))
                return query[range]["CMCD=".Length..];
        }

        return [];
    }

    private static bool IsCmcd(ReadOnlySpan<char> pair) => pair.StartsWith("CMCD=", StringComparison.Ordinal);

    /// <summary>Names that we write or read ourselves.</summary>
    public static bool IsOurName(ReadOnlySpan<char> name) => name is SessionName or "duration" or "t" or "e" or "k" or "r" or "s" or "p" or "v" or "CMCD";

    private static bool IsOurs(ReadOnlySpan<char> pair) => pair.IndexOf('=') is > 0 and var equals && IsOurName(pair[..equals]);

    private static int StartOfOurs(ReadOnlySpan<char> query)
    {
        const string Name = SessionName + "=";
        var end = query.Length;
        while (true)
        {
            var at = query[..end].LastIndexOf(Name, StringComparison.Ordinal);
            if (at <= 0 || query[at - 1] == '&')
                return at;
            end = at;
        }
    }
}
