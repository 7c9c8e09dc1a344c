using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using HlsGateway.Playback;
using HlsGateway.Playlists;
using Microsoft.Extensions.Options;

namespace HlsGateway.Benchmarks;

/// <summary>
/// What a full playlist cache takes of the heap beside its bound, by the size of playlists, and what a connection holds that asks
/// for a long playlist and takes nothing of it.
/// </summary>
internal static class MemoryBenchmark
{
    private const long Bound = 256L << 20;

    public static async Task RunAsync(TextWriter output)
    {
        // The readers first: what the process gave up would hide what they take. Zipped first: they take less.
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"slow readers",12} {"playlist KiB",13} {"KiB of the process each",24}"));
        foreach (var gzip in (bool[])[true, false])
            await WaitAsync(output, gzip, Environment.WorkingSet);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"segments",8} {"kept",8} {"weighed MiB",12} {"heap MiB",9} {"KiB each",9}   of {Bound >> 20} MiB"));
        foreach (var segments in (int[])[6, 23, 1800])
            Fill(output, segments);
    }

    private static void Fill(TextWriter output, int segments)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var cache = new PlaylistCache(Options.Create(new OriginOptions { CacheBytes = Bound }));
        var kept = 0;
        for (long last = -1; cache.Held > last; kept++)
        {
            last = cache.Held;
            Keep(cache, kept, segments);
        }

        var heap = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{segments,8} {kept,8} {cache.Held / 1048576.0,12:0.0} {heap / 1048576.0,9:0.0} {heap / 1024.0 / kept,9:0.00}"));
    }

    /// <summary>As a first viewer does: a Media Playlist and the template of it, each with texts of its own.</summary>
    private static void Keep(PlaylistCache cache, int number, int segments)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"video_{number}/720p/video.m3u8");
        _ = Playlist.TryParse(RenderBenchmark.MediaPlaylistOf(segments), out _, out var media, out _);
        var playlist = new OriginPlaylist
        {
            Target = new OriginTarget(OriginKind.Cluster, path),
            Media = media,
            Version = Convert.ToHexString(Guid.NewGuid().ToByteArray()),
            Url = "http://origin.example/" + path,
            ETag = Guid.NewGuid().ToString(),
            FreshFor = TimeSpan.FromSeconds(10),
        };
        cache.Keep(playlist);
        var template = RenderBenchmark.Compile(media!);
        cache.Keep(new TemplateKey(playlist, path.Split('/')[0], path[path.IndexOf('/', StringComparison.Ordinal)..], new(new ChildRole(ChildRole.Variant, ""))), template, template);
    }

    private static async Task WaitAsync(TextWriter output, bool gzip, long before)
    {
        const int Readers = 1000;
        _ = Playlist.TryParse(RenderBenchmark.MediaPlaylistOf(9000), out _, out var media, out _);
        var template = RenderBenchmark.Compile(media!);
        var token = Encoding.ASCII.GetBytes(new string('t', PlaylistTemplate.TokenLength));
        using var gone = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, Readers).Select(_ =>
        {
            var writer = new Pipe(new PipeOptions(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 32 * 1024)).Writer;
            return SlicedPlaylist.WriteAsync(writer, gzip ? template.MakeGzip()! : template, token, gone.Token).AsTask();
        }).ToArray();
        GC.Collect();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{waiting.Count(task => !task.IsCompleted) + (gzip ? " zip" : " plain"),12} {template.Length / 1024,13} {(Environment.WorkingSet - before) / 1024.0 / Readers,24:0.0}"));
        await gone.CancelAsync();
        await Task.WhenAll(waiting.Select(task => task.ContinueWith(static _ => { }, TaskScheduler.Default)));
    }
}
