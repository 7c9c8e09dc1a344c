using System.Data.Common;
using Dapper;
using HlsGateway.Database;
using HlsGateway.Telemetry;

namespace HlsGateway.Content;

/// <summary>Keeps <see cref="EntryNames"/> in step with the database: reads before the first request, then writes what is new and reads what other gateways wrote.</summary>
internal sealed class EntryNamesSync(EntryNames names, CatalogueDatabase database, ChangeNotices notices, TimeProvider time, ILogger<EntryNamesSync> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>A database that is away must not keep the gateway from starting.</summary>
    private static readonly TimeSpan FirstLoad = TimeSpan.FromSeconds(5);

    /// <summary>Milliseconds. Clocks of machines differ: what was written is read again for this long.</summary>
    private const long Overlap = 60_000;

    private long seen;
    private bool failing;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(FirstLoad);
        try
        {
            await TryAsync(ReadAsync, bound.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            log.EntryNamesUnreachable($"no answer within {FirstLoad.TotalSeconds} s");
        }

        await base.StartAsync(cancellationToken);
    }

    /// <summary>What was noted last is written too.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryAsync(WriteAsync, cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(WriteAllAsync(stoppingToken), ReadAllAsync(stoppingToken));

    private async Task WriteAllAsync(CancellationToken ct)
    {
        while (await names.Unwritten.WaitToReadAsync(ct))
        {
            if (!await TryAsync(WriteAsync, ct))
                await Task.Delay(Period, time, ct);
        }
    }

    private async Task ReadAllAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            await notices.WaitAsync(ChangeNotices.Entries, Period, ct);
            await TryAsync(ReadAsync, ct);
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

    private async Task ReadAsync(CancellationToken ct)
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

    /// <summary>Trouble with the database costs nothing but other gateways' knowledge; it is told once.</summary>
    private async Task<bool> TryAsync(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        try
        {
            await work(ct);
            failing = false;
            return true;
        }
        catch (Exception e) when (e is DbException or TimeoutException or InvalidOperationException)
        {
            if (!failing)
                log.EntryNamesUnreachable(e.GetType().Name);
            failing = true;
            return false;
        }
    }

    private sealed record Row
    {
        public string Video { get; init; } = "";

        public string Name { get; init; } = "";

        public int IsMaster { get; init; }

        public long NotedAt { get; init; }
    }
}
