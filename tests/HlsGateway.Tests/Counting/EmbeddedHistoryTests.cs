using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using HlsGateway.Counting;
using HlsGateway.Counting.Postgres;
using HlsGateway.Telemetry;
using HlsGateway.Tests.CommandLine;
using HlsGateway.Tests.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace HlsGateway.Tests.Counting;

/// <summary>A gateway that counted into its own ledger is given PostgreSQL: every figure goes with it, each request once, whatever happens on the way.</summary>
[Collection("ledger-postgres")]
public sealed class EmbeddedHistoryTests(LedgerPostgres postgres) : IDisposable
{
    private static readonly string[] Sums = ["anonymous", "video", "video_quarter", "retention_quarter", "share_quarter"];

    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task Every_figure_and_the_catalogue_go_to_PostgreSQL_and_a_session_goes_on_there()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v");
        var days = $"from={DateTime.UtcNow.AddDays(-1):yyyy-MM-dd}&to={DateTime.UtcNow.AddDays(2):yyyy-MM-dd}";
        Viewer going;
        Dictionary<string, string> before;
        await using (var host = await GatewayHost.StartAsync(origin, dataDirectory: folder.Path))
        {
            using var editor = host.Api("editor");
            using (var captions = await editor.PutAsync("api/videos/v/subtitles/de?name=Deutsch", new StringContent("WEBVTT\n\n00:00.000 --> 00:04.000\nHallo\n")))
                captions.EnsureSuccessStatusCode();
            for (var viewer = 0; viewer < 5; viewer++)
            {
                var session = await Viewer.StartAsync(host.Client);
                for (var segment = 0; segment <= viewer; segment++) Assert.Equal(HttpStatusCode.Redirect, await session.FetchAsync(segment));
                await session.FetchAsync(0);
            }
            going = await Viewer.StartAsync(host.Client);
            await going.FetchAsync(0);
            await going.FetchAsync(1);
            before = await FiguresAsync(host, days);
        }

        await using var moved = await GatewayHost.StartAsync(origin, Shared(await postgres.NewDatabaseAsync()), dataDirectory: folder.Path);
        await MovedAsync(moved.Services.GetRequiredService<Outbox>());
        foreach (var (call, told) in await FiguresAsync(moved, days))
        {
            var same = told.AsSpan().CommonPrefixLength(before[call]);
            Assert.True(before[call] == told, $"{call}: …{before[call][Math.Max(0, same - 60)..Math.Min(before[call].Length, same + 60)]}… is now …{told[Math.Max(0, same - 60)..Math.Min(told.Length, same + 60)]}…");
        }
        using (var track = await moved.Api("editor").GetAsync(new Uri("api/videos/v/subtitles/de", UriKind.Relative)))
            Assert.Contains("Hallo", await track.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // The second segment again, and a third: what was handed out before is known.
        foreach (var segment in (int[])[1, 2])
        {
            using var answer = await moved.Client.GetAsync(new Uri(moved.Address, going.Segments[segment].PathAndQuery));
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        }
        using var api = moved.Api("analyst");
        var session2 = (await Viewer.ReportAsync(api, going.Session))!.Value;
        Assert.Equal((12, 1, 4), (session2.GetProperty("watch_seconds").GetDouble(), session2.GetProperty("ignored").GetProperty("repeats").GetInt32(), session2.GetProperty("segments_fetched").GetInt32()));
    }

    [Fact]
    public async Task Stopped_at_each_step_and_called_again_it_ends_in_the_same_rows()
    {
        var gateway = await CountAsync(sessions: 23);
        var database = await postgres.NewDatabaseAsync();
        var stops = new List<string>();
        for (var (attempt, done) = (0, false); !done; attempt++)
        {
            Assert.InRange(attempt, 0, 500);
            // In turn right behind a commit, and within the transaction behind it.
            var (when, which) = attempt % 2 == 0 ? ("after", 1) : ("before", 2);
            await using var to = await OpenAsync(database);
            var history = new EmbeddedHistory(Ledger, new AnalyticsOptions().Rules, portion: 7)
            {
                Reached = step =>
                {
                    if (!step.StartsWith(when, StringComparison.Ordinal) || --which > 0)
                        return Task.CompletedTask;
                    stops.Add(step);
                    throw new TimeoutException("Stopped here.");
                },
            };
            try
            {
                done = !await history.IsPendingAsync(to, gateway, CancellationToken.None) || await history.MoveAsync(to, gateway, 0, () => false, CancellationToken.None);
            }
            catch (TimeoutException)
            {
            }
        }
        foreach (var part in (string[])["session", "event", "trace", .. Sums])
        {
            // Before the first portion of all nobody stopped it.
            foreach (var when in part == "video" ? (string[])["after"] : ["before", "after"]) Assert.Contains(stops, stop => stop.StartsWith($"{when} {part} ", StringComparison.Ordinal));
        }
        await AssertSameAsync(database);
    }

