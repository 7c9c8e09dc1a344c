using System.Data.Common;
using System.Globalization;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace HlsGateway.Tests.Counting;

public sealed class LowBackfillTests : LowBackfillContract;

[Collection("ledger-postgres")]
public sealed class PostgresLowBackfillTests(LedgerPostgres postgres) : LowBackfillContract
{
    protected override async Task<string?> DatabaseAsync() => await postgres.NewDatabaseAsync();
}

/// <summary>A ledger that an older version kept, which knew no lower bounds but that of the watch-seconds.</summary>
public abstract class LowBackfillContract
{
    /// <summary>The older version's sums, and what it had in its sessions.</summary>
    private const string Forget = """
        UPDATE session SET low_given = 0, trailer_low_ms = NULL, is_view_low = NULL;
        UPDATE video_quarter SET views_low = 0, completed_low = 0, trailer_sessions_low = 0, trailer_low_ms = 0, basis_measured = 0, basis_buffered = 0;
        UPDATE retention_quarter SET left_low = 0;
        UPDATE share_quarter SET watch_low_ms = 0;
        """;

    private static readonly string[] Questions =
    [
        "SELECT * FROM video_day ORDER BY video, day", "SELECT * FROM video_retention ORDER BY video, second", "SELECT * FROM session_watch ORDER BY session_id",
        "SELECT video, dimension, name, sum(sessions), sum(watch_ms), sum(watch_low_ms) FROM share_quarter GROUP BY video, dimension, name ORDER BY video, dimension, name",
    ];

    protected virtual Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);

    [Fact]
    public async Task The_sums_of_an_older_version_get_the_lower_bounds_of_all_sessions_those_that_go_on_meanwhile_too()
    {
        var random = new Random(77);
        // More than fit into two portions of either database.
        var hits = Enumerable.Range(0, 1100).SelectMany(_ => Session(random)).ToArray();
        var more = hits.Where(_ => random.Next(40) == 0).Select(hit => hit with { AtMs = hit.AtMs + 400_000, StartMs = (hit.StartMs + 8000) % 60_000 }).ToArray();
        var (folder, expectedFolder) = (Directory.CreateTempSubdirectory("backfill-").FullName, Directory.CreateTempSubdirectory("backfill-").FullName);
        var (database, expectedDatabase) = (await DatabaseAsync(), await DatabaseAsync());
        var expected = await AskAsync(expectedFolder, expectedDatabase, [.. hits, .. more]);
        await AskAsync(folder, database, hits);
        await using (var connection = await OpenAsync(folder, database))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = Forget + (database is null ? "INSERT INTO backfill VALUES ('low', x'')" : "INSERT INTO backfill VALUES ('low', '00000000-0000-0000-0000-000000000000')");
            await command.ExecuteNonQueryAsync();
        }

        Assert.Equal(expected, await AskAsync(folder, database, more));
        Directory.Delete(folder, recursive: true);
        Directory.Delete(expectedFolder, recursive: true);
    }

    /// <summary>Merges these, and answers all questions.</summary>
    private static async Task<List<string>> AskAsync(string folder, string? database, Hit[] hits)
    {
        await using (var ledger = new TestLedger(folder, postgres: database))
        {
            ledger.Outbox.Describe("clip", 60_000);
            await Parallel.ForEachAsync(hits, async (hit, _) => Assert.True(await ledger.Outbox.RecordAsync(hit)));
            await Eventually.IsTrueAsync(async () => ledger.Outbox.Progress.Merged == ledger.Outbox.Progress.Committed && (await RowsAsync(folder, database, "SELECT count(*) FROM backfill"))[0] == "0", "merged, and each session looked at");
        }
        var answers = new List<string>();
        foreach (var question in Questions) answers.AddRange(await RowsAsync(folder, database, question));
        return answers;
    }

    private static async Task<List<string>> RowsAsync(string folder, string? database, string question)
    {
        await using var connection = await OpenAsync(folder, database);
        await using var command = connection.CreateCommand();
        command.CommandText = question;
        await using var rows = await command.ExecuteReaderAsync();
        var answer = new List<string>();
        while (await rows.ReadAsync()) answer.Add(string.Join('|', Enumerable.Range(0, rows.FieldCount).Select(column => Convert.ToString(rows.GetValue(column), CultureInfo.InvariantCulture))));
        return answer;
    }

    private static async Task<DbConnection> OpenAsync(string folder, string? database)
    {
        DbConnection connection = database is null
            ? new SqliteConnection($"Data Source={Path.Combine(folder, "ledger.db")};Pooling=False;Default Timeout=60")
            : new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { SearchPath = "counting", Pooling = false }.ToString());
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Straight on for a while; some tell their buffer, some send reports, some see the trailer.</summary>
    private static IEnumerable<Hit> Session(Random random)
    {
        var begin = new DateTimeOffset(2026, 11, 3, 20, 0, 0, TimeSpan.Zero).AddMinutes(random.Next(3000));
        var (session, at, tells, reports) = (Guid.CreateVersion7(begin), begin.ToUnixTimeMilliseconds(), random.Next(3) == 0, random.Next(3) == 0);
        for (var (index, segments) = (0, random.Next(1, 18)); index < segments; index++, at += 4000)
        {
            var trailer = index >= 15;
            var start = (trailer ? index - 15 : index) * 4000;
            yield return new Hit(session, "clip", $"720p/{(trailer ? "~t/" : "")}{start}.ts", trailer ? HitKind.Trailer : HitKind.Content, HitRule.Counted, start, 4000, at, 7, PlayerFamily.Browser)
            {
                Cmcd = tells ? new Cmcd { BufferMs = 2000 } : null,
            };
            if (reports)
            {
                yield return new Hit(session, "clip", "~cmcd", HitKind.Report, HitRule.Counted, index * 4000, 0, at + 10, 7, PlayerFamily.Browser)
                {
                    Cmcd = new Cmcd { Event = "t", EventAtMs = at, PlayheadMs = index * 4000, State = "p" },
                };
            }
        }
    }
}
