using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapper;
using HlsGateway.Database;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Transcoding;

/// <summary>Case 36: whatever ends a worker or the store, a job ends ready, with one revision and nothing beside it.</summary>
public abstract class KilledWorkerContract(FfmpegFixture media) : IClassFixture<FfmpegFixture>
{
    private static readonly Dictionary<string, string> Quick = new(StringComparer.Ordinal)
    {
        ["Transcode:Preset"] = "ultrafast",
        ["Transcode:Ladder:0"] = "36",
        ["Transcode:Ladder:1"] = "72",
        ["Transcode:Lease"] = "00:00:05",
        ["Trailers:Folder"] = "",
    };

    /// <summary>Of a worker that nobody kills: a machine that stands still takes no job from it.</summary>
    private protected static readonly (string Key, string Value) Steady = ("Transcode:Lease", "00:00:30");

    /// <summary>Objects of one run: the store may be shared.</summary>
    private readonly string run = Guid.NewGuid().ToString("n")[..8];

    /// <summary>Keys of the configuration of whoever uses the store.</summary>
    private protected abstract Dictionary<string, string> Store { get; }

    /// <summary>A way to the store on which a worker can be stopped.</summary>
    private protected abstract Task<StoreStops> StopsAsync();

    /// <summary>Parts of objects that the store keeps, which are none yet; null where that is out of sight.</summary>
    private protected virtual IEnumerable<string>? Partials(GatewayHost gateway) => null;

