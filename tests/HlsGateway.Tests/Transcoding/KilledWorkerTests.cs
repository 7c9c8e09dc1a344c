using System.Text.RegularExpressions;
using HlsGateway.Jobs;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Storage;

namespace HlsGateway.Tests.Transcoding;

/// <summary>The store on disk is in the worker itself: what ends one ends both.</summary>
public sealed class KilledWorkerOnDiskTests(FfmpegFixture media) : KilledWorkerContract(media)
{
    private protected override Dictionary<string, string> Store => new(StringComparer.Ordinal);

    private protected override Task<StoreStops> StopsAsync() => Task.FromResult<StoreStops>(new DiskStops());

    private protected override IEnumerable<string> Partials(GatewayHost gateway) => Directory.EnumerateFiles(Path.Combine(gateway.DataDirectory, "objects", ".partial"));

    [Fact]
    public async Task One_process_of_all_roles_killed_in_the_middle_of_publishing_ends_its_jobs_when_it_is_started_again()
    {
        string[] points = ["one-half", "one-master"];
        using var data = new TemporaryFolder();
        await using var stops = new DiskStops();
        Task[] held = [stops.Hold("PUT", Made(points[0], "72p/video0.ts"), Moment.Within), stops.Hold("PUT", Made(points[1], "playlist.m3u8"), Moment.Within)];
        Dictionary<string, string> settings = With(Store, ("Transcode:Lease", "00:00:02"), ("Transcode:Concurrency", "2"));
        await using (var first = await GatewayProcess.StartAsync(data.Path, environment: stops.Environment,
            settings: With(settings, ("Gateway:ApiTokens:0:Token", GatewayHost.TokenOf("uploader")), ("Gateway:ApiTokens:0:Role", "uploader"))))
        {
            first.Client.DefaultRequestHeaders.Authorization = new("Bearer", GatewayHost.TokenOf("uploader"));
            foreach (var point in points) await UploadAsync(first.Client, point, await ClipAsync());
            await Task.WhenAll(held);
            await first.KillAsync();
        }
        Assert.Equal(points.Length, Directory.GetFiles(Path.Combine(data.Path, "objects", ".partial")).Length);

        await using var again = await GatewayHost.StartAsync(dataDirectory: data.Path, settings: With(settings, Steady));
        using var api = again.Api("uploader");
        foreach (var point in points)
        {
            var end = await UploadTests.EndAsync(api, Video(point));
            Assert.True(end.GetProperty("status").GetString() == "ready", $"{point}: {end}");
            await PlaysAsync(again, point);
            await NothingElseAsync(again, point, end, null);
        }
        Assert.Empty(Partials(again));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(data.Path, "work")));
        Assert.All((await AttemptsAsync(again)).Values, attempts => Assert.Equal(2, attempts));
    }
}

[Collection(OnCeph.Name)]
public sealed class KilledWorkerOnS3Tests(CephFixture ceph, FfmpegFixture media) : KilledWorkerContract(media)
{
    private protected override Dictionary<string, string> Store => ceph.Settings();

    private protected override async Task<StoreStops> StopsAsync() => new S3Stops(await StoreProxy.StartAsync(ceph.Options().Endpoint), ceph);

    [Fact]
    public async Task A_store_killed_in_the_middle_of_publishing_is_waited_for_and_the_job_ends_ready()
    {
        await using var proxy = await StoreProxy.StartAsync(ceph.Options().Endpoint);
        await using var gateway = await GatewayHost.StartAsync(settings: With(ceph.Settings(proxy.Endpoint), ("Transcode:Lease", "00:00:04"), ("Transcode:Concurrency", "3")));
        using var api = gateway.Api("uploader");
        string[] points = ["store-source", "store-segment", "store-master"];
        StoreProxy.Trap[] traps =
        [
            proxy.Hold("GET", Key(Source(points[0])), Moment.Before),
            proxy.Hold("PUT", Key(Made(points[1], "72p/video0.ts")), Moment.Before),
            proxy.Hold("PUT", Key(Made(points[2], "playlist.m3u8")), Moment.Done),
        ];
        foreach (var point in points) await UploadAsync(api, point, await ClipAsync());
        await Task.WhenAll(traps.Select(trap => trap.Held)).WaitAsync(TimeSpan.FromSeconds(180));
        await ceph.KillAsync();
        try
        {
            foreach (var trap in traps) trap.Release();
            foreach (var point in points) Assert.Null(await PlaylistAsync(gateway, point));
            await Eventually.IsTrueAsync(async () => (await api.GetStringAsync(new Uri($"api/videos/{Uri.EscapeDataString(Video(points[1]))}", UriKind.Relative)))
                .Contains("The store or the database failed", StringComparison.Ordinal), "a job is given back", TimeSpan.FromSeconds(180));
        }
        finally
        {
            await ceph.RestartAsync();
        }

        foreach (var point in points)
        {
            var end = await UploadTests.EndAsync(api, Video(point));
            Assert.True(end.GetProperty("status").GetString() == "ready", $"{point}: {end}");
            await PlaysAsync(gateway, point);
            await NothingElseAsync(gateway, point, end, null, uploadStays: point == points[2]);
        }

        // The Master Playlist's answer got through and its video was out; then its upload could not be removed, which must not undo it.
        var attempts = await AttemptsAsync(gateway);
        Assert.InRange(attempts[Video(points[1])], 2, JobTable.MaxAttempts);
        // The store's client asks again by itself: a store that is back soon enough costs the other job no attempt.
        Assert.InRange(attempts[Video(points[0])], 1, JobTable.MaxAttempts);
    }

    private static Regex Key(string expression) => new($"^{expression}$", RegexOptions.NonBacktracking);
}
