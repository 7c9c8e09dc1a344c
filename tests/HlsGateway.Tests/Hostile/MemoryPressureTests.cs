using System.Globalization;
using System.Net;
using System.Text;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Hostile;

/// <summary>More playlists than memory: the cache gives way, and everybody plays.</summary>
public sealed class MemoryPressureTests
{
    private const int HeapMegabytes = 128;
    private const int Segments = 6_000;

    [Fact]
    public async Task With_more_playlists_than_the_heap_can_hold_each_viewer_plays_and_the_process_lives()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        var videos = Soak.Of(120, 1_000);
        var media = Encoding.UTF8.GetBytes(SampleVideo.Media(Segments));
        for (var i = 0; i < videos; i++)
        {
            origin.Serve($"{Name(i)}/playlist.m3u8", SampleVideo.Master);
            origin.Serve($"{Name(i)}/720p/video.m3u8", media);
        }
        using var data = new TemporaryFolder();
        // The runtime itself refuses the process more than that, and it would die of an OutOfMemoryException.
        var heap = new Dictionary<string, string>(StringComparer.Ordinal) { ["DOTNET_GCHeapHardLimit"] = (HeapMegabytes << 20).ToString("x", CultureInfo.InvariantCulture) };
        using var gateway = await ChildGateway.StartAsync(data.Path, origin.Address, heap, "--Gateway:Origin:CacheBytes=33554432", "--Gateway:Origin:FreshFor=01:00:00", "--Ledger:CommitTimeout=00:00:10");
        long sent = 0;
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            using var client = gateway.NewPlayer();
            while (Interlocked.Increment(ref next) is var video && video < videos)
            {
                var child = Viewer.Uris(await client.GetStringAsync(new Uri($"watch/{Name(video)}/playlist.m3u8", UriKind.Relative))).Single();
                var playlist = await client.GetStringAsync(new Uri($"watch/{Name(video)}/{child}", UriKind.Relative));
                Interlocked.Add(ref sent, playlist.Length);
                var last = Viewer.Uris(playlist).Last();
                Assert.Equal(Segments, Viewer.Uris(playlist).Count());
                using var segment = await client.GetAsync(new Uri(new Uri(gateway.Address, $"watch/{Name(video)}/720p/"), last));
                Assert.Equal(HttpStatusCode.Found, segment.StatusCode);
            }
        })));
        // What was there first has given way, or nothing was under pressure: it is fetched again, and plays.
        var before = origin.Count($"{Name(0)}/720p/video.m3u8");
        using (var client = gateway.NewPlayer()) await Viewer.StartAsync(client, Name(0));
        Assert.InRange(origin.Count($"{Name(0)}/720p/video.m3u8"), before + 1, int.MaxValue);
        Figures.Say("memory", $"{videos:N0} playlists, {sent >> 20:N0} MiB as viewers got them, through a heap of {HeapMegabytes} MiB with a cache of 32 MiB: each answered in whole, most memory {ProcessFigures.PeakMegabytes(gateway.Id)} MiB");
    }

    private static string Name(int video) => string.Create(CultureInfo.InvariantCulture, $"film{video}");
}
