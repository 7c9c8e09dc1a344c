using System.Collections.Concurrent;
using HlsGateway.Counting;
using Microsoft.Data.Sqlite;
using Npgsql;
// A request by what makes it one: the tests' viewers ask for nothing twice.
using Row = (System.Guid Session, HlsGateway.Counting.HitKind Kind, string Path);

namespace HlsGateway.Tests.Counting.Crash;

/// <summary>A data directory as a dead gateway left it, and what becomes of it when the next one opens it.</summary>
internal static class Aftermath
{
    /// <summary>
    /// Opens the ledger, lets everything come to rest, and holds it to the equation: each session's 302s are counted or lost, none
    /// twice, and what rests is what the crash left, no more and no less.
    /// </summary>
    /// <param name="database">Connection string of PostgreSQL; null for the embedded ledger.</param>
    public static async Task HoldsAsync(string folder, string? database, ConcurrentDictionary<Guid, Tally> told)
    {
        var ledger = Path.Combine(folder, "ledger.db");
        var left = Recorded(ledger, database is null).Concat(database is null ? [] : await InPostgresAsync(database)).ToHashSet();
        long lost;
        await using (var next = new TestLedger(folder, postgres: database))
        {
            await next.Outbox.CaughtUpAsync(CancellationToken.None);
            await Hosting.Eventually.IsTrueAsync(() => next.Outbox.Progress is { Trouble: null } progress && progress.Merged == progress.Committed && next.Scalar("SELECT count(*) FROM batch") == 0, "all is merged and the outbox is empty");
            Assert.Null(next.Outbox.Progress.Aside);
            lost = next.Outbox.Lost + next.Outbox.Undecided;
        }
        var rest = database is null ? Recorded(ledger, merged: true) : await InPostgresAsync(database);
        Assert.Equal(rest.Count, rest.Distinct().Count());
        Assert.Equal(left.Order(), rest.Order());

        var rows = rest.Where(row => row.Kind == HitKind.Content).CountBy(row => row.Session).ToDictionary(pair => pair.Key, pair => pair.Value);
        Assert.All(told, pair => Assert.InRange(rows.GetValueOrDefault(pair.Key), 0, pair.Value.Received + pair.Value.Unanswered));
        Assert.InRange(told.Sum(pair => Math.Max(0, pair.Value.Received - rows.GetValueOrDefault(pair.Key))), 0, lost);
        var sums = database is null ? Ask(ledger, "SELECT session_id, segments_fetched FROM session", row => (new Guid((byte[])row[0], bigEndian: true), row.GetInt64(1))) : await SumsAsync(database);
        Assert.Equal(rows.OrderBy(pair => pair.Key).Select(pair => (pair.Key, (long)pair.Value)), sums.Where(sum => sum.Item2 > 0).Order());
    }

    /// <param name="merged">Whether the requests that this database holds singly are asked for as well.</param>
    private static List<Row> Recorded(string ledger, bool merged)
    {
        var rows = Ask(ledger, "SELECT packed FROM batch", row => HitCodec.Read((byte[])row[0], new TextPool())).SelectMany(hits => hits).Select(hit => (hit.Session, hit.Kind, hit.Path)).ToList<Row>();
        if (merged) rows.AddRange(Ask(ledger, "SELECT session_id, packed FROM trace", row => TraceRows.Read((byte[])row[1], new Guid((byte[])row[0], bigEndian: true), "")).SelectMany(hits => hits).Select(hit => (hit.Session, hit.Kind, hit.Path)));
        return rows;
    }

    private static List<T> Ask<T>(string ledger, string sql, Func<SqliteDataReader, T> read)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = ledger, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var all = new List<T>();
        while (rows.Read()) all.Add(read(rows));
        return all;
    }

    private static async Task<List<Row>> InPostgresAsync(string database) =>
        [.. (await AskAsync(database, "SELECT session_id, packed FROM counting.trace", row => TraceRows.Read(row.GetFieldValue<byte[]>(1), row.GetGuid(0), ""))).SelectMany(hits => hits).Select(hit => (hit.Session, hit.Kind, hit.Path))];

    private static Task<List<(Guid, long)>> SumsAsync(string database) =>
        AskAsync(database, "SELECT session_id, segments_fetched FROM counting.session", row => (row.GetGuid(0), row.GetInt64(1)));

    /// <summary>What PostgreSQL holds of each session: its segments as single requests, how many of these differ, as the session's sum, and its start.</summary>
    public static async Task<Dictionary<Guid, (long Events, long Distinct, long Segments, long Starts)>> CountsAsync(string database)
    {
        var traced = (await InPostgresAsync(database)).ToLookup(row => row.Session);
        return (await SumsAsync(database)).ToDictionary(sum => sum.Item1, sum =>
        {
            var segments = traced[sum.Item1].Where(row => row.Kind == HitKind.Content).Select(row => row.Path).ToList();
            return ((long)segments.Count, (long)segments.Distinct(StringComparer.Ordinal).Count(), sum.Item2, (long)traced[sum.Item1].Count(row => row.Kind == HitKind.SessionStart));
        });
    }

    private static async Task<List<T>> AskAsync<T>(string database, string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var rows = await command.ExecuteReaderAsync();
        var all = new List<T>();
        while (await rows.ReadAsync()) all.Add(read(rows));
        return all;
    }
}
