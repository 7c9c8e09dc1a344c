using System.Diagnostics;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace HlsGateway.Tests.Counting;

/// <summary>A ledger is read through when it is opened: a small one before, a large one while it counts.</summary>
public sealed class LedgerVerificationTests
{
    /// <summary>Of a page each: more than 64 MiB.</summary>
    private const int Rows = 18_000;

    [Fact]
    public async Task A_damage_in_a_large_ledger_is_found_while_it_counts_and_the_ledger_is_put_aside()
    {
        using var folder = new TemporaryFolder();
        await using (var before = new TestLedger(folder.Path)) Assert.True(await before.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), 0)));
        Fill(Path.Combine(folder.Path, "ledger.db"));

        await using var ledger = new TestLedger(folder.Path);

        await Eventually.IsTrueAsync(() => Directory.EnumerateFiles(folder.Path, "ledger.db.damaged-*").Any(), "the damaged ledger is put aside");
        await Eventually.IsTrueAsync(async () => await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), 0)), "a new one counts");
    }

    [Fact]
    public void A_check_beside_other_work_rests_again_and_again_and_ends_when_it_is_told_to()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "ledger.db");
        Fill(path);
        using var check = new LedgerVerification(path, _ => { }, NullLogger.Instance);
        Assert.True(check.IsLong);
        var rests = 0;
        var seen = check.Run(() => { rests++; return false; });
        Assert.NotNull(seen);
        Assert.InRange(rests, 2, int.MaxValue);

        var asked = 0;
        Assert.Null(check.Run(() => { asked++; return true; }));
        Assert.Equal(1, asked);
    }

    [Fact]
    public void A_check_that_was_ended_finds_nothing_in_the_file_that_took_the_place_of_its_own()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "ledger.db");
        Fill(path);
        var found = 0;
        using (var check = new LedgerVerification(path, _ => found++, NullLogger.Instance))
        {
            check.Stop();
            check.Start();
        }
        Assert.Equal(0, found);
    }

    [Fact]
    public void A_check_rests_three_times_as_long_as_it_worked_unless_the_process_ends()
    {
        using var stopping = new ManualResetEvent(false);
        var pace = new LedgerVerification.Pace(stopping);
        var clock = Stopwatch.StartNew();
        // The processor time of a check, of which the pace is told nothing but the clock.
        SpinWait.SpinUntil(() => clock.ElapsedMilliseconds >= 10);
        var worked = clock.ElapsedMilliseconds;
        Assert.False(pace.Rest());
        // A wait is in whole milliseconds.
        Assert.InRange(clock.ElapsedMilliseconds - worked, (3 * worked) - 2, long.MaxValue);

        stopping.Set();
        SpinWait.SpinUntil(pace.Rest);
    }

    [Fact]
    public void A_small_ledger_and_none_are_read_before_anything_is_counted()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "ledger.db");
        using var check = new LedgerVerification(path, _ => { }, NullLogger.Instance);
        Assert.False(check.IsLong);
        Assert.Null(check.Run());
        using (var connection = Open(path)) Execute(connection, "CREATE TABLE few(x); INSERT INTO few VALUES (1)");
        Assert.False(check.IsLong);
        Assert.Null(check.Run());
        File.WriteAllText(path, new string('x', 8192));
        Assert.NotNull(check.Run());
    }

    /// <summary>Makes the file large, a row on each page, and damages one of these.</summary>
    private static void Fill(string path)
    {
        using (var connection = Open(path))
        {
            Execute(connection, $"""
                CREATE TABLE fill(x);
                WITH RECURSIVE row(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < {Rows}) INSERT INTO fill SELECT zeroblob(4000) FROM row;
                PRAGMA wal_checkpoint(TRUNCATE)
                """);
        }
        using var file = File.OpenWrite(path);
        file.Position = ((file.Length / 4096) - 1000) * 4096;
        // No kind of page has this number.
        file.WriteByte(0x77);
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
