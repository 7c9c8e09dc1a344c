using System.Globalization;
using System.IO.Hashing;
using System.Text;
using HlsGateway.Counting;
using HlsGateway.Database;
using HlsGateway.Telemetry;
using Microsoft.Data.Sqlite;

namespace HlsGateway.Analytics;

/// <summary>
/// Carries what <c>ledger.db</c> notes of the counting itself (starts, stops, gaps) into the table <c>change</c>, where all gateways'
/// changes are read. The ledger's row is written with the event itself; this copy has an id made from it, so it may be written late
/// and again, and still exists once.
/// </summary>
internal sealed class CountingChanges(Outbox outbox, CatalogueDatabase database, TimeProvider time, ILogger<CountingChanges> log) : BackgroundService, IHostedLifecycleService
{
    /// <summary>Between two copies: a disk that stays full loses requests with each commit. Also before a failed copy is tried again.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private bool failing;

    /// <summary>The outbox has closed: its stop can be copied.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        await TellAsync(patience.Token);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await outbox.Progress.NotedAsync(stoppingToken);
                while (!await TellAsync(stoppingToken)) await Task.Delay(Pause, time, stoppingToken);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // StoppedAsync copies the rest.
        }
    }

    private async Task<bool> TellAsync(CancellationToken ct)
    {
        try
        {
            var changes = await Task.Run(Read, ct);
            await database.WriteAsync(
                async (connection, transaction) =>
                {
                    foreach (var (id, change) in changes) await change.WriteAsync(connection, transaction, id);
                },
                ct);
            failing = false;
            return true;
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            if (!failing)
                log.ChangesNotTold(failure);
            failing = true;
            return false;
        }
        catch (OperationCanceledException) when (outbox.Progress.Committed > 0)
        {
            // The next start copies it.
            return false;
        }
    }

    private List<(Guid Id, Change Change)> Read()
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = outbox.LedgerPath, Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 5 }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT value FROM mark WHERE name = 'gateway'";
        var gateway = ((long)(command.ExecuteScalar() ?? 0L)).ToString("x16", CultureInfo.InvariantCulture);
        var changes = new List<(Guid, Change)>();
        void Add(string kind, long key, long at, string? before, string after) => changes.Add((Id(at, $"{gateway}/{kind}/{key}"), new Change(at, Actor.System, kind, gateway, "", before, after)));

        command.CommandText = "SELECT id, at, last_at, hits FROM loss WHERE at > 0 ORDER BY id DESC LIMIT 100";
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                Add("gap", rows.GetInt64(0), rows.GetInt64(1), null, string.Create(CultureInfo.InvariantCulture, $"{rows.GetInt64(3)} requests answered and not counted, the last at {Text(rows.GetInt64(2))}"));
        }
        command.CommandText = "SELECT epoch, started, ended, lag(started) OVER (ORDER BY started), lag(ended) OVER (ORDER BY started) FROM run ORDER BY started DESC LIMIT 3";
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
            {
                var before = rows.IsDBNull(3) ? null : rows.IsDBNull(4) ? $"began at {Text(rows.GetInt64(3))}, ended without a stop: killed, or the machine" : $"stopped at {Text(rows.GetInt64(4))}";
                Add("start", rows.GetInt64(0), rows.GetInt64(1), before, "counting");
                if (!rows.IsDBNull(2))
                    Add("stop", rows.GetInt64(0), rows.GetInt64(2), "counting", "stopped");
            }
        }
        return changes;
    }

    /// <summary>A UUIDv7 of that time whose other bits are made from the name.</summary>
    private static Guid Id(long at, string name)
    {
        Span<byte> bytes = stackalloc byte[16];
        XxHash128.Hash(Encoding.UTF8.GetBytes(name), bytes);
        Uuid7.Write(at, bytes);
        bytes[6] = (byte)(0x70 | (bytes[6] & 0x0f));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3f));
        return new Guid(bytes, bigEndian: true);
    }

    private static string Text(long at) => Rfc3339.Text(DateTimeOffset.FromUnixTimeMilliseconds(at));
}
