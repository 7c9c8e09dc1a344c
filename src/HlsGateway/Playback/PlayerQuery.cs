namespace HlsGateway.Playback;

/// <summary>
/// Our parameters in a player's query. We write them as one run that begins with <c>session_id</c>, after the URI's own query,
/// so everything before the last <c>session_id</c> is the origin's and is passed on byte for byte; what a player or proxy
/// appended after the run is passed on too, except CMCD.
/// </summary>
public readonly ref struct PlayerQuery
{
    public const string SessionName = "session_id";

    /// <summary>How a player asks of a Master Playlist that its trailer be an HLS interstitial, or spliced in.</summary>
    private const string AsInterstitial = "trailer=interstitial";
    private const string AsSplice = "trailer=stitched";

    private readonly ReadOnlySpan<char> own;
    private readonly ReadOnlySpan<char> ours;

    /// <param name="query">What follows the <c>?</c>; empty when there is none.</param>
    public PlayerQuery(ReadOnlySpan<char> query)
    {
        var start = StartOfOurs(query);
        own = start < 0 ? query : query[..Math.Max(0, start - 1)];
        ours = start < 0 ? [] : query[start..];
        foreach (var range in ours.Split('&'))
        {
            var pair = ours[range];
            var equals = pair.IndexOf('=');
            if (equals < 0)
                continue;
            var value = pair[(equals + 1)..];
            switch (pair[..equals])
            {
                case SessionName: Session = value; break;
                case "duration": Duration = value; break;
                case "t": Start = value; break;
                case "e": End = value; break;
                case "k": Kind = value; break;
                case "s": Signature = value; break;
                case "p": Profile = value; break;
                case "v": CaptionSource = value; break;
                default: break;
            }
        }
    }

    public ReadOnlySpan<char> Session { get; }

    /// <summary>Seconds, decimal.</summary>
    public ReadOnlySpan<char> Duration { get; }

    /// <summary>Milliseconds on the content's timeline.</summary>
    public ReadOnlySpan<char> Start { get; }

    /// <summary>Milliseconds on the content's timeline; empty where start and rounded duration lead to it.</summary>
    public ReadOnlySpan<char> End { get; }

    /// <summary>Empty for a Variant Stream's segment; otherwise <c>a</c>, <c>c</c> or <c>i</c>.</summary>
    public ReadOnlySpan<char> Kind { get; }

    public ReadOnlySpan<char> Signature { get; }

    /// <summary>Child playlists: the role of the Rendition and the trailer copy it gets.</summary>
    public ReadOnlySpan<char> Profile { get; }

    /// <summary>Caption playlists: the Master Playlist they belong to, where its name does not tell.</summary>
    public ReadOnlySpan<char> CaptionSource { get; }

    /// <summary>What a player asks of the trailer; null when it asks for nothing.</summary>
    public bool? Interstitial
    {
        get
        {
            foreach (var range in own.Split('&'))
            {
                if (own[range] is AsInterstitial or AsSplice)
                    return own[range] is AsInterstitial;
            }

            return null;
        }
    }

    /// <summary>The query without our parameters and without CMCD, with its <c>?</c>; empty when nothing is left.</summary>
    public string Foreign()
    {
        if (own.IsEmpty && ours.IsEmpty)
            return "";

        var kept = new System.Text.StringBuilder();
        foreach (var range in own.Split('&'))
        {
            // A player that was given a bare query ("?" alone or "a&&b") gets the same bytes passed on.
            if (!IsCmcd(own[range]) && !own.IsEmpty && own[range] is not (AsInterstitial or AsSplice))
                kept.Append(kept.Length == 0 ? '?' : '&').Append(own[range]);
        }

        foreach (var range in ours.Split('&'))
        {
            var pair = ours[range];
            if (!pair.IsEmpty && !IsCmcd(pair) && !IsOurs(pair) && pair is not (AsInterstitial or AsSplice))
                kept.Append(kept.Length == 0 ? '?' : '&').Append(pair);
        }

        return kept.ToString();
    }

    /// <summary>What stands after <c>CMCD=</c> anywhere in the query, as it came; empty when there is none.</summary>
    public static ReadOnlySpan<char> Cmcd(ReadOnlySpan<char> query)
    {
        foreach (var range in query.Split('&'))
        {
            if (IsCmcd(query[range])) return query[range]["CMCD=".Length..];
        }

        return [];
    }

    private static bool IsCmcd(ReadOnlySpan<char> pair) => pair.StartsWith("CMCD=", StringComparison.Ordinal);

    private static bool IsOurs(ReadOnlySpan<char> pair)
    {
        var equals = pair.IndexOf('=');
        return equals > 0 && pair[..equals] is SessionName or "duration" or "t" or "e" or "k" or "s" or "p" or "v";
    }

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
