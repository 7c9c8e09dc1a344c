namespace HlsGateway.Counting;

/// <summary>What a request did to its session.</summary>
internal enum Effect : byte
{
    /// <summary>The session began.</summary>
    Began = 1,

    /// <summary>A content segment, of which at least a part was not handed out before.</summary>
    Watched = 2,

    /// <summary>The same segment again: fetched seconds grow, watch-seconds do not.</summary>
    Repeat = 3,

    /// <summary>Another Rendition of media time that was handed out before: fetched seconds grow, watch-seconds do not.</summary>
    OtherRendition = 4,
    Audio = 5,
    Trailer = 6,
    Caption = 7,
    IFrame = 8,
    Other = 9,
    Head = 10,
    ForgedDuration = 11,
    Expired = 12,
    ForgedSession = 13,
    Preview = 14,

    /// <summary>An event report: tells where the player was.</summary>
    Report = 15,

    /// <summary>A segment that was asked for by another range before: adds nothing.</summary>
    Range = 16,

    /// <summary>A segment of a playlist that slides: fetched figures grow, watch-seconds do not.</summary>
    Live = 17,
}

/// <summary>How a request changed which segments count as handed out.</summary>
/// <param name="Counts">The request's own segment counts, once more or for the first time.</param>
/// <param name="Displaced">Media time of another one that no longer counts, because there are too many.</param>
internal readonly record struct Handout(bool Counts, (int Start, int End)? Displaced);

/// <summary>
/// The definitions of what is counted for one session (docs/metrics.md has the same in words). Every figure is a function of the
/// set of requests alone, never of their order, so several gateways may report one session late and mixed.
/// </summary>
internal sealed class SessionState
{
    public required Guid Session { get; init; }

    public required string Video { get; init; }

    /// <summary>Unix ms of the earliest and latest counted request; 0 when none was counted.</summary>
    public long FirstAt { get; set; }

    public long LastAt { get; set; }

    /// <summary>The Master Playlist was answered: an impression.</summary>
    public bool Started { get; set; }

    /// <summary>Content segments handed out, repeats included; of those asked for with a Range each once (rule H2).</summary>
    public long SegmentsFetched { get; set; }

    /// <summary>Sum of the signed durations of these.</summary>
    public long FetchedMs { get; set; }

    /// <summary>Media time of the content handed out at least once.</summary>
    public IntervalSet Watched { get; set; } = new();

    /// <summary>Media time of the content handed out at least twice.</summary>
    public IntervalSet Again { get; set; } = new();

    /// <summary>Media time of the trailer handed out at least once.</summary>
    public IntervalSet TrailerWatched { get; set; } = new();

    /// <summary>Length of the content as its playlist told when the session was last merged; 0 = unknown.</summary>
    public long ContentMs { get; set; }

    /// <summary>What of the content was proven played (<see cref="Proof"/>) when the session was last merged.</summary>
    public long WatchLowMs { get; set; }

    /// <summary>What of the trailer was proven played when the session was last merged.</summary>
    public long TrailerLowMs { get; set; }

    /// <summary>Whether it was a view when it was last merged.</summary>
    public bool IsView { get; set; }

    /// <summary>Whether it was proven to be a view when it was last merged.</summary>
    public bool IsViewLow { get; set; }

    /// <summary>The sums hold its lower bounds (<see cref="Figure.IsLater"/>); false for a session that an older version merged last.</summary>
    public bool LowGiven { get; set; }

    public uint Trailer { get; set; }

    public PlayerFamily Player { get; set; }

    public NameSet Renditions { get; set; } = new();

    public NameSet Captions { get; set; } = new();

    /// <summary>Requests of every kind that named this session, counted or not.</summary>
    public long Requests { get; set; }

    /// <summary>Content segments that added no watch time.</summary>
    public long Repeats { get; set; }

    /// <summary>Further ranges of segments that count already.</summary>
    public long IgnoredRanges { get; set; }

