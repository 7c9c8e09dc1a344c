using System.Globalization;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using HlsGateway.Playback;
using HlsGateway.Playlists;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>What a connection holds that takes nothing: the response's buffer and a slice, whatever the playlist weighs.</summary>
public sealed class SlowReaderTests
{
    /// <summary>As Kestrel's MaxResponseBufferSize.</summary>
    private const int Buffer = 64 * 1024;

    private static readonly byte[] Token = Encoding.ASCII.GetBytes(new string('t', PlaylistTemplate.TokenLength));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_that_takes_nothing_is_waited_for_and_gets_the_whole_once_it_reads(bool gzip)
    {
        var template = Template(40_000);
        Assert.InRange(template.Length, 16 * Buffer, int.MaxValue);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: Buffer, resumeWriterThreshold: Buffer / 2, useSynchronizationContext: false));
        var writing = WriteAsync(gzip, pipe.Writer, template, default);
        // It came back without being done: it waits for the reader.
        Assert.False(writing.IsCompleted);
        Assert.True(pipe.Reader.TryRead(out var held));
        Assert.InRange(held.Buffer.Length, Buffer, Buffer + SlicedPlaylist.SliceSize);
        pipe.Reader.AdvanceTo(held.Buffer.Start);

        var done = Task.Run(async () =>
        {
            await writing;
            await pipe.Writer.CompleteAsync();
        });
        await using var stream = pipe.Reader.AsStream();
        await using var plain = gzip ? new GZipStream(stream, CompressionMode.Decompress) : stream;
        using var all = new MemoryStream();
        await plain.CopyToAsync(all);
        await done;
        var whole = new byte[template.Length];
        template.Render(Token, whole);
        Assert.Equal(whole, all.ToArray());
    }

    [Fact]
    public async Task A_reader_that_goes_ends_the_rendering()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: Buffer, resumeWriterThreshold: Buffer / 2, useSynchronizationContext: false));
        var writing = WriteAsync(gzip: false, pipe.Writer, Template(40_000), default);
        await pipe.Reader.CompleteAsync();
        await writing.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_long_playlist_is_the_same_plain_with_its_length_and_zipped()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("v/playlist.m3u8", SampleVideo.Master);
        origin.Serve("v/720p/video.m3u8", SampleVideo.Media(9000));
        await using var host = await GatewayHost.StartAsync(origin);
        var viewer = await Viewer.StartAsync(host.Client);
        var media = new Uri(host.Address, $"watch/v/720p/video.m3u8?session_id={viewer.Session}");
        using var plain = await host.Client.GetAsync(media);
        var whole = await plain.Content.ReadAsByteArrayAsync();
        Assert.InRange(whole.Length, 1_000_000, int.MaxValue);
        Assert.Equal(whole.Length, plain.Content.Headers.ContentLength);
        using var request = new HttpRequestMessage(HttpMethod.Get, media);
        request.Headers.Add("Accept-Encoding", "gzip");
        using var zipped = await host.Client.SendAsync(request);
        await using var unzipped = new GZipStream(await zipped.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        using var all = new MemoryStream();
        await unzipped.CopyToAsync(all);
        Assert.Equal(whole, all.ToArray());
    }

    private static Task WriteAsync(bool gzip, PipeWriter writer, PlaylistTemplate template, CancellationToken ct) =>
        SlicedPlaylist.WriteAsync(writer, gzip ? template.MakeGzip()! : template, Token, ct).AsTask();

    /// <summary>Text that a compressor makes little of, so that the buffer fills zipped too.</summary>
    private static PlaylistTemplate Template(int segments)
    {
        var random = new Random(1);
        var text = new StringBuilder("#EXTM3U\n#EXT-X-TARGETDURATION:4\n");
        for (var at = 0; at < segments; at++)
            text.Append(CultureInfo.InvariantCulture, $"#EXTINF:4,\n{random.NextInt64():x16}.ts\n");
        Assert.True(Playlist.TryParse(Encoding.UTF8.GetBytes(text.ToString()), out _, out var media, out _));
        return media!.Compile(new MediaEdit { Rewrite = static (in UriSite site) => new RewrittenUri(site.Uri + "?session_id=", "&s=x") });
    }
}
