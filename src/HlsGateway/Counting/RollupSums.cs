using System.Runtime.InteropServices;

namespace HlsGateway.Counting;

/// <summary>The parameters of the definitions, as the roll-ups are kept with them.</summary>
/// <param name="ViewMs">Watch time that makes a session a view.</param>
/// <param name="BufferMs">The most a player keeps ahead.</param>
internal readonly record struct RollupRules(long ViewMs, long BufferMs);

/// <summary>
/// Sums per video and quarter of an hour as sessions change: what a session gave before its merge is taken away, what it gives now
/// is added. A session belongs to the quarter in which it began, whenever it is watched, so a report equals the sum over the
/// sessions that a listing of the same time shows. Does not depend on the database.
/// </summary>
internal sealed class RollupSums(RollupRules rules)
{
    private const long Quarter = 15 * 60 * 1000;

    private readonly Dictionary<(string Video, long Quarter), long[]> videos = [];
    private readonly Dictionary<(string Video, long Quarter, int Second), Change> seconds = [];
    private readonly Dictionary<(string Video, long Quarter, int Dimension, string Name), ShareSum> shares = [];

    private (uint Version, string Name) lastTrailer = (0, "");

    private enum Column
    {
        Sessions,
        Low,
        Plays,
        Left,
        LeftLow,
    }

    /// <summary>Takes away what the session gave so far.</summary>
    public void Take(SessionState state) => Add(state, -1);

    /// <summary>Adds what the session gives now, and notes its lower bounds and whether it is a view.</summary>
    public void Give(SessionState state)
    {
        var gift = Add(state, 1);
        (state.WatchLowMs, state.TrailerLowMs, state.IsView, state.IsViewLow, state.LowGiven) = (gift.LowMs, gift.TrailerLowMs, gift.IsView, gift.IsViewLow, true);
    }

    /// <summary>A content segment was handed out, for the first time or again; or no longer counts as handed out.</summary>
    /// <param name="sign">1 or -1.</param>
    public void Played(SessionState state, (int Start, int End) window, int sign) =>
        Span(state.Video, QuarterOf(state.Session), window.Start, window.End, Column.Plays, sign);

    /// <summary>What changed: the figures of <c>video_quarter</c>, in the order of <see cref="Figure.All"/>.</summary>
    public IEnumerable<((string Video, long Quarter) Key, long[] Sums)> Videos =>
        from pair in videos where pair.Value.AsSpan().IndexOfAnyExcept(0L) >= 0 select (pair.Key, pair.Value);

    public IEnumerable<((string Video, long Quarter, int Second) Key, Change Change)> Retention => from pair in seconds where pair.Value != default select (pair.Key, pair.Value);

    public IEnumerable<((string Video, long Quarter, int Dimension, string Name) Key, ShareSum Sum)> Shares =>
        from pair in shares where pair.Value != default select (pair.Key, pair.Value);

    public void Clear()
    {
        videos.Clear();
        seconds.Clear();
        shares.Clear();
    }

    /// <summary>The quarter of an hour in which a session began, by its UUIDv7.</summary>
    public static long QuarterOf(Guid session) => Uuid7.UnixMs(session) / Quarter * Quarter;

    /// <summary>The seconds whose middle lies in [start, end): neighbouring segments cover each second once.</summary>
    public static (int First, int End) Seconds(long startMs, long endMs) => ((int)((startMs + 499) / 1000), (int)((endMs + 499) / 1000));

    private SessionGift Add(SessionState state, int sign)
    {
        // A session that is not in the ledger yet gave nothing.
        if (state.Requests == 0)
            return default;
        // What an older version merged gave no lower bounds, so none are taken away.
        var withLater = sign > 0 || state.LowGiven;
        var quarter = QuarterOf(state.Session);
        var proof = Proof.Of(state, rules.BufferMs);
        var low = proof.Content;
        ref var sums = ref CollectionsMarshal.GetValueRefOrAddDefault(videos, (state.Video, quarter), out _);
        sums ??= new long[Figure.All.Length];
        var gift = new SessionGift(state, low.Length, proof.Trailer.Length, IsView(state.Watched.Length), IsView(low.Length));
        foreach (var figure in Figure.All)
        {
            if (withLater || !figure.IsLater)
                sums[figure.Index] += sign * figure.Of(gift);
        }

        foreach (var (start, end) in state.Watched.AsSpan()) Span(state.Video, quarter, start, end, Column.Sessions, sign);
        foreach (var (start, end) in low.AsSpan()) Span(state.Video, quarter, start, end, Column.Low, sign);
        if (Seconds(0, state.Watched.End).End is > 0 and var seconds)
            At(state.Video, quarter, seconds - 1, Column.Left, sign);
        if (withLater && Seconds(0, low.End).End is > 0 and var proven)
            At(state.Video, quarter, proven - 1, Column.LeftLow, sign);

        var share = new ShareSum(sign, sign * state.Watched.Length, withLater ? sign * low.Length : 0);
        foreach (var name in state.Renditions) Share(state, quarter, 1, name, share);
        foreach (var name in state.Captions) Share(state, quarter, 2, name, share);
        if (!state.IsCounted)
            share = share with { Sessions = 0 };
        Share(state, quarter, 3, PlayerFamilies.Name(state.Player), share);
        if (state.Trailer != 0)
            Share(state, quarter, 4, TrailerName(state.Trailer), share);
        return gift;
    }

    /// <summary>Sessions that follow each other mostly have the same trailer.</summary>
    private string TrailerName(uint trailer)
    {
        if (lastTrailer.Version != trailer)
            lastTrailer = (trailer, trailer.ToString("x8", System.Globalization.CultureInfo.InvariantCulture));
        return lastTrailer.Name;
    }

    private bool IsView(long watchMs) => watchMs > 0 && watchMs >= rules.ViewMs;

    private void Share(SessionState state, long quarter, int dimension, string name, ShareSum more)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(shares, (state.Video, quarter, dimension, name), out _);
        sum = new ShareSum(sum.Sessions + more.Sessions, sum.WatchMs + more.WatchMs, sum.WatchLowMs + more.WatchLowMs);
    }

    private void Span(string video, long quarter, int start, int end, Column column, int sign)
    {
        var (first, last) = Seconds(start, end);
        if (first == last)
            return;
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
            case Column.Left: change.Left += sign; break;
            default: change.LeftLow += sign; break;
        }
    }

    internal record struct Change(int Sessions, int Low, int Plays, int Left, int LeftLow);

    internal readonly record struct ShareSum(long Sessions, long WatchMs, long WatchLowMs);
}
