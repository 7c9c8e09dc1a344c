using System.Runtime.InteropServices;

namespace HlsGateway.Counting;

/// <summary>Adds changed sums to the ledger, within the writer's transaction.</summary>
internal sealed class Rollups(LedgerFile ledger) : IDisposable
{
    /// <summary>Of UTC, milliseconds.</summary>
    private const long Day = 86_400_000;

    private readonly Statement addVideo = ledger.Prepare(Adding("video_quarter", "video, quarter"));
    private readonly Statement addDay = ledger.Prepare(Adding("video_date", "video, day"));
    private readonly Statement addTotal = ledger.Prepare(Adding("total_quarter", "quarter"));

    private readonly Statement addTotalShare = ledger.Prepare("""
        INSERT INTO total_share(quarter, dimension, name, sessions, watch_ms, watch_low_ms) VALUES (?,?,?,?,?,?)
        ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions, watch_ms = watch_ms + excluded.watch_ms, watch_low_ms = watch_low_ms + excluded.watch_low_ms
        """);

    private readonly Dictionary<(string Video, long Day), long[]> days = [];
    private readonly Dictionary<long, long[]> totals = [];
    private readonly Dictionary<(long Quarter, int Dimension, string Name), RollupSums.ShareSum> totalShares = [];

    private readonly Statement addRetention = ledger.Prepare("""
        INSERT INTO retention_quarter(video, quarter, second, sessions, sessions_low, plays, left_here, left_low) VALUES (?,?,?,?,?,?,?,?)
        ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions, sessions_low = sessions_low + excluded.sessions_low,
            plays = plays + excluded.plays, left_here = left_here + excluded.left_here, left_low = left_low + excluded.left_low
        """);

    private readonly Statement addShare = ledger.Prepare("""
        INSERT INTO share_quarter(video, quarter, dimension, name, sessions, watch_ms, watch_low_ms) VALUES (?,?,?,?,?,?,?)
        ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions, watch_ms = watch_ms + excluded.watch_ms, watch_low_ms = watch_low_ms + excluded.watch_low_ms
        """);

    public void Write(RollupSums changed)
    {
        // A write that failed may have left something.
        days.Clear();
        totals.Clear();
        totalShares.Clear();
        foreach (var (key, sums) in changed.Videos)
        {
            Run(addVideo.Bind(1, key.Video).Bind(2, key.Quarter), 3, sums);
            Add(ref CollectionsMarshal.GetValueRefOrAddDefault(days, (key.Video, key.Quarter / Day * Day), out _), sums);
            Add(ref CollectionsMarshal.GetValueRefOrAddDefault(totals, key.Quarter, out _), sums);
        }
        foreach (var (key, sums) in days) Run(addDay.Bind(1, key.Video).Bind(2, key.Day), 3, sums);
        foreach (var (quarter, sums) in totals) Run(addTotal.Bind(1, quarter), 2, sums);
        foreach (var (key, change) in changed.Retention)
        {
            addRetention.Bind(1, key.Video).Bind(2, key.Quarter).Bind(3, key.Second)
                .Bind(4, change.Sessions).Bind(5, change.Low).Bind(6, change.Plays).Bind(7, change.Left).Bind(8, change.LeftLow).Run();
        }
        foreach (var (key, sum) in changed.Shares)
        {
            addShare.Bind(1, key.Video).Bind(2, key.Quarter).Bind(3, key.Dimension).Bind(4, key.Name)
                .Bind(5, sum.Sessions).Bind(6, sum.WatchMs).Bind(7, sum.WatchLowMs).Run();
            ref var all = ref CollectionsMarshal.GetValueRefOrAddDefault(totalShares, (key.Quarter, key.Dimension, key.Name), out _);
            all = new RollupSums.ShareSum(all.Sessions + sum.Sessions, all.WatchMs + sum.WatchMs, all.WatchLowMs + sum.WatchLowMs);
        }
        foreach (var (key, sum) in totalShares)
            addTotalShare.Bind(1, key.Quarter).Bind(2, key.Dimension).Bind(3, key.Name).Bind(4, sum.Sessions).Bind(5, sum.WatchMs).Bind(6, sum.WatchLowMs).Run();
    }

    private static string Adding(string table, string key) => $"""
        INSERT INTO {table}({key}, {string.Join(", ", Figure.All.Select(figure => figure.Column))}) VALUES ({string.Concat(key.Where(letter => letter == ',').Select(_ => "?,"))}?{string.Concat(Figure.All.Select(_ => ",?"))})
        ON CONFLICT DO UPDATE SET {string.Join(", ", Figure.All.Select(figure => $"{figure.Column} = {figure.Column} + excluded.{figure.Column}"))}
        """;

    private static void Run(Statement statement, int first, long[] sums)
    {
        for (var i = 0; i < sums.Length; i++) statement.Bind(first + i, sums[i]);
        statement.Run();
    }

    private static void Add(ref long[]? all, long[] more)
    {
        all ??= new long[more.Length];
        for (var i = 0; i < more.Length; i++) all[i] += more[i];
    }

    public void Dispose()
    {
        addVideo.Dispose();
        addDay.Dispose();
        addTotal.Dispose();
        addTotalShare.Dispose();
        addRetention.Dispose();
        addShare.Dispose();
    }
}