    public long IgnoredHead { get; set; }

    public long IgnoredForged { get; set; }

    public long IgnoredExpired { get; set; }

    /// <summary>Content segments asked for with a Range.</summary>
    public SegmentSet Ranged { get; set; } = new();

    /// <summary>Some segment was of a playlist that slides: fetched only, for it has no timeline to be watched on.</summary>
    public bool Live { get; set; }

    /// <summary>The embedded ledger holds a row of it.</summary>
    public bool IsWritten { get; set; }

    /// <summary>It came into the ledger so long after it began that it may have been there before, empty, and have expired.</summary>
    public bool Resumed { get; set; }

    /// <summary>The sums count it as a session: once, even where it expired and its requests came late.</summary>
    public bool IsCounted => Started || !Resumed;

    /// <summary>What the player told of itself (CMCD).</summary>
    public CmcdSummary Cmcd { get; set; } = new();

    /// <summary>Where the player was, as it says; empty unless it reports its buffer.</summary>
    public Playheads Playheads { get; set; } = new();

    /// <summary>What the player reported of its playing; empty unless its page sends event reports.</summary>
    public PlayReports Reports { get; set; } = new();

    /// <summary>Bytes in memory, about.</summary>
    public long Weight => 1200 + (8 * (Watched.Intervals.Count + Again.Intervals.Count + TrailerWatched.Intervals.Count)) + (12 * Ranged.Count) + (90 * (Playheads.Count + Reports.Count))
        + (100 * (Renditions.Count + Captions.Count));

    /// <summary>What the lower bounds rest on: event reports say more than buffers, and buffers more than requests.</summary>
    public Basis Basis => !Reports.IsEmpty ? Basis.Measured : !Playheads.IsEmpty ? Basis.Buffered : Basis.Fetched;

    /// <summary>The content but for its last second: handed out, or proven played. False while the content's length is unknown.</summary>
    public static bool IsCompleted(long watchMs, long contentMs) => contentMs > 0 && watchMs > 0 && watchMs >= contentMs - 1000;

    /// <summary>Adds one request. <see cref="HitRule.Preview"/> and nameless requests are not for sessions and must not come here.</summary>
    public Handout Apply(in Hit hit)
    {
        Requests++;
        switch (hit.Rule)
        {
            case HitRule.Counted:
                break;
            case HitRule.Head:
                IgnoredHead++;
                return default;
            case HitRule.ForgedDuration or HitRule.ForgedSession:
                IgnoredForged++;
                return default;
            default:
                IgnoredExpired++;
                return default;
        }

        FirstAt = FirstAt == 0 ? hit.AtMs : Math.Min(FirstAt, hit.AtMs);
        LastAt = Math.Max(LastAt, hit.AtMs);
        if (hit.Trailer != 0)
            Trailer = hit.Trailer;
        if (hit.Player > Player)
            Player = hit.Player;
        if (hit.Cmcd is { } told)
            Cmcd.Add(told);
        if (Playhead.Of(in hit) is { } playhead)
            Playheads.Add(playhead);
        if (PlayReport.Of(in hit) is { } report)
            Reports.Add(report);
        var (start, end) = Window(in hit);
        switch (hit.Kind)
        {
            case HitKind.SessionStart:
                Started = true;
                break;
            case HitKind.Content or HitKind.Live:
                Renditions.Add(RenditionOf(hit.Path));
                return Fetch(in hit, start, end);
            case HitKind.Trailer:
                TrailerWatched.Add(start, end);
                break;
            case HitKind.Caption:
                Captions.Add(CaptionLanguage(hit.Path));
                break;
            default:
                break;
        }
        return default;
    }

