namespace HlsGateway.Playlists.Tests;

/// <summary>Rule S12: what stands where when a trailer comes before the content.</summary>
public sealed class PreRollTests
{
    private const string Discontinuity = "#EXT-X-DISCONTINUITY";

    [Theory]
    [InlineData("#EXT-X-MEDIA-SEQUENCE:7")]
    [InlineData("#EXT-X-DISCONTINUITY-SEQUENCE:2")]
    [InlineData("#EXT-X-TARGETDURATION:9")]
    [InlineData("#EXT-X-PLAYLIST-TYPE:VOD")]
    [InlineData("#EXT-X-VERSION:7")]
    [InlineData("#EXT-X-INDEPENDENT-SEGMENTS")]
    [InlineData("#EXT-X-START:TIME-OFFSET=0,PRECISE=YES")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"")]
    [InlineData("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES")]
    [InlineData("#EXT-X-PART-INF:PART-TARGET=1")]
    [InlineData("#EXT-X-ALLOW-CACHE:NO")]
    public void S12_A_header_tag_stands_before_the_trailer_wherever_the_source_has_it(string header)
    {
        foreach (var source in (string[])
            [
                $"#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n{header}\n#EXTINF:4,\na.ts",
                $"#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1\n#EXT-X-MAP:URI=\"i\"\n{header}\n#EXTINF:4,\na.ts",
                $"#EXTINF:4,\n{header}\na.ts",
                $"#EXT-X-CUE-OUT:30\n#EXT-X-UNKNOWN:1\n{header}\n#EXT-X-GAP\n#EXTINF:4,\na.ts",
            ])
        {
            var lines = Lines($"#EXTM3U\n{source}\n#EXT-X-ENDLIST\n");

            Assert.InRange(Array.IndexOf(lines, header), 1, Trailer(lines) - 1);
            Assert.DoesNotContain(header, lines.Skip(Trailer(lines)));
        }
    }

    [Theory]
    [InlineData("#EXT-X-CUE-OUT:30")]
    [InlineData("#EXT-X-CUE-OUT-CONT:8/30")]
    [InlineData("#EXT-X-CUE-IN")]
    [InlineData("#EXT-OATCLS-SCTE35:/DAl")]
    [InlineData("#EXT-X-SCTE35:CUE=\"/DAl\"")]
    [InlineData("#EXT-X-SPLICEPOINT-SCTE35:/DAl")]
    [InlineData("#EXT-X-ASSET:CAID=0x1")]
    [InlineData("#EXT-X-DATERANGE:ID=\"d\",START-DATE=\"2026-01-01T00:00:00Z\"")]
    [InlineData("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z")]
    [InlineData("#EXT-X-BITRATE:900")]
    [InlineData("#EXT-X-GAP")]
    [InlineData("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1")]
    [InlineData("#EXT-X-MAP:URI=\"i\"")]
    public void S12_What_belongs_to_the_first_segment_stands_behind_the_discontinuity(string tag)
    {
        foreach (var source in (string[])
            [
                $"#EXT-X-TARGETDURATION:4\n{tag}\n#EXTINF:4,\na.ts",
                $"{tag}\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts",
                $"#EXT-X-TARGETDURATION:4\n{tag}\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\na.ts",
                $"#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{tag}\na.ts",
            ])
        {
            var lines = Lines($"#EXTM3U\n{source}\n#EXT-X-ENDLIST\n");

            Assert.Single(lines, line => line == Discontinuity);
            Assert.Equal(Trailer(lines) + 4, Array.IndexOf(lines, Discontinuity));
            Assert.True(Array.IndexOf(lines, tag) > Array.IndexOf(lines, Discontinuity), string.Join('\n', lines));
            Assert.True(Array.IndexOf(lines, tag) < Array.IndexOf(lines, "a.ts"), string.Join('\n', lines));
        }
    }

    [Fact]
    public void S12_Everything_else_keeps_its_order()
    {
        Assert.Equal(
            [
                "#EXTM3U", "# packager", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:4", "#EXT-X-OWN-HEADER", "#EXT-X-MEDIA-SEQUENCE:1", "trailer", Discontinuity,
                "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z", "#EXT-X-CUE-OUT:30", "#EXT-X-OWN-CUE", "#EXTINF:4,", "a.ts", "#EXT-X-MEDIA-SEQUENCE-LIKE", "#EXTINF:4,", "b.ts", "#EXT-X-ENDLIST",
            ],
            Told("#EXTM3U\n# packager\n#EXT-X-VERSION:3\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n#EXT-X-TARGETDURATION:4\n#EXT-X-CUE-OUT:30\n#EXT-X-OWN-HEADER\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-OWN-CUE\n"
                + "#EXTINF:4,\na.ts\n#EXT-X-MEDIA-SEQUENCE-LIKE\n#EXTINF:4,\nb.ts\n#EXT-X-ENDLIST\n"));
    }

    [Fact]
    public void S12_A_URI_that_is_no_segments_keeps_the_range_before_it() =>
        Assert.Equal(
            ["#EXTM3U", "#EXT-X-VERSION:4", "#EXT-X-TARGETDURATION:4", "trailer", Discontinuity, "#EXT-X-BYTERANGE:9@0", "stray.ts", "#EXTINF:4,", "#EXT-X-BYTERANGE:5@9", "a.ts", "#EXT-X-ENDLIST"],
            Told("#EXTM3U\n#EXT-X-BYTERANGE:9@0\nstray.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE:5@9\n#EXT-X-TARGETDURATION:4\na.ts\n#EXT-X-ENDLIST\n"));

    [Fact]
    public void S8_What_cannot_be_put_in_order_goes_without_a_trailer()
    {
        const string Later = "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"{$r}\"\n#EXT-X-DEFINE:NAME=\"r\",VALUE=\"no-range\"\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.m4s\n#EXT-X-ENDLIST\n";
        var many = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n" + string.Concat(Enumerable.Repeat("#EXTINF:4,\na.ts\n", 100_001)) + "#EXT-X-ENDLIST\n";

        Assert.Equal(Later, Rendered.Spliced(Later, Rendered.Trailer("fmp4") with { Before = true }));
        Assert.Equal(many, Rendered.Spliced(many, Rendered.Trailer("ts", "4") with { Before = true }));
    }

    [Fact]
    public void D6_The_end_is_last_where_the_source_has_it_first() =>
        Assert.Equal(
            ["#EXTM3U", "#EXT-X-TARGETDURATION:4", "trailer", Discontinuity, "#EXTINF:4,", "a.ts", "#EXT-X-ENDLIST"],
            Told("#EXTM3U\n#EXT-X-ENDLIST\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts"));

    [Fact]
    public void S12_An_interstitial_is_announced_behind_the_header_tags()
    {
        var text = Rendered.Compiled(
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n",
            new MediaEdit { Rewrite = Rendered.Keep, Interstitial = new("brand", Rendered.Session("t.m3u8", ""), "4.8", Before: true) });

        Assert.Contains("#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-DATERANGE:ID=\"brand\"", text, StringComparison.Ordinal);
    }

    private static string[] Lines(string text) =>
        Rendered.Spliced(text, Rendered.Trailer("ts", "4", "4") with { Before = true }).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The lines with the trailer's four as one word.</summary>
    private static string[] Told(string text)
    {
        var lines = Lines(text);
        return [.. lines[..Trailer(lines)], "trailer", .. lines[(Trailer(lines) + 4)..]];
    }

    /// <summary>Index of the trailer's first line.</summary>
    private static int Trailer(string[] lines) => Array.FindIndex(lines, line => line.StartsWith("~t/", StringComparison.Ordinal)) - 1;
}
