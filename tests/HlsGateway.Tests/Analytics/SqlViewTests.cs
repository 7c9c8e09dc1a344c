using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using HlsGateway.Counting;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace HlsGateway.Tests.Analytics;

/// <summary>The questions of docs/metrics.md, as they stand there, on both databases with the same requests in them.</summary>
[Collection("ledger-postgres")]
public sealed partial class SqlViewTests(LedgerPostgres postgres)
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 3, 20, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_ten_questions_of_the_document_have_the_same_answers_on_both_databases()
    {
        var questions = Fences().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"))).Select(fence => fence.Groups["question"].Value).ToList();
        Assert.Equal(10, questions.Count);
        var database = await postgres.NewDatabaseAsync();
        await using var embedded = new TestLedger();
        await using var shared = new TestLedger(postgres: database);
        var requests = Requests(new Random(5)).ToList();
        foreach (var ledger in (TestLedger[])[embedded, shared])
        {
            ledger.Outbox.Describe("clip", 60_000);
            ledger.Outbox.Describe("other", 50_000);
            await Parallel.ForEachAsync(requests, async (hit, _) => Assert.True(await ledger.Outbox.RecordAsync(hit)));
            await Eventually.IsTrueAsync(() => ledger.Outbox.Progress.Merged == requests.Count + 1, "every request in its session");
        }
        await using var sqlite = new SqliteConnection($"Data Source={embedded.Outbox.LedgerPath};Mode=ReadOnly;Pooling=False");
        await using var server = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { SearchPath = "counting", Pooling = false }.ToString());
        await sqlite.OpenAsync();
        await server.OpenAsync();
        foreach (var question in (string[])[.. questions, "SELECT * FROM session_watch ORDER BY session_id", "SELECT * FROM video_day ORDER BY video, day", "SELECT * FROM video_retention ORDER BY video, second"])
        {
            var answer = await AskAsync(sqlite, question);
            Assert.True(answer.Count > 1, $"no row answers {question}");
            Assert.Equal(answer, await AskAsync(server, question), Same);
        }

        // Nobody fetched its last ten seconds, and they are seconds of the curve all the same.
        foreach (var connection in (DbConnection[])[sqlite, server])
            Assert.Equal(["50"], (await AskAsync(connection, "SELECT max(second + seconds) FROM video_retention WHERE video = 'other'")).Skip(1));

        var state = (await embedded.FindAsync(requests[0].Session))!;
        Assert.Equal(
            [$"{state.Watched.Length / 1000m:0.###}|{Proof.Of(state, 9000).Content.Length / 1000m:0.###}|{state.SegmentsFetched}|1"],
            (await AskAsync(server, $"SELECT watch_seconds, watch_seconds_low, segments_fetched, view FROM session_watch WHERE session_id = '{state.Session}'")).Skip(1));
    }

    /// <summary>SQLite rounds binary fractions and PostgreSQL decimal ones: what lies half-way may differ in the last place.</summary>
    private static bool Same(string one, string other)
    {
        var (left, right) = (one.Split('|'), other.Split('|'));
        return left.Length == right.Length && left.Zip(right).All(pair => pair.First == pair.Second
            || (decimal.TryParse(pair.First, CultureInfo.InvariantCulture, out var a) && decimal.TryParse(pair.Second, CultureInfo.InvariantCulture, out var b) && Math.Abs(a - b) <= 0.1m));
    }

    /// <summary>The names of the columns, then the rows, as text that does not depend on the database's types.</summary>
    private static async Task<List<string>> AskAsync(DbConnection connection, string question)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = question;
        await using var rows = await command.ExecuteReaderAsync();
        var answer = new List<string> { string.Join('|', Enumerable.Range(0, rows.FieldCount).Select(rows.GetName)) };
        while (await rows.ReadAsync()) answer.Add(string.Join('|', Enumerable.Range(0, rows.FieldCount).Select(column => Text(rows.GetValue(column)))));
        return answer;
    }

    private static string Text(object value) => value switch
    {
        DBNull => "",
        string text => text,
        DateTime { TimeOfDay.Ticks: 0, Kind: DateTimeKind.Unspecified } day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime time => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        Guid id => id.ToString(),
        _ => Math.Round(Convert.ToDecimal(value, CultureInfo.InvariantCulture), 3).ToString("0.###", CultureInfo.InvariantCulture),
    };

    private static IEnumerable<Hit> Requests(Random random)
    {
        for (var viewer = 0; viewer < 60; viewer++)
        {
            var at = Begin.AddMinutes(random.Next(3000));
            var (session, video, player) = (Guid.CreateVersion7(at), random.Next(3) == 0 ? "other" : "clip", (PlayerFamily)random.Next(1, 5));
            var trailer = random.Next(4) == 0 ? 0u : 0x07effa79;
            Hit Make(string path, HitKind kind, int start, int second) =>
                new(session, video, path, kind, HitRule.Counted, start, kind == HitKind.SessionStart ? 0 : 4000, at.AddSeconds(second).ToUnixTimeMilliseconds(), trailer, player);
            yield return Make("playlist.m3u8", HitKind.SessionStart, 0, 0);
            if (trailer != 0 && random.Next(3) > 0) yield return Make("720p/~t/0.ts", HitKind.Trailer, 0, 1);
            if (random.Next(2) == 0) yield return Make("subtitles/de/1/0.vtt", HitKind.Caption, 0, 2);
            var length = video == "clip" ? 15 : 10;
            for (int position = 0, left = random.Next(1, 20); left > 0; left--, position = random.Next(5) == 0 ? random.Next(length) : (position + 1) % length)
                yield return Make($"720p/video{position}.ts", HitKind.Content, position * 4000, 3 + ((20 - left) * 4));
        }
    }

    [GeneratedRegex(@"```sql\n(?<question>.*?)\n```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Fences();
}
