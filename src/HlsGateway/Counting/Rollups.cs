namespace HlsGateway.Counting;

/// <summary>Adds changed sums to the ledger, within the writer's transaction.</summary>
internal sealed class Rollups(LedgerFile ledger) : IDisposable
{
    private readonly Statement addVideo = ledger.Prepare($"""
        INSERT INTO video_quarter(video, quarter, {string.Join(", ", Figure.All.Select(figure => figure.Column))}) VALUES (?,?{string.Concat(Figure.All.Select(_ => ",?"))})
        ON CONFLICT DO UPDATE SET {string.Join(", ", Figure.All.Select(figure => $"{figure.Column} = {figure.Column} + excluded.{figure.Column}"))}
        """);

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
        foreach (var (key, sums) in changed.Videos)
        {
            addVideo.Bind(1, key.Video).Bind(2, key.Quarter);
            foreach (var figure in Figure.All) addVideo.Bind(figure.Index + 3, sums[figure.Index]);
            addVideo.Run();
        }
        foreach (var (key, change) in changed.Retention)
        {
            addRetention.Bind(1, key.Video).Bind(2, key.Quarter).Bind(3, key.Second)
                .Bind(4, change.Sessions).Bind(5, change.Low).Bind(6, change.Plays).Bind(7, change.Left).Bind(8, change.LeftLow).Run();
        }
        foreach (var (key, sum) in changed.Shares)
        {
            addShare.Bind(1, key.Video).Bind(2, key.Quarter).Bind(3, key.Dimension).Bind(4, key.Name)
                .Bind(5, sum.Sessions).Bind(6, sum.WatchMs).Bind(7, sum.WatchLowMs).Run();
        }
    }

    public void Dispose()
    {
        addVideo.Dispose();
        addRetention.Dispose();
        addShare.Dispose();
    }
}
