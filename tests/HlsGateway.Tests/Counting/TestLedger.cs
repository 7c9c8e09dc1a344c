using System.Diagnostics.Metrics;
using HlsGateway.Analytics;
using HlsGateway.Counting;
using HlsGateway.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace HlsGateway.Tests.Counting;

/// <summary>An outbox in a folder of its own, as the program starts it.</summary>
internal sealed class TestLedger : IAsyncDisposable
{
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMetrics>().BuildServiceProvider();
    private readonly bool ownsFolder;

    public TestLedger(string? folder = null, LedgerOptions? options = null)
    {
        Assert.True(FaultyDisk.IsReady);
        ownsFolder = folder is null;
        Folder = folder ?? Directory.CreateTempSubdirectory("ledger-").FullName;
        Options = options ?? new LedgerOptions { CommitTimeout = TimeSpan.FromSeconds(5) };
        Outbox = new Outbox(Folder, Options, new AnalyticsOptions { PlayerBuffer = TimeSpan.FromSeconds(9) }, services.GetRequiredService<GatewayMetrics>(), TimeProvider.System, NullLogger<Outbox>.Instance);
        Outbox.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
    }

    public string Folder { get; }

    public LedgerOptions Options { get; }

    public Outbox Outbox { get; }

    public IServiceProvider Services => services;

    public long Scalar(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Outbox.LedgerPath};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Rows of the ledger: requests in sessions (expired ones are counted apart), requests without a session, and what is not merged yet.</summary>
    public long Rows() => Scalar("""
        SELECT (SELECT coalesce(sum(requests - ignored_expired), 0) FROM session) + (SELECT coalesce(sum(requests), 0) FROM anonymous) + (SELECT coalesce(sum(hits), 0) FROM batch)
        """);

    public async ValueTask DisposeAsync()
    {
        await Outbox.StopAsync(CancellationToken.None);
        await services.DisposeAsync();
        if (ownsFolder) Directory.Delete(Folder, recursive: true);
    }

    public static Hit Segment(Guid session, int index, string rendition = "720p", string video = "clip", long at = 1_800_000_000_000, HitRule rule = HitRule.Counted, HitKind kind = HitKind.Content) =>
        new(session, video, $"{rendition}/video{index}.ts", kind, rule, index * 4000, 4000, at + (index * 1000), 0, PlayerFamily.Browser);
}
