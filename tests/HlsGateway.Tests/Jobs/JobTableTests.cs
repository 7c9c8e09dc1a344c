using Dapper;
using HlsGateway.Database;
using HlsGateway.Jobs;
using HlsGateway.Tests.Hosting;
using HlsGateway.Transcoding;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Jobs;

public sealed class JobTableTests() : JobTableContract(null);

[Collection(OnPostgres.Name)]
public sealed class JobTableOnPostgresTests(PostgresFixture postgres) : JobTableContract(postgres.NewDatabase());

/// <summary>The table of jobs as several processes share it: each has a <see cref="CatalogueDatabase"/> of its own.</summary>
public abstract class JobTableContract(string? postgres) : IAsyncLifetime
{
    private readonly string data = Directory.CreateTempSubdirectory("hlsgateway-jobs-").FullName;
    private readonly List<CatalogueDatabase> databases = [];
    private readonly ManualClock clock = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var database in databases) await database.DisposeAsync();
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Five_processes_that_start_at_once_migrate_one_database()
    {
        var processes = Enumerable.Range(0, 5).Select(_ => NewDatabase()).ToList();
        using var gate = new Barrier(5);
        await Task.WhenAll(processes.Select(database => Task.Factory.StartNew(
            async () =>
            {
                gate.SignalAndWait();
                await using var connection = await database.OpenAsync(CancellationToken.None);
                Assert.Equal(0, await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM job"));
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
        await using var after = await processes[0].OpenAsync(CancellationToken.None);
        Assert.Equal(1, await after.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM caption_clock"));
        Assert.Equal(
            await after.ExecuteScalarAsync<long>("SELECT COUNT(DISTINCT name) FROM catalogue_migration"),
            await after.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM catalogue_migration"));
    }

    [Fact]
    public async Task Workers_of_two_processes_share_the_jobs_and_no_two_hold_one()
    {
        JobTable[] tables = [NewTable(), NewTable()];
        var ids = new List<string>();
        for (var i = 0; i < 12; i++) ids.Add(await tables[0].AddAsync($"v{i}", $"uploads/{i}", 1, Actor.System, CancellationToken.None));
        var claims = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(async () =>
        {
            var mine = new List<ClaimedJob>();
            while (await tables[n % 2].ClaimAsync(JobKind.Video, $"worker{n}", CancellationToken.None) is { } job) mine.Add(job);
            return mine;
        })));
        Assert.Equal(ids.Order(StringComparer.Ordinal), claims.SelectMany(mine => mine).Select(job => job.Id).Order(StringComparer.Ordinal));
        Assert.All(claims.SelectMany(mine => mine), job => Assert.Equal((1, false), (job.Attempt, job.Again)));
    }

    [Fact]
    public async Task Of_many_workers_and_one_expired_lease_one_wins_and_the_former_holder_has_lost_it()
    {
        JobTable[] tables = [NewTable(), NewTable()];
        await tables[0].AddAsync("v", "uploads/v", 1, Actor.System, CancellationToken.None);
        var former = (await tables[0].ClaimAsync(JobKind.Video, "former", CancellationToken.None))!;
        Assert.Null(await tables[1].ClaimAsync(JobKind.Video, "early", CancellationToken.None));

        clock.Advance(TimeSpan.FromSeconds(21));
        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() => tables[n % 2].ClaimAsync(JobKind.Video, $"worker{n}", CancellationToken.None))));
        var winner = Assert.Single(claims, claim => claim is not null)!;
        Assert.Equal((2, true), (winner.Attempt, winner.Again));
        Assert.NotEqual(former.Revision, winner.Revision);
        Assert.StartsWith(winner.Revisions, former.Revision, StringComparison.Ordinal);

        Assert.False(await tables[0].ReportAsync(former, new JobStep("publishing", 0.9), CancellationToken.None));
        Assert.False(await FinishAsync(tables[0], former));
        await tables[0].FailAsync(former, "late", CancellationToken.None);
        Assert.True(await tables[1].ReportAsync(winner, new JobStep("publishing", 0.9), CancellationToken.None));
        Assert.True(await FinishAsync(tables[1], winner));
        Assert.Equal(("ready", 1.0, null), await tables[0].StateAsync("v", CancellationToken.None));
    }

    [Fact]
    public async Task Progress_never_goes_back_also_where_another_attempt_begins_again()
    {
        var table = NewTable();
        await table.AddAsync("v", "uploads/v", 1, Actor.System, CancellationToken.None);
        var first = (await table.ClaimAsync(JobKind.Video, "w", CancellationToken.None))!;
        await table.ReportAsync(first, new JobStep("transcoding", 0.6, 9), CancellationToken.None);
        await table.ReportAsync(first, new JobStep("transcoding", 0.5), CancellationToken.None);
        Assert.Equal(0.6, (await table.StateAsync("v", CancellationToken.None)).Progress);
        await table.HandBackAsync(first, CancellationToken.None);
        var second = (await table.ClaimAsync(JobKind.Video, "w", CancellationToken.None))!;
        Assert.Equal(0.6, (await table.StateAsync("v", CancellationToken.None)).Progress);
        await table.ReportAsync(second, new JobStep("transcoding", 0.1), CancellationToken.None);
        Assert.Equal(0.6, (await table.StateAsync("v", CancellationToken.None)).Progress);
        await table.ReportAsync(second, new JobStep("publishing", 0.9), CancellationToken.None);
        Assert.Equal(0.9, (await table.StateAsync("v", CancellationToken.None)).Progress);
    }

    [Fact]
    public async Task Three_failures_end_a_job_and_the_pauses_between_them_grow()
    {
        var table = NewTable();
        await table.AddAsync("v", "uploads/v", 1, Actor.System, CancellationToken.None);
        foreach (var pause in (int[])[20, 80, 0])
        {
            var job = (await table.ClaimAsync(JobKind.Video, "w", CancellationToken.None))!;
            await table.ReleaseAsync(job, "the store is away", CancellationToken.None);
            if (pause == 0) continue;
            clock.Advance(TimeSpan.FromSeconds(pause - 1));
            Assert.False(await table.AnyToDoAsync(JobKind.Video, CancellationToken.None));
            Assert.Null(await table.ClaimAsync(JobKind.Video, "w", CancellationToken.None));
            clock.Advance(TimeSpan.FromSeconds(2));
            Assert.True(await table.AnyToDoAsync(JobKind.Video, CancellationToken.None));
        }
        Assert.Equal(("failed", 0.0, "the store is away"), await table.StateAsync("v", CancellationToken.None));
    }

    [Fact]
    public async Task A_job_that_takes_its_worker_down_three_times_is_given_up()
    {
        var table = NewTable();
        await table.AddAsync("v", "uploads/v", 1, Actor.System, CancellationToken.None);
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            Assert.Equal(attempt, (await table.ClaimAsync(JobKind.Video, "w", CancellationToken.None))!.Attempt);
            clock.Advance(TimeSpan.FromSeconds(21));
        }
        Assert.Null(await table.ClaimAsync(JobKind.Video, "w", CancellationToken.None));
        Assert.Equal("failed", (await table.StateAsync("v", CancellationToken.None)).State);
    }

    [Fact]
    public async Task Uploads_of_one_video_at_once_leave_one_latest_job_and_the_others_cancelled()
    {
        JobTable[] tables = [NewTable(), NewTable()];
        await Task.WhenAll(Enumerable.Range(0, 10).Select(n => Task.Run(() => tables[n % 2].AddAsync("v", $"uploads/{n}", 1, Actor.System, CancellationToken.None))));
        await using var connection = await databases[0].OpenAsync(CancellationToken.None);
        Assert.Equal(1, await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM job WHERE latest = 1"));
        Assert.Equal(1, await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM job WHERE state = 'queued'"));
        Assert.NotNull(await tables[0].ClaimAsync(JobKind.Video, "w", CancellationToken.None));
        Assert.Null(await tables[1].ClaimAsync(JobKind.Video, "w", CancellationToken.None));
    }

    [Fact]
    public async Task A_cancelled_job_is_taken_from_its_worker_and_one_handed_back_is_no_failure()
    {
        var table = NewTable();
        await table.AddAsync("v", "uploads/v", 1, Actor.System, CancellationToken.None);
        var job = (await table.ClaimAsync(JobKind.Video, "w", CancellationToken.None))!;
        await table.HandBackAsync(job, CancellationToken.None);
        var again = (await table.ClaimAsync(JobKind.Video, "w", CancellationToken.None))!;
        Assert.Equal((1, true), (again.Attempt, again.Again));
        Assert.True(await table.CancelAsync("v", CancellationToken.None));
        Assert.False(await table.ReportAsync(again, new JobStep("transcoding", 0.5), CancellationToken.None));
        Assert.False(await FinishAsync(table, again));
        Assert.True(await table.IsCancelledAsync(again, CancellationToken.None));
        Assert.False(await table.CancelAsync("v", CancellationToken.None));
    }

    private Task<bool> FinishAsync(JobTable table, ClaimedJob job) =>
        databases[0].WriteAsync((connection, transaction) => table.FinishAsync(job, connection, transaction), CancellationToken.None);

    private JobTable NewTable() => new(NewDatabase(), Options.Create(new JobsOptions()), clock);

    private CatalogueDatabase NewDatabase()
    {
        var database = new CatalogueDatabase(
            new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Ledger", postgres)]).Build(),
            Options.Create(new GatewayOptions { DataDirectory = data }), new HostingEnvironment { ContentRootPath = data });
        databases.Add(database);
        return database;
    }
}
