using System.Collections.Immutable;
using Dapper;
using HlsGateway.Catalogue;
using HlsGateway.Content;
using HlsGateway.Database;
using HlsGateway.Jobs;
using HlsGateway.Playback;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Storage;
using HlsGateway.Transcoding;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Transcoding;

public sealed class ObjectSweepOnDiskTests() : ObjectSweepContract(null, null);

[Collection(OnPostgres.Name)]
public sealed class ObjectSweepOnPostgresTests(PostgresFixture postgres) : ObjectSweepContract(postgres.NewDatabase(), null);

[Collection(OnCeph.Name)]
public sealed class ObjectSweepOnS3Tests(CephFixture ceph) : ObjectSweepContract(null, ceph.Store);

/// <summary>What no session and no job can ask for goes; everything else stays. Two processes always do the same turn at once.</summary>
public abstract class ObjectSweepContract : IAsyncLifetime
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
    private static readonly TimeSpan Margin = TimeSpan.FromHours(1);

    private readonly string folder = Directory.CreateTempSubdirectory("hlsgateway-sweep-").FullName;
    private readonly string? postgres;
    private readonly ManualClock clock = new();
    private readonly List<CatalogueDatabase> databases = [];
    private readonly BlobStore store;
    private readonly JobTable jobs;
    private readonly CatalogueStore catalogue;
    private readonly ObjectSweep[] sweeps;

    /// <summary>The bucket is shared: every test has videos of its own.</summary>
    private readonly string video = $"{Guid.NewGuid():n}/v";

    private protected ObjectSweepContract(string? postgres, BlobStore? store)
    {
        this.postgres = postgres;
        this.store = store ?? new DiskStore(NoCdn.Addresses, Options.Create(Gateway), new HostingEnvironment { ContentRootPath = folder });
        var database = NewDatabase();
        jobs = new JobTable(database, Options.Create(new JobsOptions()), clock);
        catalogue = new CatalogueStore(database, new PublishedVideos(), clock);
        sweeps = [NewSweep(database), NewSweep(NewDatabase())];
    }

    private GatewayOptions Gateway => new() { DataDirectory = folder };

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var database in databases) await database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_replaced_revision_and_its_source_stay_as_long_as_a_session_may_live_and_then_go()
    {
        var (old, oldSource) = await PublishAsync(video, "first");
        await TurnAsync();
        clock.Advance(TimeSpan.FromDays(30));
        await TurnAsync();
        Assert.True(await HasAsync(old, oldSource), "what is on stays, however old");

        var (now, nowSource) = await PublishAsync(video, "second");
        await TurnAsync();
        clock.Advance(Lifetime + Margin);
        await TurnAsync();
        Assert.True(await HasAsync(old, oldSource), "a session may have begun until the replacement, and clocks differ");
        clock.Advance(TimeSpan.FromSeconds(1));
        await TurnAsync();
        Assert.Empty(await KeysAsync($"videos/{video}/{old}"));
        Assert.Equal([nowSource], await KeysAsync($"sources/{video}/"));
        Assert.Equal([OriginalOf(nowSource)], await KeysAsync($"originals/{video}/"));
        Assert.True(await HasAsync(now, nowSource));
        Assert.Equal([now], await RevisionsAsync());
    }

    [Fact]
    public async Task A_deleted_video_goes_when_its_last_session_must_have_ended_and_a_neighbour_below_its_name_stays()
    {
        var (old, source) = await PublishAsync(video, "same");
        var (below, belowSource) = await PublishAsync(video + "/below", "same");
        await store.PutAsync($"trailers/{Guid.NewGuid():n}/1/ts/0.ts", "trailer"u8.ToArray(), CancellationToken.None);
        var trailers = await KeysAsync("trailers/");
        Assert.True(await catalogue.DeleteAsync(video, new Actor("uploader"), CancellationToken.None));
        await TurnAsync();
        Assert.True(await HasAsync(old, source));
        clock.Advance(Lifetime + Margin + TimeSpan.FromSeconds(1));
        await TurnAsync();
        Assert.Equal([$"videos/{video}/below/{below}/playlist.m3u8"], await KeysAsync($"videos/{video}/"));
        Assert.Equal([belowSource], await KeysAsync($"sources/{video}/"));
        Assert.Equal([OriginalOf(belowSource)], await KeysAsync($"originals/{video}/"));
        Assert.Equal(trailers, await KeysAsync("trailers/"));
    }

    [Fact]
    public async Task What_was_deleted_and_brought_back_stays()
    {
        var (revision, source) = await PublishAsync(video, "same");
        Assert.True(await catalogue.DeleteAsync(video, new Actor("uploader"), CancellationToken.None));
        await TurnAsync();
        clock.Advance(Lifetime - TimeSpan.FromSeconds(1));
        await TurnAsync();
        var deleted = new DeletedVideos(databases[0], new PublishedVideos(), clock);
        Assert.Equal(Restored.Done, await deleted.RestoreAsync(video, DeletedVideos.Grace(new SessionsOptions { Lifetime = Lifetime }), new Actor("uploader"), CancellationToken.None));
        clock.Advance(TimeSpan.FromDays(30));
        await TurnAsync();
        Assert.True(await HasAsync(revision, source));
    }

    [Fact]
    public async Task A_source_that_two_revisions_share_stays_with_the_second_and_with_a_job_that_runs()
    {
        var (_, source) = await PublishAsync(video, "same");
        await PublishAsync(video, "same");
        await TurnAsync();
        clock.Advance(TimeSpan.FromDays(3));
        await TurnAsync();
        Assert.Single(await RevisionsAsync());
        Assert.Equal([source], await KeysAsync($"sources/{video}/"));
        Assert.Equal([OriginalOf(source)], await KeysAsync($"originals/{video}/"));

        Assert.True(await catalogue.DeleteAsync(video, new Actor("uploader"), CancellationToken.None));
        await TurnAsync();
        // Uploaded once more: the job stores the same source again, and must find it when it publishes.
        var job = await ClaimAsync(video);
        await store.PutAsync(source, "same"u8.ToArray(), CancellationToken.None);
        clock.Advance(TimeSpan.FromDays(3));
        await TurnAsync();
        Assert.Equal([source], await KeysAsync($"sources/{video}/"));
        Assert.Equal([OriginalOf(source)], await KeysAsync($"originals/{video}/"));
        await FinishAsync(job, source);
        await TurnAsync();
        Assert.True(await HasAsync(job.Revision, source));
    }

    [Fact]
    public async Task What_failed_attempts_left_goes_after_the_margin_and_a_running_jobs_objects_do_not()
    {
        var failed = await ClaimAsync(video);
        await store.PutAsync($"videos/{video}/{failed.Revision}/90p/video0.ts", "half"u8.ToArray(), CancellationToken.None);
        await store.PutAsync($"sources/{video}/{new string('a', 64)}.mp4", "half"u8.ToArray(), CancellationToken.None);
        await jobs.FailAsync(failed, "for the test", CancellationToken.None);
        var running = await ClaimAsync(video + "2");
        await store.PutAsync($"videos/{video}2/{running.Revision}/90p/video0.ts", "half"u8.ToArray(), CancellationToken.None);

        await TurnAsync();
        Assert.NotEmpty(await KeysAsync($"videos/{video}/"));
        clock.Advance(Margin + TimeSpan.FromSeconds(1));
        await TurnAsync();
        Assert.Empty(await KeysAsync($"videos/{video}/"));
        Assert.Empty(await KeysAsync($"sources/{video}/"));
        Assert.Empty(await KeysAsync($"originals/{video}/"));
        Assert.False(await store.ExistsAsync(failed.UploadKey, CancellationToken.None));
        Assert.NotEmpty(await KeysAsync($"videos/{video}2/"));
        Assert.True(await store.ExistsAsync(running.UploadKey, CancellationToken.None));
    }

    [Fact]
    public async Task An_upload_that_the_machine_failed_three_times_may_be_retried_and_stays_until_the_last_failure_is_older_than_the_margin()
    {
        var failed = await ClaimAsync(video);
        for (var attempt = 1; attempt <= JobTable.MaxAttempts; attempt++)
        {
            if (attempt > 1)
                failed = Assert.IsType<ClaimedJob>(await jobs.ClaimAsync(JobKind.Video, "test", CancellationToken.None));
            Assert.False(await jobs.RetryAsync(video, Actor.System, upload => store.ExistsAsync(upload, CancellationToken.None), CancellationToken.None));
            await jobs.ReleaseAsync(failed, "for the test", CancellationToken.None);
            clock.Advance(TimeSpan.FromMinutes(10));
        }
        clock.Advance(Margin - TimeSpan.FromMinutes(10));
        Assert.True(await jobs.RetryAsync(video, Actor.System, upload => store.ExistsAsync(upload, CancellationToken.None), CancellationToken.None));
        var again = Assert.IsType<ClaimedJob>(await jobs.ClaimAsync(JobKind.Video, "test", CancellationToken.None));
        await jobs.FailAsync(again, "for the test", CancellationToken.None, retryable: true);
        clock.Advance(TimeSpan.FromMinutes(1));
        await TurnAsync();
        Assert.True(await store.ExistsAsync(failed.UploadKey, CancellationToken.None));
        clock.Advance(Margin);
        await TurnAsync();
        Assert.False(await store.ExistsAsync(failed.UploadKey, CancellationToken.None));
        Assert.False(await jobs.RetryAsync(video, Actor.System, _ => Task.FromResult(true), CancellationToken.None));
    }

    [Fact]
    public async Task An_upload_that_never_became_a_job_goes_when_it_has_been_seen_for_longer_than_the_margin()
    {
        var stray = $"uploads/{Guid.NewGuid():n}";
        await store.PutAsync(stray, "stray"u8.ToArray(), CancellationToken.None);
        clock.Advance(TimeSpan.FromDays(9));
        await TurnAsync();
        Assert.True(await store.ExistsAsync(stray, CancellationToken.None), "it may be about to be queued");
        clock.Advance(Margin);
        await TurnAsync();
        Assert.False(await store.ExistsAsync(stray, CancellationToken.None));
    }

    [Fact]
    public async Task A_turn_is_bounded_and_the_next_goes_on()
    {
        for (var i = 0; i < ObjectSweep.PerTurn + 5; i++) await PublishAsync(video, $"{i % 2}");
        await sweeps[0].TurnAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromDays(3));
        await sweeps[0].TurnAsync(CancellationToken.None);
        Assert.Equal(5, (await RevisionsAsync()).Count);
        await sweeps[0].TurnAsync(CancellationToken.None);
        Assert.Single(await RevisionsAsync());
        Assert.Single(await KeysAsync($"videos/{video}/"));
    }

    private Task<int[]> TurnAsync() => Task.WhenAll(sweeps.Select(sweep => Task.Run(() => sweep.TurnAsync(CancellationToken.None))));

    private async Task<ClaimedJob> ClaimAsync(string of)
    {
        var upload = $"uploads/{Guid.NewGuid():n}";
        await store.PutAsync(upload, "upload"u8.ToArray(), CancellationToken.None);
        await jobs.AddAsync(of, upload, 6, Actor.System, CancellationToken.None);
        return (await jobs.ClaimAsync(JobKind.Video, "worker", CancellationToken.None))!;
    }

    private async Task<(string Revision, string Source)> PublishAsync(string of, string content)
    {
        var job = await ClaimAsync(of);
        var source = $"sources/{of}/{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(content)))}.mp4";
        await store.PutAsync(source, System.Text.Encoding.UTF8.GetBytes(content), CancellationToken.None);
        await store.PutAsync(OriginalOf(source), System.Text.Encoding.UTF8.GetBytes(content), CancellationToken.None);
        await FinishAsync(job, source);
        await store.DeleteAsync(job.UploadKey, CancellationToken.None);
        return (job.Revision, source);
    }

    private async Task FinishAsync(ClaimedJob job, string source)
    {
        await store.PutAsync($"videos/{job.Video}/{job.Revision}/playlist.m3u8", "#EXTM3U"u8.ToArray(), CancellationToken.None);
        Assert.True(await catalogue.PublishAsync(
            new Publication(job.Video, job.Revision, TimeSpan.FromSeconds(1), [], ImmutableArray<HlsGateway.Content.RenditionFacts>.Empty, new SourceCopy(source, "", 1), null) { Original = new SourceCopy(OriginalOf(source), "", 1) },
            (connection, transaction) => jobs.FinishAsync(job, connection, transaction), CancellationToken.None));
    }

    private async Task<bool> HasAsync(string revision, string source) =>
        await store.ExistsAsync($"videos/{video}/{revision}/playlist.m3u8", CancellationToken.None) && await store.ExistsAsync(source, CancellationToken.None)
        && await store.ExistsAsync(OriginalOf(source), CancellationToken.None);

    /// <summary>An upload is kept beside its source, and goes when that goes.</summary>
    private static string OriginalOf(string source) => source.Replace("sources/", "originals/", StringComparison.Ordinal);

    private async Task<List<string>> RevisionsAsync()
    {
        await using var connection = await databases[0].OpenAsync(CancellationToken.None);
        return (await connection.QueryAsync<string>("SELECT revision FROM revision WHERE video = @video", new { video })).AsList();
    }

    private async Task<List<string>> KeysAsync(string prefix) => await store.ListAsync(prefix, CancellationToken.None).ToListAsync();

    private ObjectSweep NewSweep(CatalogueDatabase database) => new(
        database, store, Options.Create(new TranscodeOptions { SweepMargin = Margin }), Options.Create(new SessionsOptions { Lifetime = Lifetime }), clock);

    private CatalogueDatabase NewDatabase()
    {
        var database = new CatalogueDatabase(
            new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Ledger", postgres)]).Build(), Options.Create(Gateway),
            new HostingEnvironment { ContentRootPath = folder });
        databases.Add(database);
        return database;
    }
}