    [Fact]
    public async Task While_it_is_on_its_way_viewers_are_counted_and_nothing_overtakes_it()
    {
        await CountAsync(sessions: 3);
        var database = await postgres.NewDatabaseAsync();
        var (reached, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var late = Guid.CreateVersion7();
        await using var services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMetrics>().BuildServiceProvider();
        using var outbox = new Outbox(folder.Path, TestLedger.Patient(), new AnalyticsOptions(), services.GetRequiredService<GatewayMetrics>(), TimeProvider.System, NullLogger<Outbox>.Instance, database);
        outbox.Forwarder!.History.Reached = async step =>
        {
            reached.TrySetResult();
            await goOn.Task;
        };
        await outbox.StartAsync(CancellationToken.None);
        await reached.Task;
        Assert.True(outbox.Forwarder.MovesHistory);
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(late, 0)));
        Assert.Equal(0, await CountAsync(database, "SELECT count(*) FROM counting.session"));
        Assert.True(outbox.Backlog > 0);
        goOn.SetResult();
        await MovedAsync(outbox);
        Assert.Equal(4, await CountAsync(database, "SELECT count(*) FROM counting.session"));
        Assert.Equal(1, await CountAsync(database, $"SELECT segments_fetched FROM counting.session WHERE session_id = '{late}'"));
    }

    [Fact]
    public async Task A_session_that_two_gateways_counted_has_the_union_of_its_media_time()
    {
        var shared = Guid.CreateVersion7();
        var database = await postgres.NewDatabaseAsync();
        using var other = new TemporaryFolder();
        foreach (var (path, segments) in ((string, int[])[])[(folder.Path, [0, 1, 2]), (other.Path, [2, 3])])
        {
            await using (var ledger = new TestLedger(path))
            {
                foreach (var segment in segments) Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(shared, segment)));
            }
            await using var moved = new TestLedger(path, postgres: database);
            await MovedAsync(moved.Outbox);
            if (path == other.Path)
            {
                var state = (await moved.FindAsync(shared))!;
                Assert.Equal((16_000L, 4_000L, 5L, 5L), (state.Watched.Length, state.Again.Length, state.SegmentsFetched, state.Requests));
            }
        }
        Assert.Equal((16_000, 20_000, 1), (
            await CountAsync(database, "SELECT sum(watch_ms)::bigint FROM counting.video_quarter"), await CountAsync(database, "SELECT sum(fetched_ms)::bigint FROM counting.video_quarter"),
            await CountAsync(database, "SELECT sum(sessions)::bigint FROM counting.video_quarter")));
    }

    [Theory]
    [InlineData("drain")]
    [InlineData("migrate")]
    public async Task Without_a_gateway_the_command_does_the_work_once(string verb)
    {
        await CountAsync(sessions: 5);
        var database = await postgres.NewDatabaseAsync();
        string[] arguments = [verb, "--data", folder.Path];
        var (nowhere, _, says) = await Child.RunAsync(arguments);
        Assert.True(nowhere == 2 && says.Contains("ConnectionStrings__Ledger=", StringComparison.Ordinal), says);
        for (var again = 0; again < 2; again++)
        {
            var (code, output, errors) = await Child.RunAsync(arguments, ("ConnectionStrings__Ledger", database), ("Ledger__EventRetention", "3650.00:00:00"));
            Assert.True(code == 0, output + errors);
            Assert.Contains("is in PostgreSQL.", output, StringComparison.Ordinal);
            await AssertSameAsync(database);
        }

        await using var running = new TestLedger(folder.Path);
        var (used, _, why) = await Child.RunAsync(arguments, ("ConnectionStrings__Ledger", verb == "drain" ? database : await postgres.NewDatabaseAsync()));
        Assert.True(used == 1 && why.Contains(verb == "drain" ? "SIGTERM" : "Start it again with ConnectionStrings:Ledger", StringComparison.Ordinal), why);
    }

    [Fact]
    public async Task What_a_gateway_had_left_behind_when_it_went_to_PostgreSQL_goes_along_later()
    {
        var gateway = await CountAsync(sessions: 5);
        var database = await postgres.NewDatabaseAsync();
        // As version 0.9.0 did: it forwarded what came from then on, and knew of no history.
        await using (var to = await OpenAsync(database))
        {
            await using var mark = new NpgsqlCommand("INSERT INTO counting.gateway VALUES ($1, gen_random_uuid(), now()); INSERT INTO counting.ledger_source(gateway_id, epoch, last_seq, last_hash, changed_at) VALUES ($1, 1, 1, 1, now())".Replace("$1", gateway.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal), to);
            await mark.ExecuteNonQueryAsync();
        }
        var (code, output, errors) = await MoveAsync("drain", database);
        Assert.True(code == 0, output + errors);
        await AssertSameAsync(database);
    }

    [Fact]
    public async Task What_is_counted_without_PostgreSQL_after_the_history_went_there_is_not_said_to_be_there()
    {
        var database = await postgres.NewDatabaseAsync();
        // Nothing to carry over, which is noted too; what comes then goes along.
        await using (var empty = new TestLedger(folder.Path, postgres: database)) await MovedAsync(empty.Outbox);
        await CountAsync(sessions: 5);
        Assert.Equal(0, (await MoveAsync("migrate", database)).Code);
        await AssertSameAsync(database);

        await using (var alone = new TestLedger(folder.Path))
        {
            foreach (var segment in (int[])[0, 1, 2]) Assert.True(await alone.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), segment)));
        }
        foreach (var verb in (string[])["drain", "migrate"])
        {
            var (code, output, errors) = await MoveAsync(verb, database);
            Assert.True(code == 1 && errors.Contains("3 sessions and 3 segments are not in PostgreSQL", StringComparison.Ordinal), output + errors);
            Assert.DoesNotContain("Everything that", output, StringComparison.Ordinal);
        }
        Assert.Equal(5, await CountAsync(database, "SELECT count(*) FROM counting.session"));
    }

    [Fact]
    public async Task Killed_in_the_middle_and_called_again_the_command_ends_in_the_same_rows()
    {
        await CountAsync(sessions: 23);
        var database = await postgres.NewDatabaseAsync();
        await using (var barrier = await OpenAsync(database))
        {
            await using (var stop = new NpgsqlCommand("BEGIN; LOCK TABLE counting.retention_quarter IN ACCESS EXCLUSIVE MODE", barrier)) await stop.ExecuteNonQueryAsync();
            using var killed = Child.Start(["migrate", "--data", folder.Path], ("ConnectionStrings__Ledger", database), ("Ledger__EventRetention", "3650.00:00:00"));
            await Eventually.IsTrueAsync(
                async () => await CountAsync(database, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'counting.retention_quarter'::regclass") > 0, "it stands before the table");
            killed.Kill();
            await killed.WaitForExitAsync();
        }
        Assert.Equal((23, 1), (await CountAsync(database, "SELECT count(*) FROM counting.session"), await CountAsync(database, "SELECT count(*) FROM counting.history WHERE NOT done")));

        var (code, output, errors) = await MoveAsync("migrate", database);
        Assert.True(code == 0, output + errors);
        await AssertSameAsync(database);
    }

    public void Dispose() => folder.Dispose();

    private Task<(int Code, string Output, string Errors)> MoveAsync(string verb, string database) =>
        Child.RunAsync([verb, "--data", folder.Path], ("ConnectionStrings__Ledger", database), ("Ledger__EventRetention", "3650.00:00:00"));

    private string Ledger => Path.Combine(folder.Path, "ledger.db");

    private static Dictionary<string, string> Shared(string database) => new(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = database };

    private static Task MovedAsync(Outbox outbox) =>
        Eventually.IsTrueAsync(() => outbox.Forwarder!.HasAll, "all is in PostgreSQL");

    /// <summary>Sessions with repeats, captions, trailers and nameless requests, of today, merged; and some of a version that kept each request in a row.</summary>
    /// <returns>The number by which the ledger is known.</returns>
    private async Task<long> CountAsync(int sessions)
    {
        await using (var ledger = new TestLedger(folder.Path))
        {
            for (var at = 0; at < sessions; at++)
            {
                var session = Guid.CreateVersion7();
                foreach (var segment in (int[])[0, 1, 1, at % 9]) Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(session, segment, video: $"v{at % 4}")));
                Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.Empty, at % 3, video: $"v{at % 4}") with { Rule = HitRule.Anonymous }));
            }
        }
        using var file = LedgerFile.Open(Ledger, afterIoError: false);
        file.Execute("INSERT INTO event(session_id, seq, at, kind, rule, start_ms, duration_ms, path, player) SELECT session_id, -1, 1700000000000, 1, 0, 0, 4000, '720p/video0.ts', 1 FROM session ORDER BY session_id LIMIT 9");
        return file.Single("SELECT value FROM mark WHERE name = 'gateway'");
    }

    private static async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ToString());
        await connection.OpenAsync();
        await PostgresSchema.Schema.MigrateAsync(connection, CancellationToken.None);
        await PostgresMerge.PrepareAsync(connection, CancellationToken.None);
        return connection;
    }

    private static async Task<long> CountAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private async Task AssertSameAsync(string database)
    {
        await using var to = new NpgsqlConnection(database);
        await to.OpenAsync();
        using var from = new SqliteConnection($"Data Source={Ledger};Mode=ReadOnly;Pooling=False");
        from.Open();
        foreach (var table in Sums)
        {
            string[] columns = table switch
            {
                "anonymous" => ["video", "quarter", "rule", "kind", "requests", "fetched_ms"],
                "video" => ["video", "content_ms", "longest_end_ms"],
                "video_quarter" => ["video", "quarter", .. Figure.All.Select(figure => figure.Column)],
                "retention_quarter" => ["video", "quarter", "second", "sessions", "sessions_low", "plays", "left_here", "left_low"],
                _ => ["video", "quarter", "dimension", "name", "sessions", "watch_ms", "watch_low_ms"],
            };
            var sql = $"SELECT {string.Join(", ", columns)} FROM {{0}}{table} ORDER BY {string.Join(", ", Enumerable.Range(1, columns.Length))}";
            Assert.Equal(Rows(from, string.Format(CultureInfo.InvariantCulture, sql, "")), await RowsAsync(to, string.Format(CultureInfo.InvariantCulture, sql, "counting.")));
        }
        var figures = SessionColumns.All.Where(column => column.Type is ColumnType.Number or ColumnType.Text).List();
        var sessions = Rows(from, $"SELECT lower(hex(session_id)), video, {figures} FROM session ORDER BY session_id");
        Assert.NotEmpty(sessions);
        Assert.Equal(sessions, await RowsAsync(to, $"SELECT replace(session_id::text, '-', ''), video, {figures} FROM counting.session ORDER BY session_id"));
        Assert.Equal(
            Convert.ToInt64(Rows(from, "SELECT (SELECT count(*) FROM event) + (SELECT sum(hits) FROM trace)")[0], CultureInfo.InvariantCulture), await CountAsync(database, "SELECT sum(hits)::bigint FROM counting.trace"));
        Assert.Equal(Rows(from, "SELECT sum(sessions), sum(watch_ms) FROM total_quarter"), await RowsAsync(to, "SELECT sum(sessions), sum(watch_ms) FROM counting.total_quarter"));
    }

    private static List<string> Rows(SqliteConnection from, string sql)
    {
        using var command = from.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var all = new List<string>();
        while (rows.Read()) all.Add(string.Join('|', Enumerable.Range(0, rows.FieldCount).Select(at => Convert.ToString(rows.GetValue(at), CultureInfo.InvariantCulture))));
        return all;
    }

    private static async Task<List<string>> RowsAsync(NpgsqlConnection to, string sql)
    {
        await using var command = new NpgsqlCommand(sql, to);
        await using var rows = await command.ExecuteReaderAsync();
        var all = new List<string>();
        while (await rows.ReadAsync()) all.Add(string.Join('|', Enumerable.Range(0, rows.FieldCount).Select(at => Convert.ToString(rows.GetValue(at), CultureInfo.InvariantCulture))));
        return all;
    }

    /// <summary>What analysts are told, but for what says when they asked.</summary>
    private static async Task<Dictionary<string, string>> FiguresAsync(GatewayHost host, string days)
    {
        using var api = host.Api("analyst");
        var told = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var call in (string[])["api/videos/v/analytics?", "api/analytics?", "api/sessions?video=v&", "api/videos/v/moments?"])
        {
            var answer = await api.GetFromJsonAsync<JsonObject>(new Uri(call + days, UriKind.Relative));
            Forget(answer!);
            told[call] = answer!.ToJsonString();
        }
        return told;
    }

    /// <summary>When a figure is final depends on how many count it, and up to when it was counted on when it was asked for.</summary>
    private static void Forget(JsonNode? node)
    {
        if (node is JsonObject members)
        {
            foreach (var name in (string[])["as_of", "final", "final_at"]) members.Remove(name);
            foreach (var (_, member) in members) Forget(member);
        }
        foreach (var item in node as JsonArray ?? []) Forget(item);
    }
}
