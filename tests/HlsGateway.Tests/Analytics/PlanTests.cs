using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using HlsGateway.Analytics;
using HlsGateway.Counting;
using HlsGateway.Counting.Postgres;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HlsGateway.Tests.Analytics;

/// <summary>No report reads a large table from end to end: what is asked over HTTP is caught on its way to the database, and its plan looked at.</summary>
[Collection("ledger-postgres")]
public sealed partial class PlanTests(LedgerPostgres postgres)
{
    private const string Session = "0198c0de-0000-7000-8000-000000000000";

    /// <summary>Every kind of question that the API puts to the ledger.</summary>
    private static readonly string[] Questions =
    [
        "api/sessions?limit=100", "api/sessions?video=v1&limit=100", "api/sessions?from=2026-10-01&to=2026-10-02", "api/sessions?video=v1&from=2026-10-01&to=2026-10-02",
        $"api/sessions/{Session}", "api/videos/v1/analytics?from=2026-10-01&to=2026-10-28&explain=true", "api/videos/v1/analytics?from=2026-10-01&to=2026-10-02&bucket=hour&tz=Asia/Kathmandu",
        "api/analytics/videos?from=2026-10-01&to=2026-10-08", "api/export/sessions.csv?video=v1&from=2026-10-01&to=2026-10-02", "api/changes?from=2026-10-01&to=2026-10-02", "api/changes?video=v1",
        "api/sessions?video=v1&player=vlc", "api/sessions?completed=true&basis=fetched", "api/videos/v1/analytics?from=2026-10-01&to=2026-10-28&captions=de", "api/analytics/videos?from=2026-10-01&to=2026-10-08&order=completion_rate&ascending=true",
        "api/analytics?from=2026-10-01&to=2026-10-08&explain=true", "api/analytics?from=2026-10-01&to=2026-10-08&audience=people", "api/analytics?from=2026-10-01&to=2026-10-08&left_from=3&watched_to=0.5&explain=true",
        "api/videos/v1/analytics?from=2026-10-01&to=2026-10-28&audience=people", "api/sessions?video=v1&left_from=3&left_to=9&audience=tools", "api/sessions?watched_from=0.5",
        "api/analytics/videos?from=2026-10-01&to=2026-10-08&rendition=720p", "api/export/videos.csv?from=2026-10-01&to=2026-10-08", "api/export/days.csv?video=v1&from=2026-10-01&to=2026-10-08", "api/export/retention.csv?from=2026-10-01&to=2026-10-08",
    ];

    private static readonly string[] Large = ["session", "trace", "event", "video_quarter", "retention_quarter", "share_quarter", "anonymous", "change", "video_date", "total_quarter", "total_share"];

