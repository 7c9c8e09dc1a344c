using HlsGateway.Tests.Counting.Crash;
using HlsGateway.Tests.Hosting;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace HlsGateway.Tests.Counting.ExactlyOnce;

/// <summary>
/// At 2,000 requests per second, no 302 is missing in PostgreSQL beyond what the gateway says it lost, none is there twice, and no
/// viewer is refused, whatever dies. <c>make faults</c> runs the long form (SOAK=1) and prints its figures.
/// </summary>
[Collection("ledger-postgres")]
public sealed class ExactlyOnceTests(LedgerPostgres postgres, ITestOutputHelper output)
{
    private static bool Soak => Environment.GetEnvironmentVariable("SOAK") == "1";

    [Fact]
    public async Task A_gateway_killed_again_and_again_counts_each_302_once()
    {
        using var data = new TemporaryFolder();
        await using var siege = await Siege.BeginAsync(output, postgres, data.Path);
        var kills = Soak ? 20 : 2;
        for (var kill = 1; kill <= kills; kill++)
        {
            await siege.AnswersAsync(1000 + (kill * 137));
            await siege.KillAsync();
            siege.Say($"killed, and the next one serves ({kill} of {kills})");
        }
        await siege.AnswersAsync(1000);
        await siege.EndAsync();
    }

    [Fact]
    public async Task PostgreSQL_crashed_within_COPY_and_away_for_a_while_has_each_302_once()
    {
        using var data = new TemporaryFolder();
        await using var siege = await Siege.BeginAsync(output, postgres, data.Path);
        var crashes = Soak ? 6 : 1;
        try
        {
            for (var crash = 1; crash <= crashes; crash++)
            {
                await CrashWithinCopyAsync(siege);
                siege.Say($"crashed within COPY ({crash} of {crashes})");
                await siege.LastAsync(crash < crashes ? TimeSpan.FromSeconds(1) : Soak ? TimeSpan.FromMinutes(2) : TimeSpan.FromSeconds(2));
                await postgres.UpAsync();
                siege.Say("up again");
                await siege.AnswersAsync(Siege.Rate);
            }
        }
        finally
        {
            await postgres.UpAsync();
        }
        // The outbox's disk was slow at most: that costs nobody.
        Assert.Equal(0, await siege.EndAsync());
    }

    [MountingFact]
    public async Task A_full_disk_costs_what_is_counted_as_lost_and_heals_when_there_is_room()
    {
        using var disk = new SmallDisk(megabytes: 48);
        await using var siege = await Siege.BeginAsync(output, postgres, disk.Path);
        long before;
        // A reader that stays where it is, as a backup does: the log cannot begin again from its start and needs new room.
        using (var reader = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = siege.Ledger, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString()))
        {
            reader.Open();
            using var snapshot = reader.BeginTransaction(deferred: true);
            using var read = reader.CreateCommand();
            read.CommandText = "SELECT count(*) FROM batch";
            read.ExecuteScalar();
            before = siege.Lost;
            disk.Fill();
            await Eventually.IsTrueAsync(() => siege.Lost > before, "the first loss", TimeSpan.FromSeconds(180));
            siege.Say("the disk is full");
            await siege.LastAsync(TimeSpan.FromSeconds(Soak ? 10 : 2));
            disk.Free();
        }
        siege.Say("there is room");
        await Eventually.IsTrueAsync(async () =>
        {
            var lost = siege.Lost;
            await siege.AnswersAsync(Siege.Rate);
            return siege.Lost == lost;
        }, "a second without a loss", TimeSpan.FromSeconds(180));
        siege.Say("nothing is lost any more");
        Assert.True(await siege.EndAsync() > before);
    }

    private async Task CrashWithinCopyAsync(Siege siege)
    {
        var crashed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = 1;
        siege.Relay.Passing = async moment =>
        {
            if (moment != WireMoment.WithinCopy || Interlocked.Exchange(ref first, 0) == 0) return;
            await postgres.CrashAsync();
            crashed.SetResult();
        };
        await crashed.Task.WaitAsync(TimeSpan.FromSeconds(180));
    }
}