    /// <summary>
    /// Twelve jobs in one worker, each stopped at a point of its own; when all are there, one SIGKILL hits them all. A second worker finds
    /// them when their leases have run out.
    /// </summary>
    [Fact]
    public async Task A_worker_killed_at_each_of_twelve_points_loses_nothing_and_leaves_nothing()
    {
        await using var stops = await StopsAsync();
        await using var gateway = await GatewayHost.StartAsync(settings: With(Store, ("Gateway:Roles:0", "gateway"), ("Transcode:MaxDuration", "00:00:30")));
        using var api = gateway.Api("uploader");
        var clip = await ClipAsync();
        string[] points = ["download", "probe", "encode", "source-put", "source-put-done", "source-read-back", "segment", "segment-half", "segment-done", "media-playlist", "master", "master-done"];

        // One of them has a revision already: viewers keep it.
        await UploadAsync(api, "master", clip);
        await using (var first = await WorkerAsync(gateway.DataDirectory, null))
            Assert.Equal("ready", (await UploadTests.EndAsync(api, Video("master"))).GetProperty("status").GetString());
        await PlaysAsync(gateway, "master");
        var oldRevision = await RevisionAsync(gateway, "master");

        // The programs stop by the length of their input, the store's requests by their key.
        foreach (var point in points) await UploadAsync(api, point, [.. clip, .. point switch { "probe" => Free(1), "encode" => Free(2), _ => [] }]);
        var (ffmpeg, ffprobe) = (Program("ffmpeg", clip.Length + Free(2).Length), Program("ffprobe", clip.Length + Free(1).Length));
        var upload = await UploadKeyAsync(gateway, "download");
        var held = new Dictionary<string, Task>(StringComparer.Ordinal)
        {
            ["download"] = stops.Hold("GET", Regex.Escape(upload), Moment.Before),
            ["probe"] = ReachedAsync(gateway.DataDirectory, "at-ffprobe"),
            ["encode"] = ReachedAsync(gateway.DataDirectory, "at-ffmpeg"),
            ["source-put"] = stops.Hold("PUT", Source("source-put"), Moment.Before),
            ["source-put-done"] = stops.Hold("PUT", Source("source-put-done"), Moment.Done),
            ["source-read-back"] = stops.Hold("GET", Source("source-read-back"), Moment.Before),
            ["segment"] = stops.Hold("PUT", Made("segment", "36p/video0.ts"), Moment.Before),
            ["segment-half"] = stops.Hold("PUT", Made("segment-half", "36p/video1.ts"), Moment.Within),
            ["segment-done"] = stops.Hold("PUT", Made("segment-done", "72p/video1.ts"), Moment.Done),
            ["media-playlist"] = stops.Hold("PUT", Made("media-playlist", "72p/video.m3u8"), Moment.Before),
            ["master"] = stops.Hold("PUT", Made("master", "playlist.m3u8"), Moment.Before),
            ["master-done"] = stops.Hold("PUT", Made("master-done", "playlist.m3u8"), Moment.Done),
        };
        Assert.Equal(points.Order(StringComparer.Ordinal), held.Keys.Order(StringComparer.Ordinal));

        await using (var worker = await WorkerAsync(gateway.DataDirectory, stops,
            ("Transcode:FfmpegPath", ffmpeg), ("Transcode:FfprobePath", ffprobe), ("Transcode:ProbeTimeout", "00:05:00"), ("Transcode:Concurrency", Text(points.Length))))
        {
            await Eventually.IsTrueAsync(() => held.Values.All(point => point.IsCompletedSuccessfully),
                () => $"not reached: {string.Join(", ", held.Where(point => !point.Value.IsCompletedSuccessfully).Select(point => point.Key))}\n{worker.Output}", TimeSpan.FromSeconds(180));
            await worker.KillAsync();
            Assert.Equal(137, worker.ExitCode);
        }

        // Its programs died with it, and of what it was making nothing can be watched.
        await Eventually.IsTrueAsync(() => !Processes().Any(line => line.Contains(ffmpeg, StringComparison.Ordinal) || line.Contains(ffprobe, StringComparison.Ordinal)), "no program of the worker runs on");
        Assert.NotEmpty(Directory.EnumerateDirectories(Path.Combine(gateway.DataDirectory, "work")));
        if (Partials(gateway) is { } partials) Assert.Single(partials);
        foreach (var point in points.Where(point => point != "master")) Assert.Null(await PlaylistAsync(gateway, point));
        Assert.NotNull(await PlaylistAsync(gateway, "master"));
        Assert.Equal(oldRevision, await RevisionAsync(gateway, "master"));

        await using (var second = await WorkerAsync(gateway.DataDirectory, null, ("Transcode:Concurrency", "3"), Steady))
            foreach (var point in points)
            {
                var end = await UploadTests.EndAsync(api, Video(point));
                Assert.True(end.GetProperty("status").GetString() == "ready", $"{point}: {end}");
                await PlaysAsync(gateway, point);
                await NothingElseAsync(gateway, point, end, point == "master" ? oldRevision : null);
            }
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(gateway.DataDirectory, "work")));
        Assert.Empty(Partials(gateway) ?? []);
        var attempts = await AttemptsAsync(gateway);
        Assert.All(points, point => Assert.Equal(2, attempts[Video(point)]));
    }

    [Fact]
    public async Task A_worker_killed_when_its_video_is_out_leaves_an_upload_for_the_sweep_and_no_second_revision()
    {
        await using var stops = await StopsAsync();
        await using var gateway = await GatewayHost.StartAsync(settings: With(Store, ("Gateway:Roles:0", "gateway")));
        var store = gateway.Services.GetRequiredService<BlobStore>();
        using var api = gateway.Api("uploader");
        await UploadAsync(api, "tidy", await ClipAsync());
        var upload = await UploadKeyAsync(gateway, "tidy");
        var held = stops.Hold("DELETE", Regex.Escape(upload), Moment.Before);
        await using (var worker = await WorkerAsync(gateway.DataDirectory, stops))
        {
            await held.WaitAsync(TimeSpan.FromSeconds(180));
            await worker.KillAsync();
        }

        var end = await UploadTests.EndAsync(api, Video("tidy"));
        Assert.True(await store.ExistsAsync(upload, CancellationToken.None));
        await using (var second = await WorkerAsync(gateway.DataDirectory, null, ("Transcode:SweepInterval", "00:00:01"), ("Transcode:SweepMargin", "00:00:01")))
            await Eventually.IsTrueAsync(async () => !await store.ExistsAsync(upload, CancellationToken.None), "the sweep", TimeSpan.FromSeconds(180));
        await PlaysAsync(gateway, "tidy");
        await NothingElseAsync(gateway, "tidy", end, null);
        Assert.Equal(1, (await AttemptsAsync(gateway))[Video("tidy")]);
    }

    private protected string Video(string point) => $"{run}/{point}";

    /// <summary>Keys of the point's source, as an expression.</summary>
    private protected string Source(string point) => $"sources/{Video(point)}/.*";

    /// <summary>Keys of a file of the point's video, in whichever revision.</summary>
    private protected string Made(string point, string file) => $"videos/{Video(point)}/[^/]+/{Regex.Escape(file)}";

    private protected Task<byte[]> ClipAsync() => media.MakeAsync(
        "a.mp4", "-f", "lavfi", "-i", "testsrc2=s=128x72:r=10:d=6", "-f", "lavfi", "-i", "sine=d=6", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac");

    /// <summary>A box that players skip (ISO 14496-12, 8.1.2), to give one file several lengths.</summary>
    private static byte[] Free(int length) => [0, 0, 0, (byte)(8 + length), .. "free"u8, .. new byte[length]];

    private protected async Task UploadAsync(HttpClient api, string point, byte[] file)
    {
        using var answer = await api.PutAsync(new Uri($"api/videos/{Uri.EscapeDataString(Video(point))}", UriKind.Relative), new ByteArrayContent(file));
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    private Task<GatewayProcess> WorkerAsync(string data, StoreStops? stops, params (string Key, string Value)[] settings) =>
        GatewayProcess.StartAsync(data, settings: With(stops?.Settings ?? Store, [("Gateway:Roles:0", "worker"), .. settings]), environment: stops?.Environment);

    private protected static Dictionary<string, string> With(Dictionary<string, string> store, params (string Key, string Value)[] settings)
    {
        var all = new Dictionary<string, string>(Quick, StringComparer.Ordinal);
        foreach (var (key, value) in store) all[key] = value;
        foreach (var (key, value) in settings) all[key] = value;
        return all;
    }

    /// <summary>A program that, given an input of this length, says so and waits for ever; otherwise it is the real one.</summary>
    private string Program(string name, long length)
    {
        var folder = Directory.CreateDirectory(Path.Combine(media.Root, run)).FullName;
        for (var above = folder; above.Length > Path.GetTempPath().Length; above = Path.GetDirectoryName(above)!)
            File.SetUnixFileMode(above, (UnixFileMode)0b111_101_101);
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, $"#!/bin/sh\nif [ \"$(stat -c %s input)\" = {length.ToString(CultureInfo.InvariantCulture)} ]; then : >at-{name}; exec sleep 600; fi\nexec /usr/bin/{name} \"$@\"\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return path;
    }

    private static Task ReachedAsync(string data, string mark) => Eventually.IsTrueAsync(
        () => Directory.Exists(Path.Combine(data, "work")) && Directory.EnumerateDirectories(Path.Combine(data, "work")).Any(folder => File.Exists(Path.Combine(folder, mark))),
        mark, TimeSpan.FromSeconds(240));

    private static IEnumerable<string> Processes()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out _)))
        {
            var line = "";
            try
            {
                line = File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }

            yield return line;
        }
    }

    /// <summary>Null: nothing can be watched.</summary>
    private protected async Task<string?> PlaylistAsync(GatewayHost gateway, string point)
    {
        using var answer = await gateway.Client.GetAsync(new Uri($"watch/{Video(point)}/playlist.m3u8", UriKind.Relative));
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : null;
    }

    /// <summary>Every segment of every Rendition, as a player fetches them.</summary>
    private protected async Task PlaysAsync(GatewayHost gateway, string point)
    {
        var master = new Uri(gateway.Address, $"watch/{Video(point)}/playlist.m3u8");
        await Eventually.IsTrueAsync(async () => await PlaylistAsync(gateway, point) is not null, $"{point} can be watched");
        var media = Viewer.Uris(await gateway.Client.GetStringAsync(master)).ToList();
        Assert.Equal(2, media.Count);
        foreach (var child in media.Select(uri => new Uri(master, uri)))
        {
            var segments = Viewer.Uris(await gateway.Client.GetStringAsync(child)).ToList();
            Assert.Equal(2, segments.Count);
            foreach (var segment in segments)
            {
                using var redirect = await gateway.Client.GetAsync(new Uri(child, segment));
                Assert.Equal(HttpStatusCode.Found, redirect.StatusCode);
                var bytes = await gateway.Client.GetByteArrayAsync(redirect.Headers.Location);
                Assert.True(bytes.Length > 188 && bytes[0] == 0x47 && bytes.Length % 188 == 0);
            }
        }
    }

    private protected async Task NothingElseAsync(GatewayHost gateway, string point, JsonElement end, string? old, bool uploadStays = false)
    {
        var revision = end.GetProperty("revision").GetString()!;
        var store = gateway.Services.GetRequiredService<BlobStore>();
        await using var connection = await gateway.Services.GetRequiredService<CatalogueDatabase>().OpenAsync(CancellationToken.None);
        var revisions = (await connection.QueryAsync<string>("SELECT revision FROM revision WHERE video = @video", new { video = Video(point) })).Order(StringComparer.Ordinal);
        Assert.Equal(new[] { old, revision }.OfType<string>().Order(StringComparer.Ordinal), revisions);
        var prefix = $"videos/{Video(point)}/";
        var objects = await store.ListAsync(prefix, CancellationToken.None).ToListAsync();
        Assert.All(objects, key => Assert.Contains(key[prefix.Length..].Split('/')[0], revisions));
        var source = end.GetProperty("source");
        Assert.Equal([source.GetProperty("key").GetString()!], await store.ListAsync($"sources/{Video(point)}/", CancellationToken.None).ToListAsync());
        await using var copy = (await store.OpenAsync(source.GetProperty("key").GetString()!, CancellationToken.None))!;
        Assert.Equal(source.GetProperty("sha256").GetString(), Convert.ToHexStringLower(await SHA256.HashDataAsync(copy)));
        if (!uploadStays)
        {
            var upload = await UploadKeyAsync(gateway, point);
            await Eventually.IsTrueAsync(async () => !await store.ExistsAsync(upload, CancellationToken.None), $"the upload of {point} is gone");
        }
    }

    private async Task<string> UploadKeyAsync(GatewayHost gateway, string point)
    {
        await using var connection = await gateway.Services.GetRequiredService<CatalogueDatabase>().OpenAsync(CancellationToken.None);
        return await connection.QuerySingleAsync<string>("SELECT upload_key FROM job WHERE video = @video AND latest = 1", new { video = Video(point) });
    }

    private async Task<string> RevisionAsync(GatewayHost gateway, string point)
    {
        await using var connection = await gateway.Services.GetRequiredService<CatalogueDatabase>().OpenAsync(CancellationToken.None);
        return await connection.QuerySingleAsync<string>("SELECT revision FROM video WHERE video = @video", new { video = Video(point) });
    }

    private protected static async Task<Dictionary<string, long>> AttemptsAsync(GatewayHost gateway)
    {
        await using var connection = await gateway.Services.GetRequiredService<CatalogueDatabase>().OpenAsync(CancellationToken.None);
        return (await connection.QueryAsync<(string Video, long Attempts)>("SELECT video, attempts FROM job WHERE latest = 1")).ToDictionary(job => job.Video, job => job.Attempts, StringComparer.Ordinal);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
