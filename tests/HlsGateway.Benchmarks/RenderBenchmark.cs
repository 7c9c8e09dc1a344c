using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using HlsGateway.Playlists;

namespace HlsGateway.Benchmarks;

/// <summary>
/// What a viewer's Media Playlist costs: once to read, compile and zip, then per viewer to render, plain and zipped, beside zipping it for
/// each viewer. Aims: 3 µs for 23 segments, 60 µs for 1,800, 0 bytes allocated by rendering.
/// </summary>
internal static class RenderBenchmark
{
    private const int Runs = 15;

    public static void Run(TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"segments",8} {"bytes",8} {"render µs",10} {"allocated",10} {"parse µs",10} {"compile µs",11}"));
        foreach (var segments in (int[])[23, 1800])
            Measure(output, segments);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"segments",8} {"zipped",-28} {"bytes",8} {"once µs",10} {"viewer µs",10} {"allocated",10}"));
        foreach (var segments in (int[])[23, 1800])
            MeasureZipped(output, segments);
    }

    private static void Measure(TextWriter output, int segments)
    {
        var bytes = MediaPlaylistOf(segments);
        var template = Compile(Parse(bytes));
        var rendered = new byte[template.Length];
        var playlist = Parse(bytes);

        var render = Best(CallsOf(segments, 200_000), () => template.Render(Token, rendered), out var allocated);
        var parse = Best(CallsOf(segments, 5000), () => Parse(bytes), out _);
        var compile = Best(CallsOf(segments, 5000), () => Compile(playlist), out _);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{segments,8} {template.Length,8} {render,10:0.00} {allocated,10} {parse,10:0.0} {compile,11:0.0}"));
    }

    private static void MeasureZipped(TextWriter output, int segments)
    {
        var playlist = Parse(MediaPlaylistOf(segments));
        var template = Compile(playlist);
        var rendered = new byte[template.Length];
        var calls = CallsOf(segments, 5000);

        var compile = Best(calls, () => Compile(playlist), out _);
        var make = Best(calls, () => Compile(playlist).MakeGzip(), out _) - compile;
        var gzip = template.MakeGzip() ?? throw new InvalidOperationException("Somebody else makes it.");
        var render = Best(calls * 40, () => gzip.Render(Token, rendered), out var allocated);
        Tell("once for all viewers", gzip.Length, make, render, allocated);
        foreach (var level in (CompressionLevel[])[CompressionLevel.Fastest, CompressionLevel.Optimal, CompressionLevel.SmallestSize])
        {
            long length = 0;
            var each = Best(calls, () => length = ZipForOne(template, rendered, level), out allocated);
            Tell($"for each, {level}", length, 0, each, allocated);
        }

        void Tell(string how, long length, double once, double each, long bytes) =>
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{segments,8} {how,-28} {length,8} {once,10:0.0} {each,10:0.00} {bytes,10}"));
    }

    /// <summary>16 KiB at a time, each part sent before the next is made: what a gateway does that keeps nothing zipped.</summary>
    private static long ZipForOne(PlaylistTemplate template, byte[] rendered, CompressionLevel level)
    {
        const int Slice = 16 * 1024;
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, level, leaveOpen: true))
        {
            for (var offset = 0; offset < template.Length; offset += Slice)
            {
                var slice = rendered.AsSpan(offset, Math.Min(Slice, template.Length - offset));
                template.RenderSlice(Token, offset, slice);
                gzip.Write(slice);
                gzip.Flush();
            }
        }

        return zipped.Length;
    }

    private static int CallsOf(int segments, int few) => segments > 100 ? few / 40 : few;

    /// <summary>The best of some runs: whatever else the machine does only adds.</summary>
    /// <param name="allocated">Bytes per call, over all runs.</param>
    private static double Best(int calls, Action action, out long allocated)
    {
        for (var warm = 0; warm < calls; warm++)
            action();

        var best = double.MaxValue;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var run = 0; run < Runs; run++)
        {
            var started = Stopwatch.GetTimestamp();
            for (var call = 0; call < calls; call++)
                action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalMicroseconds / calls);
        }

        allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / ((long)Runs * calls);
        return best;
    }

    private static byte[] Token { get; } = Encoding.ASCII.GetBytes(new string('t', PlaylistTemplate.TokenLength));

    private static MediaPlaylist Parse(byte[] bytes) =>
        Playlist.TryParse(bytes, out _, out var media, out var error) && media is not null ? media : throw new InvalidOperationException(error.ToString());

    /// <summary>As the gateway does: token, duration, start and signature in each URI, and a trailer behind the content.</summary>
    internal static PlaylistTemplate Compile(MediaPlaylist playlist) => playlist.Compile(new MediaEdit
    {
        Rewrite = static (in UriSite site) => new RewrittenUri(
            UriQuery.Append(site.Uri, "session_id="),
            string.Create(CultureInfo.InvariantCulture, $"&duration={site.Duration}&t={site.StartMs}&s={Signature(site.Index)}")),
        Trailer = new SplicedTrailer([new SplicedSegment("4", new RewrittenUri("~t/brand@0a1b2c3d/ts/0.ts?session_id=", "&duration=4&t=0&s=AAAAAAAAAAA"))], null, 4000),
    });

    /// <summary>As hard to compress as a real one.</summary>
    private static string Signature(long index) => Convert.ToBase64String(BitConverter.GetBytes((ulong)(index + 1) * 0x9E37_79B9_7F4A_7C15))[..11];

    internal static byte[] MediaPlaylistOf(int segments)
    {
        var text = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        for (var at = 0; at < segments; at++)
            text.Append(CultureInfo.InvariantCulture, $"#EXTINF:{(at % 4 == 0 ? "4.000000" : "3.960000")},\nvideo{at}.ts\n");
        return Encoding.UTF8.GetBytes(text.Append("#EXT-X-ENDLIST\n").ToString());
    }
}
