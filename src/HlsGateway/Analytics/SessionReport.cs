using System.ComponentModel;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>One session, as the API tells it. Times are UTC; the words are those of docs/metrics.md.</summary>
internal sealed record SessionReport
{
    public required Guid SessionId { get; init; }

    public required string Video { get; init; }

    [Description("When the Master Playlist was answered; it is part of the session's id.")]
    public required DateTime StartedAt { get; init; }

    [Description("First counted request.")]
    public required DateTime? FirstAt { get; init; }

    [Description("Last counted request.")]
    public required DateTime? LastAt { get; init; }

    [Description("Content segments handed out, repeats included; of those asked for with a Range each once.")]
    public required long SegmentsFetched { get; init; }

    [Description("Sum of the signed durations of the content segments handed out, repeats included.")]
    public required double SecondsFetched { get; init; }

    [Description("Distinct media time of the content that was handed out: repeats, quality switches and seeks back add nothing. The upper bound of what was watched.")]
    public required double WatchSeconds { get; init; }

    [Description("What must have been played: where the page sends event reports (CMCD version 2), the media time between reports of a player that plays; where the player tells its buffer (CMCD bl), that between its playheads; otherwise watch_seconds less what may still have been in the buffer. The lower bound.")]
    public required double WatchSecondsLow { get; init; }

    [Description("What the lower bounds rest on: measured (the page sends event reports), buffered (the player tells its buffer) or fetched (only requests).")]
    public required Basis Basis { get; init; }

    [Description("Distinct media time of the trailer that was handed out. The upper bound of what was watched.")]
    public required double TrailerSeconds { get; init; }

    [Description("What of the trailer must have been played. The lower bound.")]
    public required double TrailerSecondsLow { get; init; }

    [Description("Everything but the last second of the content was handed out.")]
    public required bool Completed { get; init; }

    [Description("Everything but the last second of the content must have been played.")]
    public required bool CompletedLow { get; init; }

    [Description("At least Analytics:ViewSeconds were handed out.")]
    public required bool View { get; init; }

    [Description("At least Analytics:ViewSeconds must have been played.")]
    public required bool ViewLow { get; init; }

    [Description("Segments were of a live playlist: its window slides and has no timeline, so they are in segments_fetched and seconds_fetched alone.")]
    public required bool Live { get; init; }

    [Description("Length of the content; null while unknown.")]
    public required double? ContentSeconds { get; init; }

    public required IReadOnlyCollection<string> Renditions { get; init; }

    [Description("Languages of the captions that were fetched.")]
    public required IReadOnlyCollection<string> Captions { get; init; }

    [Description("First eight hexadecimal digits of the pinned trailer's hash; null without a trailer.")]
    public required string? TrailerVersion { get; init; }

    public required PlayerFamily Player { get; init; }

    public required IgnoredRequests Ignored { get; init; }

    [Description("What the player told of itself (CMCD, CTA-5004); null when it told nothing.")]
    public required CmcdReport? Cmcd { get; init; }

    [Description("Per second of the content, as runs of count and letter: _ never fetched, f fetched, w proven played, W fetched more than once.")]
    public required string Strip { get; init; }

    [Description("Seconds that one unit of the strip's counts stands for: 1, or more where the strip would pass 200 characters.")]
    public required int StripUnitSeconds { get; init; }

    [Description("Only for a single session: how its lower bounds came about.")]
    public LowExplanation? Low { get; init; }

    [Description("Only for a single session: each request and the rule that counted or ignored it.")]
    public IReadOnlyList<TraceEntry>? Trace { get; init; }

    [Description("The trace leaves out requests: those beyond Ledger:TraceLimit, or older than Ledger:EventRetention.")]
    public bool? TraceComplete { get; init; }

    [Description("Everything up to this time is counted in.")]
    public DateTime? AsOf { get; init; }

