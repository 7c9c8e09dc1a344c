using System.Text;

namespace HlsGateway.Playlists.Tests;

/// <summary>I-frames and thumbnails: looked at, never watched (rules S1, S12, H3).</summary>
public sealed class TrickPlayTests
{
    private const string Images = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:30\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-IMAGES-ONLY\n"
        + "#EXTINF:30.0,\n#EXT-X-TILES:RESOLUTION=320x180,LAYOUT=5x4,DURATION=1.5\n#EXT-X-BYTERANGE:1000@0\nall.jpg\n"
        + "#EXTINF:30.0,\n#EXT-X-TILES:RESOLUTION=320x180,LAYOUT=5x4,DURATION=1.5\n#EXT-X-BYTERANGE:900\nall.jpg\n#EXT-X-ENDLIST\n";

    [Theory]
    [InlineData("#EXT-X-I-FRAMES-ONLY", true)]
    [InlineData("#EXT-X-IMAGES-ONLY", true)]
    [InlineData("#EXT-X-IMAGES-ONLY-NOT", false)]
    [InlineData("#EXT-X-INDEPENDENT-SEGMENTS", false)]
    public void S12_Nothing_is_spliced_into_I_frames_and_images(string tag, bool trickPlay)
    {
        var media = Rendered.Media($"#EXTM3U\n{tag}\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
        var interstitial = new Interstitial("brand", Rendered.Session("a.m3u8", ""), "4.8", Before: false);

        Assert.Equal(trickPlay, media.IsTrickPlay);
        foreach (var edit in (MediaEdit[])
            [
                new() { Rewrite = Rendered.Keep, Trailer = Rendered.Trailer() },
                new() { Rewrite = Rendered.Keep, Trailer = Rendered.Trailer() with { Before = true } },
                new() { Rewrite = Rendered.Keep, Interstitial = interstitial },
            ])
            Assert.Equal(trickPlay, media.Compile(edit).Text() == $"#EXTM3U\n{tag}\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
    }

    [Fact]
    public void S12_A_playlist_of_thumbnails_keeps_its_tiles_and_gets_explicit_ranges()
    {
        var text = Rendered.Compiled(Images, new MediaEdit { Rewrite = Rendered.Gateway, Trailer = Rendered.Trailer() });

        Assert.Equal(
            Images.Replace("BYTERANGE:900", "BYTERANGE:900@1000", StringComparison.Ordinal)
                .Replace("@0\nall.jpg", $"@0\nall.jpg?session_id={Rendered.Token}&duration=30&t=0", StringComparison.Ordinal)
                .Replace("@1000\nall.jpg", $"@1000\nall.jpg?session_id={Rendered.Token}&duration=30&t=30000", StringComparison.Ordinal),
            text);
    }

    [Fact]
    public void S1_Image_streams_are_treated_like_I_frame_streams()
    {
        const string Text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=2,URI=\"i.m3u8\",RESOLUTION=320x180\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=3,URI=\"f.m3u8\"\n";
        var master = Rendered.Master(Text);
        var sites = new List<(UriKind Kind, int Index, string Uri)>();
        var kept = master.Compile(new MasterEdit
        {
            Rewrite = (in UriSite site) =>
            {
                sites.Add((site.Kind, site.Index, site.Uri));
                return RewrittenUri.Keep;
            },
        }).Text();
        var spliced = master.Compile(new MasterEdit { Rewrite = Rendered.Keep, Trailer = _ => default }).Text();

        Assert.Equal(Text, kept);
        Assert.Equal([(UriKind.VariantStream, 0, "v.m3u8"), (UriKind.IFrameStream, 0, "i.m3u8"), (UriKind.IFrameStream, 1, "f.m3u8")], sites);
        Assert.Equal("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n", spliced);
        Assert.True(master.HasIFrameStreams);
    }

    [Fact]
    public void S12_Nothing_is_put_before_segments_that_a_delta_update_skips()
    {
        const string Delta = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n";

        Assert.True(Rendered.Media(Delta).IsDelta);
        Assert.Equal(Delta, Rendered.Spliced(Delta, Rendered.Trailer() with { Before = true }));
        Assert.Empty(DocumentLint.Check("delta", Encoding.UTF8.GetBytes(Rendered.Spliced(Delta)), Rendered.IsTrailer, out _, out _).Where(finding => finding.Severity == LintSeverity.Error));
    }
}
