using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace HlsGateway.Counting;

/// <summary>The parameters of the definitions, as the roll-ups are kept with them.</summary>
/// <param name="ViewMs">Watch time that makes a session a view.</param>
/// <param name="BufferMs">The most a player keeps ahead.</param>
internal readonly record struct RollupRules(long ViewMs, long BufferMs);

/// <summary>
/// Keeps sums per video and quarter of an hour as sessions change: what a session gave before its merge is taken away, what it
/// gives now is added, in the same transaction. A session belongs to the quarter in which it began, whenever it is watched, so a
/// report equals the sum over the sessions that a listing of the same time shows.
/// </summary>
internal sealed class Rollups(LedgerFile ledger, RollupRules rules) : IDisposable
{
    private const long Quarter = 15 * 60 * 1000;
    private const int Figures = 10;

    private readonly Statement addVideo = ledger.Prepare("""
        INSERT INTO video_quarter VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
        ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions, impressions = impressions + excluded.impressions, views = views + excluded.views,
            segments_fetched = segments_fetched + excluded.segments_fetched, fetched_ms = fetched_ms + excluded.fetched_ms,
            watch_ms = watch_ms + excluded.watch_ms, watch_low_ms = watch_low_ms + excluded.watch_low_ms,
            trailer_sessions = trailer_sessions + excluded.trailer_sessions, trailer_ms = trailer_ms + excluded.trailer_ms, completed = completed + excluded.completed
        """);

    private readonly Statement addRetention = ledger.Prepare("""
        INSERT INTO retention_quarter VALUES (?,?,?,?,?,?,?)
        ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions, sessions_low = sessions_low + excluded.sessions_low,
            plays = plays + excluded.plays, left_here = left_here + excluded.left_here
        """);

    private readonly Statement addShare = ledger.Prepare("""
        INSERT INTO share_quarter VALUES (?,?,?,?,?,?)
        ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions, watch_ms = watch_ms + excluded.watch_ms
        """);

    private readonly Dictionary<(string Video, long Quarter), long[]> videos = [];
    private readonly Dictionary<(string Video, long Quarter, int Second), Change> seconds = [];
    private readonly Dictionary<(string Video, long Quarter, int Dimension, string Name), (long Sessions, long WatchMs)> shares = [];

    private enum Column
    {
        Sessions,
        Low,
        Plays,
        Left,
    }

    /// <summary>Takes away what the session gave so far.</summary>
    public void Take(SessionState state) => Add(state, -1);

    /// <summary>Adds what the session gives now.</summary>
    public void Give(SessionState state) => Add(state, 1);

    /// <summary>A content segment was handed out, for the first time or again.</summary>
    public void Played(SessionState state, (int Start, int End) window) =>
        Span(state.Video, QuarterOf(state.Session), window.Start, window.End, Column.Plays, 1);

    public void Flush()
    {
        foreach (var (key, sums) in videos)
        {
            if (sums.AsSpan().IndexOfAnyExcept(0L) < 0) continue;
            addVideo.Bind(1, key.Video).Bind(2, key.Quarter);
            for (var i = 0; i < Figures; i++) addVideo.Bind(i + 3, sums[i]);
            addVideo.Run();
        }
        foreach (var (key, change) in seconds)
        {
            if (change == default) continue;
            addRetention.Bind(1, key.Video).Bind(2, key.Quarter).Bind(3, key.Second)
                .Bind(4, change.Sessions).Bind(5, change.Low).Bind(6, change.Plays).Bind(7, change.Left).Run();
        }
        foreach (var (key, sum) in shares)
        {
            if (sum == default) continue;
            addShare.Bind(1, key.Video).Bind(2, key.Quarter).Bind(3, key.Dimension).Bind(4, key.Name).Bind(5, sum.Sessions).Bind(6, sum.WatchMs).Run();
        }
        videos.Clear();
        seconds.Clear();
        shares.Clear();
    }

    public void Dispose()
    {
        addVideo.Dispose();
        addRetention.Dispose();
        addShare.Dispose();
    }

    /// <summary>The quarter of an hour in which a session began, by its UUIDv7.</summary>
    public static long QuarterOf(Guid session)
    {
        Span<byte> bytes = stackalloc byte[16];
        session.TryWriteBytes(bytes, bigEndian: true, out _);
        return (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16) / Quarter * Quarter;
    }

    /// <summary>The seconds whose middle lies in [start, end): neighbouring segments cover each second once.</summary>
    public static (int First, int End) Seconds(int startMs, int endMs) => ((int)((startMs + 499L) / 1000), (int)((endMs + 499L) / 1000));

    private void Add(SessionState state, int sign)
    {
        // A session that is not in the ledger yet gave nothing.
        if (state.Requests == 0) return;
        var quarter = QuarterOf(state.Session);
        var low = state.Low(rules.BufferMs);
        ref var sums = ref CollectionsMarshal.GetValueRefOrAddDefault(videos, (state.Video, quarter), out _);
        sums ??= new long[Figures];
        ReadOnlySpan<long> figures =
        [
            1, state.Started ? 1 : 0, IsView(state) ? 1 : 0, state.SegmentsFetched, state.FetchedMs, state.Watched.Length, low.Length,
            state.TrailerWatched.Length > 0 ? 1 : 0, state.TrailerWatched.Length, SessionState.IsCompleted(state.Watched.Length, state.ContentMs) ? 1 : 0,
        ];
        for (var i = 0; i < Figures; i++) sums[i] += sign * figures[i];

        foreach (var (start, end) in state.Watched.Intervals) Span(state.Video, quarter, start, end, Column.Sessions, sign);
        foreach (var (start, end) in low.Intervals) Span(state.Video, quarter, start, end, Column.Low, sign);
        if (state.Watched.End > 0) At(state.Video, quarter, (state.Watched.End - 1) / 1000, Column.Left, sign);

        foreach (var name in state.Renditions) Share(state, quarter, 1, name, sign);
        foreach (var name in state.Captions) Share(state, quarter, 2, name, sign);
        Share(state, quarter, 3, state.Player.ToString(), sign);
        if (state.Trailer != 0) Share(state, quarter, 4, state.Trailer.ToString("x8", System.Globalization.CultureInfo.InvariantCulture), sign);
    }

    private bool IsView(SessionState state) => state.Watched.Length > 0 && state.Watched.Length >= rules.ViewMs;

    private void Share(SessionState state, long quarter, int dimension, string name, int sign)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(shares, (state.Video, quarter, dimension, name), out _);
        sum = (sum.Sessions + sign, sum.WatchMs + (sign * state.Watched.Length));
    }

    private void Span(string video, long quarter, int start, int end, Column column, int sign)
    {
        var (first, last) = Seconds(start, end);
        if (first == last) return;
        At(video, quarter, first, column, sign);
        At(video, quarter, last, column, -sign);
    }

    private void At(string video, long quarter, int second, Column column, int sign)
    {
        ref var change = ref CollectionsMarshal.GetValueRefOrAddDefault(seconds, (video, quarter, second), out _);
        switch (column)
        {
            case Column.Sessions: change.Sessions += sign; break;
            case Column.Low: change.Low += sign; break;
            case Column.Plays: change.Plays += sign; break;
            default: change.Left += sign; break;
        }
    }

    private record struct Change(int Sessions, int Low, int Plays, int Left);
}
