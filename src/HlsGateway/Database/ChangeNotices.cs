using System.Collections.Frozen;
using System.Threading.Channels;
using HlsGateway.Telemetry;
using Npgsql;

namespace HlsGateway.Database;

/// <summary>
/// Hears at once what other processes commit (PostgreSQL LISTEN), on a connection of its own. A notice only makes the next look come
/// sooner: callers also look at an interval, so that a lost connection, a pooler without LISTEN, or SQLite costs them that interval
/// and nothing else.
/// </summary>
internal sealed class ChangeNotices(CatalogueDatabase database, TimeProvider time, ILogger<ChangeNotices> log) : BackgroundService
{
    public const string Trailers = "trailers";
    public const string Captions = "captions";
    public const string Entries = "entries";
    public const string Videos = "videos";
    public const string Tokens = "tokens";

    /// <summary>A connection that is silent for this long is asked whether it is still there.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan ReconnectAfter = TimeSpan.FromSeconds(1);

    private readonly FrozenDictionary<string, Channel<bool>> topics = new[] { Trailers, Captions, Entries, Videos, Tokens }.ToFrozenDictionary(
        topic => topic, _ => Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }), StringComparer.Ordinal);

    private long heard;
    private volatile bool listening;

    /// <summary>False on SQLite, and while the connection is lost.</summary>
    public bool Listening => listening;

    /// <summary>For tests: awaited before each connection is made, so that a test can keep the connection lost.</summary>
    internal Func<Task> Connecting { get; set; } = () => Task.CompletedTask;

    /// <summary>For tests: how many notices have come.</summary>
    public long Heard => Interlocked.Read(ref heard);

    /// <summary>Completes with the next notice of the topic, or one that came since the last call, or after the interval. One waiter for each topic.</summary>
    public async Task WaitAsync(string topic, TimeSpan interval, CancellationToken ct)
    {
        using var over = new CancellationTokenSource(interval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, ct);
        try
        {
            await topics[topic].Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The interval is over.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (database.Dialect != Dialect.Postgres)
            return;
        var lost = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested && e is NpgsqlException or TimeoutException or IOException or InvalidOperationException)
            {
                if (listening || !lost)
                    log.NoticesLost(e.GetType().Name);
                (listening, lost) = (false, true);
                await Task.Delay(ReconnectAfter, time, stoppingToken);
            }
        }
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        await Connecting().WaitAsync(ct);
        await using var connection = await database.ConnectAloneAsync(ct);
        connection.Notification += (_, notice) =>
        {
            Interlocked.Increment(ref heard);
            if (topics.TryGetValue(notice.Payload, out var topic))
                topic.Writer.TryWrite(true);
        };
        await using (var listen = new NpgsqlCommand("LISTEN hlsgateway", connection))
            await listen.ExecuteNonQueryAsync(ct);
        listening = true;
        log.NoticesHeard();
        // Changes may have been committed while nothing listened: wake everybody once.
        foreach (var topic in topics.Values)
            topic.Writer.TryWrite(true);
        await using var ask = new NpgsqlCommand("SELECT 1", connection) { CommandTimeout = 5 };
        while (true)
        {
            if (!await connection.WaitAsync(Silence, ct))
                await ask.ExecuteNonQueryAsync(ct);
        }
    }
}
