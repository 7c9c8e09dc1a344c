using Dapper;
using HlsGateway.Database;
using HlsGateway.Telemetry;

namespace HlsGateway.Content;

/// <summary>Keeps <see cref="EntryNames"/> in step with the database: reads before the first request, then writes what is new and reads what other gateways wrote.</summary>
internal sealed class EntryNamesSync(EntryNames names, CatalogueDatabase database, ChangeNotices notices, TimeProvider time, ILogger<EntryNamesSync> log)
    : SnapshotRefresh(notices, ChangeNotices.Entries, Period)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Milliseconds. Clocks of machines differ: what was written is read again for this long.</summary>
    private const long Overlap = 60_000;

    private long seen;

    /// <summary>What was noted last is written too.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryAsync(WriteAsync, cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(WriteAllAsync(stoppingToken), base.ExecuteAsync(stoppingToken));

    private async Task WriteAllAsync(CancellationToken ct)
    {
        while (await names.Unwritten.WaitToReadAsync(ct))
        {
            if (!await TryAsync(WriteAsync, ct))
                await Task.Delay(Period, time, ct);
        }
    }

    /// <summary>A name leaves the queue once it is written.</summary>
    private async Task WriteAsync(CancellationToken ct)
    {
        while (names.Unwritten.TryPeek(out var entry))
        {
            await database.WriteAsync(
                (connection, transaction) => connection.ExecuteAsync(
                    """
                    INSERT INTO entry_playlist (video, name, is_master, noted_at) VALUES (@Video, @Name, @master, @now)
                    ON CONFLICT (video, name) DO UPDATE SET is_master = excluded.is_master, noted_at = excluded.noted_at
                    """,
                    new { entry.Video, entry.Name, master = entry.IsMaster ? 1 : 0, now = time.GetUtcNow().ToUnixTimeMilliseconds() }, transaction), ct);
            names.Unwritten.TryRead(out _);
        }
    }

    protected override async Task ReadAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var rows = await connection.QueryAsync<Row>(
            "SELECT video, name, is_master, noted_at FROM entry_playlist WHERE noted_at >= @since ORDER BY noted_at", new { since = Math.Max(0, seen - Overlap) });
        foreach (var row in rows)
        {
            names.Add(new(row.Video, row.Name, row.IsMaster != 0));
            seen = Math.Max(seen, row.NotedAt);
        }
    }

    protected override void Failed(Exception failure, bool first)
    {
        if (first)
            log.EntryNamesUnreachable(failure.GetType().Name);
    }

    private sealed record Row
    {
        public string Video { get; init; } = "";

        public string Name { get; init; } = "";

        public int IsMaster { get; init; }

        public long NotedAt { get; init; }
    }
}
