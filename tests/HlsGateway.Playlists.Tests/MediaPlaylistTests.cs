namespace HlsGateway.Playlists.Tests;

public sealed class MediaPlaylistTests
{
    private const string Vod = """
        #EXTM3U
        #EXT-X-VERSION:3
        #EXT-X-TARGETDURATION:4
        #EXTINF:4.000000,
        a.ts?sig=a%2Bb%2F%3D~
        #EXTINF:2.800000,
        b.ts
        #EXT-X-ENDLIST

        """;

    [Fact]
    public void Segments_have_their_exact_place_on_the_timeline()
    {
        var media = Rendered.Media(Vod);

        Assert.Equal(
            [
                new MediaSegment("a.ts?sig=a%2Bb%2F%3D~", "4", 0, 4000, -1, null, null, false),
                new MediaSegment("b.ts", "2.8", 4000, 2800, -1, null, null, false),
            ],
            media.Segments.ToArray());
        Assert.Equal(6800, media.DurationMs);
        Assert.Equal(4, media.TargetDuration);
        Assert.Equal(4000, media.LongestSegmentMs);
        Assert.True(media.HasEndList);
        Assert.False(media.Encrypted);
        Assert.False(media.IsTrickPlay);
    }

    [Fact]
    public void S1_the_trailer_stands_behind_a_discontinuity_and_before_the_end()
    {
        Assert.Equal(
            $"""
            #EXTM3U
            #EXT-X-VERSION:3
            #EXT-X-TARGETDURATION:4
            #EXTINF:4.000000,
            a.ts?sig=a%2Bb%2F%3D~&session_id={Rendered.Token}&duration=4&t=0
            #EXTINF:2.800000,
            b.ts?session_id={Rendered.Token}&duration=2.8&t=4000
            #EXT-X-DISCONTINUITY
            #EXTINF:4,
            ~t/brand@0a1b2c3d/ts/0.ts?session_id={Rendered.Token}&duration=4
            #EXTINF:0.8,
            ~t/brand@0a1b2c3d/ts/1.ts?session_id={Rendered.Token}&duration=0.8
            #EXT-X-ENDLIST

            """,
            Rendered.Compiled(Vod, new MediaEdit { Rewrite = Rendered.Gateway, Trailer = Rendered.Trailer() }));
    }

    [Fact]
    public void A_segment_tells_whether_a_discontinuity_stands_before_it()
    {
        var media = Rendered.Media("#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\nb.ts\n#EXTINF:4,\n#EXT-X-DISCONTINUITY\nc.ts\n#EXTINF:4,\nd.ts\n");

        Assert.Equal([false, true, true, false], media.Segments.Select(segment => segment.Discontinuity));
    }
}