    /// <summary>Adds what another ledger counted of the same session.</summary>
    public void Add(SessionState other)
    {
        Requests += other.Requests;
        FirstAt = FirstAt == 0 || other.FirstAt == 0 ? Math.Max(FirstAt, other.FirstAt) : Math.Min(FirstAt, other.FirstAt);
        LastAt = Math.Max(LastAt, other.LastAt);
        Started |= other.Started;
        Live |= other.Live;
        Resumed &= other.Resumed;
        Trailer = Math.Max(Trailer, other.Trailer);
        Player = Player > other.Player ? Player : other.Player;
        ContentMs = Math.Max(ContentMs, other.ContentMs);
        SegmentsFetched += other.SegmentsFetched;
        FetchedMs += other.FetchedMs;
        Repeats += other.Repeats;
        IgnoredHead += other.IgnoredHead;
        IgnoredForged += other.IgnoredForged;
        IgnoredExpired += other.IgnoredExpired;
        IgnoredRanges += other.IgnoredRanges;
        foreach (var (start, end) in other.Again.AsSpan()) Again.Add(start, end);
        foreach (var (start, end) in other.Watched.AsSpan()) Watched.Add(start, end, Again);
        foreach (var (start, end) in other.TrailerWatched.AsSpan()) TrailerWatched.Add(start, end);
        foreach (var name in other.Renditions) Renditions.Add(name);
        foreach (var name in other.Captions) Captions.Add(name);
        Ranged.Add(other.Ranged);
        Cmcd.Add(other.Cmcd);
        Playheads.Add(other.Playheads);
        Reports.Add(other.Reports);
    }

    /// <summary>
    /// A player that sends Range with each request, or fetches one segment in several ranges, has fetched it once; without a Range each
    /// request is a fetch of the whole.
    /// </summary>
    private Handout Fetch(in Hit hit, int start, int end)
    {
        (int Start, int End)? displaced = null;
        var counts = !hit.Ranged || Ranged.Add(in hit, out displaced);
        if (displaced is { } other)
        {
            SegmentsFetched--;
            FetchedMs -= other.End - other.Start;
            IgnoredRanges++;
        }
        if (counts)
        {
            SegmentsFetched++;
            FetchedMs += end - start;
        }
        else
        {
            IgnoredRanges++;
        }

        if (hit.Kind == HitKind.Live)
        {
            Live = true;
        }
        else if (counts)
        {
            if (Watched.Add(start, end, Again) == 0)
                Repeats++;
        }
        else
        {
            Watched.Add(start, end);
        }
        return new(counts, displaced);
    }

    /// <summary>The media time of a request as [start, end), kept within what a timeline can hold.</summary>
    public static (int Start, int End) Window(in Hit hit)
    {
        var start = Math.Max(0, hit.StartMs);
        return (start, (int)Math.Min(int.MaxValue, (long)start + Math.Max(0, hit.DurationMs)));
    }

    /// <summary>Names a Rendition by its folder (<c>720p/video0.ts</c>: <c>720p</c>), or by the file's name without its number and extension.</summary>
    public static string Rendition(string path) => RenditionOf(path).ToString();

    private static ReadOnlySpan<char> RenditionOf(ReadOnlySpan<char> path)
    {
        var slash = path.LastIndexOf('/');
        if (slash > 0)
            return path[..slash];
        var name = path[(slash + 1)..];
        if (name.LastIndexOf('.') is > 0 and var dot)
            name = name[..dot];
        var stem = name.TrimEnd("0123456789").TrimEnd("-_.");
        return stem.IsEmpty ? name : stem;
    }

    /// <summary><c>subtitles/de/{version}/3.vtt</c>: <c>de</c>; other captions by their folder.</summary>
    private static ReadOnlySpan<char> CaptionLanguage(ReadOnlySpan<char> path)
    {
        const string Folder = "subtitles/";
        if (!path.StartsWith(Folder, StringComparison.Ordinal))
            return RenditionOf(path);
        var language = path[Folder.Length..];
        return language.IndexOf('/') is >= 0 and var end ? language[..end] : language;
    }
}