    /// <param name="draws">false: without the strip, which costs more than all the rest.</param>
    public static SessionReport Of(SessionState state, long contentMs, AnalyticsOptions options, bool draws = true)
    {
        var buffer = (long)options.PlayerBuffer.TotalMilliseconds;
        var proof = Proof.Of(state, buffer);
        var low = proof.Content;
        var (strip, unit) = draws ? Analytics.Strip.Draw(state.Watched, state.Again, low, contentMs) : ("", 1);
        return new SessionReport
        {
            SessionId = state.Session,
            Video = state.Video,
            StartedAt = SessionIds.StartOf(state.Session),
            FirstAt = Time(state.FirstAt),
            LastAt = Time(state.LastAt),
            SegmentsFetched = state.SegmentsFetched,
            SecondsFetched = state.FetchedMs / 1000.0,
            WatchSeconds = state.Watched.Length / 1000.0,
            WatchSecondsLow = low.Length / 1000.0,
            Basis = proof.Basis,
            TrailerSeconds = state.TrailerWatched.Length / 1000.0,
            TrailerSecondsLow = proof.Trailer.Length / 1000.0,
            Completed = SessionState.IsCompleted(state.Watched.Length, state.ContentMs),
            CompletedLow = SessionState.IsCompleted(low.Length, state.ContentMs),
            View = IsView(state.Watched),
            ViewLow = IsView(low),
            Live = state.Live,
            ContentSeconds = contentMs > 0 ? contentMs / 1000.0 : null,
            Renditions = state.Renditions,
            Captions = state.Captions,
            TrailerVersion = state.Trailer == 0 ? null : state.Trailer.ToString("x8", System.Globalization.CultureInfo.InvariantCulture),
            Player = state.Player,
            Ignored = new IgnoredRequests(state.IgnoredHead, state.Repeats, state.IgnoredForged, state.IgnoredExpired, state.IgnoredRanges),
            Cmcd = CmcdReport.Of(state.Cmcd),
            Strip = strip,
            StripUnitSeconds = unit,
        };

        bool IsView(IntervalSet watched) => watched.Length >= options.ViewSeconds * 1000 && watched.Length > 0;
    }

    private static DateTime? Time(long ms) => ms == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;
}

/// <summary>Requests that added no watch-seconds, by rule.</summary>
/// <param name="Head">HEAD.</param>
/// <param name="Repeats">Content segments whose media time was handed out before: they add to the fetched figures only.</param>
/// <param name="ForgedDuration">The duration, start, end or path did not carry our signature.</param>
/// <param name="Expired">The session was past its lifetime.</param>
/// <param name="Ranges">Further ranges of segments that count already.</param>
internal sealed record IgnoredRequests(long Head, long Repeats, long ForgedDuration, long Expired, long Ranges);

/// <summary>What a player told of itself over a session, unsigned.</summary>
/// <param name="Sid">The player's own name for the session; null when it gave none.</param>
/// <param name="Reports">Counted requests that told anything.</param>
/// <param name="Starved">Requests before which the buffer had run empty.</param>
/// <param name="ThroughputKbps">Mean of the measured throughputs, kbit/s; null when none was told.</param>
/// <param name="StreamType">v on demand, l live, ll live of low latency; null when it was not told.</param>
internal sealed record CmcdReport(string? Sid, long Reports, long Starved, double? ThroughputKbps, string? StreamType)
{
    public static CmcdReport? Of(CmcdSummary told) => told.Reports == 0 ? null : new(
        told.Sid.Length > 0 ? told.Sid : null, told.Reports, told.Starved,
        told.Throughputs > 0 ? Math.Round((double)told.ThroughputSum / told.Throughputs, 1) : null, told.StreamType.Length > 0 ? told.StreamType : null);
}

/// <summary>One request of a session.</summary>
/// <param name="Counted">Whether it added to any figure of the session.</param>
/// <param name="Rule">Stable name of the rule.</param>
/// <param name="Why">The rule in words.</param>
/// <param name="AddedWatchSeconds">What it added to watch_seconds.</param>
/// <param name="Cmcd">The kept keys of what the player told with it (bl, bs, mtp, pr, sid, st, su; of an event report e, pr, pt, sid, sta, ts), as CTA-5004 writes them; null for none.</param>
internal sealed record TraceEntry(
    DateTime At, HitKind Kind, string Path, double StartSeconds, double DurationSeconds, bool Counted, Effect Rule, string Why, double AddedWatchSeconds, string? Cmcd);

/// <summary>Paged: give the cursor back to get what follows.</summary>
/// <param name="NextCursor">Null on the last page.</param>
/// <param name="AsOf">Everything up to this time is counted in.</param>
internal sealed record SessionPage(IReadOnlyList<SessionReport> Sessions, string? NextCursor, DateTime AsOf);