    [Fact]
    public async Task SQLite_searches_by_an_index()
    {
        var asked = new ConcurrentQueue<string>();
        await using var host = await GatewayHost.StartAsync();
        host.Services.GetRequiredService<LedgerReader>().Opened = connection => SQLitePCL.raw.sqlite3_trace(((SqliteConnection)connection).Handle, (_, sql) => asked.Enqueue(sql), null);
        await AskAllAsync(host);
        var plans = asked.Where(sql => sql.StartsWith("SELECT", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToDictionary(
            sql => sql, sql => Explain(host.Services.GetRequiredService<Outbox>().LedgerPath, sql), StringComparer.Ordinal);
        foreach (var query in (string[])[ChangeEndpoints.Query, ChangeTail.Query]) plans.Add(query, Explain(Path.Combine(host.DataDirectory, "catalogue.db"), query));
        Assert.All(plans, plan => Assert.DoesNotContain(plan.Value, step => Regex.IsMatch(step, $@"^SCAN ({string.Join('|', Large)}|s)\b", RegexOptions.None, TimeSpan.FromSeconds(1))));
        foreach (var table in Large) Assert.Contains(plans, plan => Regex.IsMatch(plan.Key, $@"FROM {table}\s", RegexOptions.None, TimeSpan.FromSeconds(1)) && plan.Value.Any(step => step.StartsWith("SEARCH ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task PostgreSQL_searches_by_an_index_once_there_are_rows_enough()
    {
        var database = await postgres.NewDatabaseAsync();
        await using (var connection = new NpgsqlConnection(database))
        {
            await connection.OpenAsync();
            await PostgresSchema.Schema.MigrateAsync(connection, CancellationToken.None);
        }
        await LedgerPostgres.ExecuteAsync(database, """
            INSERT INTO counting.video SELECT 'v' || i, 60000, 60000 FROM generate_series(1, 2000) i;
            INSERT INTO counting.session(session_id, video) SELECT (lpad(to_hex(1790000000000 + i * 400000::bigint), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid, 'v' || (i % 2000 + 1) FROM generate_series(1, 30000) i;
            CREATE TABLE counting.event_20261001 PARTITION OF counting.event FOR VALUES FROM (1790812800000) TO (1790899200000);
            INSERT INTO counting.event SELECT s.session_id, 1790812800000 + e, 1, 1, row_number() OVER (), 1, 2, 1, 0, 4000, '720p/video0.ts', 1 FROM counting.session s CROSS JOIN generate_series(1, 2) e;
            CREATE TABLE counting.trace_20261001 PARTITION OF counting.trace FOR VALUES FROM (1790812800000) TO (1790899200000);
            INSERT INTO counting.trace SELECT s.session_id, 1790812800000 + e, 1, 1, row_number() OVER (), 1, 0, '\x01' FROM counting.session s CROSS JOIN generate_series(1, 2) e;
            INSERT INTO counting.video_quarter SELECT 'v' || (i % 40 + 1), 1760000400000 + i / 40 * 900000::bigint, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 FROM generate_series(0, 99999) i;
            INSERT INTO counting.retention_quarter SELECT 'v' || (i % 40 + 1), 1760000400000 + i / 40 * 900000::bigint, 1, 1, 1, 1, 1 FROM generate_series(0, 99999) i;
            INSERT INTO counting.share_quarter SELECT 'v' || (i % 40 + 1), 1760000400000 + i / 40 * 900000::bigint, 1, '720p', 1, 1 FROM generate_series(0, 99999) i;
            INSERT INTO counting.anonymous SELECT 'v' || (i % 40 + 1), 1760000400000 + i / 40 * 900000::bigint, 2, 2, 1, 1 FROM generate_series(0, 99999) i;
            ANALYZE;
            """);
        // From here on each connection of this database writes the plan of what it ran into the server's log.
        foreach (var setting in (string[])["session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0"])
            await LedgerPostgres.ExecuteAsync(database, $"ALTER DATABASE {new NpgsqlConnectionStringBuilder(database).Database} SET {setting}");
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = database });
        using (var api = host.Api("analyst")) await api.GetStringAsync(new Uri("api/changes", UriKind.Relative));
        await LedgerPostgres.ExecuteAsync(database, """
            INSERT INTO change(id, at_ms, actor, kind, subject, video) SELECT gen_random_uuid()::text, 1760000400000 + i * 600000::bigint, 'system', 'captions', 'de', 'v' || (i % 40) FROM generate_series(1, 50000) i;
            ANALYZE;
            """);
        var from = new FileInfo(postgres.Log).Length;
        await AskAllAsync(host);
        var plans = Regex.Split((await ReadAsync(postgres.Log))[(int)from..], @"\d+ ms  plan:", RegexOptions.None, TimeSpan.FromSeconds(5)).Where(plan => plan.Contains("Query Text: SELECT", StringComparison.Ordinal)).ToList();
        var whole = plans.SelectMany(plan => WholeTable().Matches(plan).Select(found => (found.Value, plan))).ToList();
        Assert.True(whole.Count == 0, string.Join("\n\n", whole));
        foreach (var table in Large) Assert.Contains(plans, plan => Regex.IsMatch(plan, $@"(using|on) {table}\w*", RegexOptions.None, TimeSpan.FromSeconds(1)));
    }

    private static async Task AskAllAsync(GatewayHost host)
    {
        using var api = host.Api("analyst");
        // Somebody played it, also where nothing was put into the ledger beforehand.
        Assert.True(await host.Services.GetRequiredService<Outbox>().RecordAsync(TestLedger.Segment(Guid.CreateVersion7(new DateTimeOffset(2026, 10, 1, 12, 0, 0, TimeSpan.Zero)), 0, video: "v1")));
        foreach (var question in Questions)
        {
            using var response = await api.GetAsync(new Uri(question, UriKind.Relative));
            Assert.True(response.IsSuccessStatusCode || question.EndsWith(Session, StringComparison.Ordinal), question);
        }
        // A session that is there has a trace to be read.
        var outbox = host.Services.GetRequiredService<Outbox>();
        var session = Guid.CreateVersion7();
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, 0)));
        Assert.NotEmpty(await api.GetStringAsync(new Uri($"api/sessions/{session}", UriKind.Relative)));
    }

    private static List<string> Explain(string file, string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        MediaEnd.AddTo(connection);
        using var command = connection.CreateCommand();
        command.CommandText = $"EXPLAIN QUERY PLAN {sql}";
        foreach (var name in (string[])["@from", "@until", "@at", "@id", "@limit", "@video", "@first", "@last", "@before", "@dimension", "@player", "@basis", "@captions", "@rendition"])
        {
            if (sql.Contains(name, StringComparison.Ordinal)) command.Parameters.AddWithValue(name, 0);
        }
        using var rows = command.ExecuteReader();
        var steps = new List<string>();
        while (rows.Read()) steps.Add(rows.GetString(3));
        return steps;
    }

    private static async Task<string> ReadAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file, System.Text.Encoding.Latin1);
        return await reader.ReadToEndAsync();
    }

    [GeneratedRegex(@"Seq Scan on (session|(event|trace)(_\d+)?|video_quarter|retention_quarter|share_quarter|anonymous|change|video_date|total_quarter|total_share)\b.*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex WholeTable();
}
