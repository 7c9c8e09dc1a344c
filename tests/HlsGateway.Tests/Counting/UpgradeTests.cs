using System.IO.Compression;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting;

/// <summary>
/// <c>Golden/ledger-before-cmcd.db.gz</c> is the ledger of a gateway of the version before requests could carry CMCD (schema 3), killed
/// between two merges: a session that was merged (six segments of 4 s, one of them again) and four requests that were not.
/// </summary>
public sealed class UpgradeTests : Upgrade;

[Collection("ledger-postgres")]
public sealed class PostgresUpgradeTests(LedgerPostgres postgres) : Upgrade
{
    protected override async Task<string?> DatabaseAsync() => await postgres.NewDatabaseAsync();
}

public abstract class Upgrade : IAsyncLifetime
{
    private static readonly Guid Merged = Guid.Parse("01a21948-f6c2-77dd-9726-8e51d4ee87f1");
    private static readonly Guid Waiting = Guid.Parse("01a21949-5de6-7500-b3fc-cf1cc0ab1c9e");
    private readonly string folder = Directory.CreateTempSubdirectory("upgrade-").FullName;

    protected virtual Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);

    [Fact]
    public async Task What_an_older_version_left_in_the_outbox_is_counted()
    {
        await using (var old = File.OpenRead(Path.Combine(Repository.Root, "tests", "HlsGateway.Tests", "Counting", "Golden", "ledger-before-cmcd.db.gz")))
        await using (var unpacked = new GZipStream(old, CompressionMode.Decompress))
        await using (var file = File.Create(Path.Combine(folder, "ledger.db")))
            await unpacked.CopyToAsync(file);
        await using var ledger = new TestLedger(folder, postgres: await DatabaseAsync());
        await Eventually.IsTrueAsync(() => ledger.Outbox.Progress.Merged == ledger.Outbox.Progress.Committed, "all merged");

        var state = await ledger.FindAsync(Waiting);
        Assert.NotNull(state);
        Assert.True(state.Started);
        Assert.Equal((3, 12_000L, 12_000L, 4), ((int)state.SegmentsFetched, state.FetchedMs, state.Watched.Length, (int)state.Requests));
        Assert.Equal(0, state.Cmcd.Reports);
        Assert.True(state.Playheads.IsEmpty);
        Assert.False(Directory.EnumerateFiles(folder).Any(name => name.Contains("damaged", StringComparison.OrdinalIgnoreCase)), "nothing was put aside");

        if (ledger.Postgres is null)
        {
            var merged = await ledger.FindAsync(Merged);
            Assert.Equal((6, 20_000L), ((int)merged!.SegmentsFetched, merged.Watched.Length));

            // The sums get the lower bounds that the older version did not know.
            await Eventually.IsTrueAsync(() => ledger.Scalar("SELECT count(*) FROM backfill") == 0, "each session looked at");
            Assert.Equal(0, ledger.Scalar("SELECT count(*) FROM session WHERE low_given = 0"));
            foreach (var (sum, each) in (ReadOnlySpan<(string, string)>)
                [
                    ("views_low", "is_view_low"), ("trailer_low_ms", "trailer_low_ms"), ("sessions - basis_measured - basis_buffered", "1"),
                ])
                Assert.Equal((sum, ledger.Scalar($"SELECT sum({each}) FROM session")), (sum, ledger.Scalar($"SELECT sum({sum}) FROM video_quarter")));
            Assert.True(ledger.Scalar("SELECT sum(views_low) FROM video_quarter") > 0);
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return Task.CompletedTask;
    }
}
