using System.Diagnostics.Metrics;
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

    public TestLedger(string? folder = null, LedgerOptions? options = null, TimeProvider? time = null, string? postgres = null)
    {
        Assert.True(FaultyDisk.IsReady);
        ownsFolder = folder is null;
        Folder = folder ?? Directory.CreateTempSubdirectory("ledger-").FullName;
        Options = options ?? Patient();
        Outbox = new Outbox(Folder, Options, new AnalyticsOptions { PlayerBuffer = TimeSpan.FromSeconds(9) }, services.GetRequiredService<GatewayMetrics>(), time ?? TimeProvider.System, NullLogger<Outbox>.Instance, postgres);
        Postgres = postgres;
        Outbox.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>Connection string; null for the embedded ledger.</summary>
    public string? Postgres { get; }

    public string Folder { get; }

    public LedgerOptions Options { get; }

    public Outbox Outbox { get; }

    public IServiceProvider Services => services;

    /// <summary>A machine that stands still for seconds is no fault, and what is asked for is waited for. No request is too old: their times are written into the tests.</summary>
    public static LedgerOptions Patient(TimeSpan? commitTimeout = null, int queueLimit = 65_536) => new()
    {
        CommitTimeout = commitTimeout ?? TimeSpan.FromSeconds(60),
        QueueLimit = queueLimit,
        ReportTimeout = TimeSpan.FromSeconds(60),
        EventRetention = TimeSpan.FromDays(3650),
        EmptySessionRetention = TimeSpan.Zero,
    };

    public long Scalar(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Outbox.LedgerPath};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Rows of the ledger: requests in sessions (expired ones are counted apart), requests without a session, and what is not merged yet.</summary>
    public long Rows()
    {
        using var connection = new SqliteConnection($"Data Source={Outbox.LedgerPath};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var snapshot = connection.BeginTransaction(deferred: true);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT (SELECT coalesce(sum(requests - ignored_expired), 0) FROM session) + (SELECT coalesce(sum(requests), 0) FROM anonymous)";
        return (long)command.ExecuteScalar()! + Unmerged(connection).Count;
    }

    /// <summary>What is on disk and not in its session: a sweep that is half done has merged some of it.</summary>
    public static List<Hit> Unmerged(SqliteConnection connection)
    {
        using var ask = connection.CreateCommand();
        ask.CommandText = "SELECT value, until, session_id, seq FROM mark, sweep WHERE name = 'merged_seq'";
        MergeMark mark;
        using (var row = ask.ExecuteReader())
        {
            row.Read();
            mark = new MergeMark(row.GetInt64(0), row.GetInt64(1), new Guid(row.GetFieldValue<byte[]>(2), bigEndian: true), row.GetInt64(3));
        }
        ask.CommandText = "SELECT first_seq, packed FROM batch ORDER BY first_seq";
        using var rows = ask.ExecuteReader();
        var unmerged = new List<Hit>();
        while (rows.Read())
        {
            var first = rows.GetInt64(0);
            unmerged.AddRange(HitCodec.Read(rows.GetFieldValue<byte[]>(1), new TextPool()).Where((hit, index) => !mark.Covers(first + index, hit.Session)));
        }
        return unmerged;
    }

    /// <summary>What the ledger holds of a session, in whichever database.</summary>
    public async Task<SessionState?> FindAsync(Guid session)
    {
        if (Postgres is null)
        {
            using var copy = LedgerFile.Open(Copy(), afterIoError: false);
            using var table = new SessionTable(copy);
            return table.Read(session);
        }
        await using var connection = new Npgsql.NpgsqlConnection(Postgres);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand($"SELECT {SessionRow.Columns} FROM counting.session s WHERE s.session_id = $1", connection) { Parameters = { new() { Value = session } } };
        await using var rows = await command.ExecuteReaderAsync();
        return await rows.ReadAsync() ? SessionRow.Read(rows) : null;
    }

    private string Copy()
    {
        var to = Path.Combine(Folder, "copy.db");
        if (File.Exists(to)) return to;
        using var source = new SqliteConnection($"Data Source={Outbox.LedgerPath};Mode=ReadOnly;Pooling=False");
        using var target = new SqliteConnection($"Data Source={to};Pooling=False");
        source.Open();
        source.BackupDatabase(target);
        return to;
    }

    public async ValueTask DisposeAsync()
    {
        await Outbox.StopAsync(CancellationToken.None);
        await services.DisposeAsync();
        if (ownsFolder) Directory.Delete(Folder, recursive: true);
    }

    public static Hit Segment(Guid session, int index, string rendition = "720p", string video = "clip", long at = 1_800_000_000_000, HitRule rule = HitRule.Counted, HitKind kind = HitKind.Content) =>
        new(session, video, $"{rendition}/video{index}.ts", kind, rule, index * 4000, 4000, at + (index * 1000), 0, PlayerFamily.Browser);
}

/// <summary>The real clock, set forward by hand.</summary>
internal sealed class AheadClock : TimeProvider
{
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
}
