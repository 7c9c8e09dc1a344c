namespace HlsGateway.Playlists.Tests;

/// <summary>Rules S as far as a Media Playlist shows them, and rules I that concern its segments.</summary>
public sealed class SpliceRuleTests
{
    private const string Vod = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n";

    [Fact]
    public void I3_Every_URI_carries_the_parameters_itself()
    {
        var lines = Goldens.Render(Goldens.Read("fmp4-vod")).Split('\n');

        Assert.All(lines.Where(line => line.Contains("URI=", StringComparison.Ordinal) || (line.Length > 0 && line[0] != '#')), line => Assert.Contains("session_id=" + Rendered.Token, line, StringComparison.Ordinal));
    }

    [Fact]
    public void I4_Byte_ranges_get_their_offsets_once_the_URIs_differ()
    {
        const string Ranges = "#EXTM3U\n#EXT-X-VERSION:4\n#EXTINF:1,\n#EXT-X-BYTERANGE:10@5\nm\n#EXTINF:1,\n#EXT-X-BYTERANGE: 20\nm\n#EXTINF:1,\n#EXT-X-BYTERANGE:30\nn\n#EXTINF:1,\n#EXT-X-BYTERANGE:40\nm\n#EXTINF:1,\nwhole\n#EXTINF:1,\n#EXT-X-BYTERANGE:60\nm\n#EXT-X-BYTERANGE:50\n";

        var media = Rendered.Media(Ranges);
        var ranges = Rendered.Compiled(Ranges, new MediaEdit { Rewrite = Rendered.Gateway }).Split('\n').Where(line => line.Contains("BYTERANGE", StringComparison.Ordinal));

        Assert.Equal([(5L, 10L), (15L, 20L), (35L, 30L), (65L, 40L), (-1L, -1L), (0L, 60L)], media.Segments.Select(segment => (segment.RangeOffset ?? -1, segment.RangeLength ?? -1)));
        Assert.Equal(["#EXT-X-BYTERANGE:10@5", "#EXT-X-BYTERANGE: 20@15", "#EXT-X-BYTERANGE:30@35", "#EXT-X-BYTERANGE:40@65", "#EXT-X-BYTERANGE:60@0", "#EXT-X-BYTERANGE:50"], ranges);
        Assert.Equal(Ranges, Rendered.Compiled(Ranges, new MediaEdit { Rewrite = Rendered.Keep }));
    }

    [Fact]
    public void I4_The_range_of_a_map_is_left_alone()
    {
        var media = Rendered.Media("#EXTM3U\n#EXT-X-MAP:BYTERANGE=\"9\",URI=\"m\"\n#EXT-X-MAP:BYTERANGE=\"9@7\",URI=\"m\"\n#EXT-X-MAP:URI=\"n\"\n#EXT-X-MAP:X=1\n#EXTINF:1,\n#EXT-X-BYTERANGE:3\nm\n");

        Assert.Equal([new MapSection("m", 0, 9), new MapSection("m", 7, 9), new MapSection("n", null, null)], media.Maps.ToArray());
        Assert.Equal((2, 0L), (media.Segments[0].MapIndex, media.Segments[0].RangeOffset));
        Assert.Contains("#EXT-X-MAP:BYTERANGE=\"9\",URI=\"m?session_id=", media.Compile(new MediaEdit { Rewrite = Rendered.Gateway }).Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4", "4")]
    [InlineData("04.000000", "4")]
    [InlineData("4.", "4")]
    [InlineData(".5", "0.5")]
    [InlineData("2.80", "2.8")]
    [InlineData(" 3.337 ", "3.337")]
    [InlineData("0", "0")]
    [InlineData("9.009009009009009009009", "9.009009009009009009")]
    [InlineData("0.0004", "0.0004")]
    public void I5_The_duration_to_sign_is_the_shortest_decimal_of_EXTINF(string written, string expected) =>
        Assert.Equal(expected, Rendered.Media($"#EXTM3U\n#EXTINF:{written},\na.ts\n").Segments[0].Duration);

    [Fact]
    public void I5_Starts_are_rounded_once_from_exact_sums()
    {
        var media = Rendered.Media("#EXTM3U\n" + string.Concat(Enumerable.Repeat("#EXTINF:0.0004,\na.ts\n", 5)) + "#EXTINF:0.0005,\nb.ts\n#EXTINF:0.999999999999999999,\nc.ts\n");

        Assert.Equal([0, 0, 1, 1, 2, 2, 3], media.Segments.Select(segment => segment.StartMs));
        Assert.Equal([0, 1, 0, 1, 0, 1, 999], media.Segments.Select(segment => segment.DurationMs));
        Assert.Equal(1002, media.DurationMs);
        Assert.Equal(1000, media.LongestSegmentMs);
    }

    [Fact]
    public void S1_A_discontinuity_that_the_content_left_behind_is_not_doubled()
    {
        var text = Rendered.Spliced("#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-ENDLIST\n#EXT-X-DISCONTINUITY\n");

        Assert.Single(text.Split('\n'), line => line == "#EXT-X-DISCONTINUITY");
    }

    [Fact]
    public void S1_The_trailer_stands_between_the_last_segment_and_the_playlists_end_behind_one_discontinuity()
    {
        var lines = Rendered.Spliced(Vod).Split('\n');

        var (last, discontinuity) = (Array.FindIndex(lines, line => line.StartsWith("a.ts", StringComparison.Ordinal)), Array.IndexOf(lines, "#EXT-X-DISCONTINUITY"));
        Assert.Equal(last + 1, discontinuity);
        Assert.Contains(lines[discontinuity..], line => line.StartsWith("#EXTINF", StringComparison.Ordinal));
        Assert.Equal(["#EXT-X-ENDLIST", ""], lines[^2..]);
        Assert.Single(lines, line => line == "#EXT-X-ENDLIST");
    }

    [Fact]
    public void S5_Before_encrypted_content_every_segment_keeps_its_key_and_its_vector()
    {
        const string Keys = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n"
            + "#EXT-X-KEY:METHOD=AES-128,URI=\"l\",IV=0x0102\n#EXTINF:4,\nc.ts\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:4,\nd.ts\n#EXTINF:4,\n#EXT-X-KEY:METHOD=AES-128,URI=\"m\"\ne.ts\n"
            + "#EXT-X-ENDLIST\n";
        var before = SegmentKey.OfSegments(Rendered.Media(Keys));
        var after = SegmentKey.OfSegments(Rendered.Media(Rendered.Spliced(Keys, Rendered.Trailer() with { Before = true })));

        Assert.Equal([null, null], after.Take(2));
        Assert.Equal(before.Select(Told), after.Skip(2).Select(Told));
        Assert.Equal("AES-128 k 00000000000000000000000000000008", Told(after[3]));

        static string Told(SegmentKey? key) => key is null ? "clear" : $"{key.Method} {key.Uri} {Convert.ToHexString(key.Iv)}";
    }

    [Theory]
    [InlineData("#EXTM3U\n#EXT-X-START:TIME-OFFSET=3\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n", "TIME-OFFSET=7.8\n")]
    [InlineData("#EXTM3U\n#EXT-X-START:TIME-OFFSET=0\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n", "TIME-OFFSET=0\n")]
    [InlineData("#EXTM3U\n#EXT-X-START:TIME-OFFSET=-3\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n", "TIME-OFFSET=-3\n")]
    [InlineData("#EXTM3U\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n", "1.ts?session_id=TOKENtokenTOKENtokenTOKENtokenTOKENtoken&duration=0.8\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n")]
    public void S10_Before_the_content_a_start_keeps_its_moment_and_a_discontinuity_is_not_doubled(string playlist, string expected) =>
        Assert.Contains(expected, Rendered.Spliced(playlist, Rendered.Trailer() with { Before = true }), StringComparison.Ordinal);

    [Fact]
    public void S2_The_durations_of_the_trailer_are_written_as_they_were_measured()
    {
        var text = Rendered.Spliced(Vod, Rendered.Trailer("ts", "3.999978", "0.800011"));

        Assert.Contains("#EXTINF:3.999978,\n", text, StringComparison.Ordinal);
        Assert.Contains("#EXTINF:0.800011,\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void S2_A_trailer_that_is_none_is_the_callers_mistake()
    {
        Assert.Throws<ArgumentException>(() => Rendered.Spliced(Vod, new SplicedTrailer([], null, 4000)));
        Assert.Throws<ArgumentException>(() => Rendered.Spliced(Vod, Rendered.Trailer("ts", "4s")));
        Assert.Throws<ArgumentException>(() => Rendered.Spliced(Vod, new SplicedTrailer([new SplicedSegment("4", RewrittenUri.Keep)], null, 4000)));
        Assert.Throws<ArgumentException>(() => Rendered.Spliced(Vod, new SplicedTrailer([new SplicedSegment("4", new RewrittenUri("a", null))], RewrittenUri.Keep, 4000)));
    }

    [Theory]
    [InlineData(3, "4", "4", 4000, 4)]
    [InlineData(3, "4", "4.2", 4000, 5)]
    [InlineData(3, "4", "4.2", 4500, 5)]
    [InlineData(3, "4.001", "4", 4000, 5)]
    [InlineData(3, "4", "0.8", 4001, 5)]
    [InlineData(6, "4", "4.2", 4000, 4)]
    [InlineData(6, "4", "4.5", 4000, 5)]
    [InlineData(6, "4.6", "4.4", 4000, 5)]
    [InlineData(6, "4", "0.8", 5500, 6)]
    [InlineData(6, "2", "0.8", 1000, 4)]
    [InlineData(6, "3.9", "4.499999999999999999", 0, 4)]
    [InlineData(3, "3.9", "4.000000000000000001", 0, 5)]
    public void S3_The_target_duration_covers_content_and_trailer(int version, string content, string trailer, int longestMs, int target)
    {
        var spliced = Rendered.Trailer("ts", trailer) with { LongestSegmentMs = longestMs };

        var text = Rendered.Spliced($"#EXTM3U\n#EXT-X-VERSION:{version}\n#EXT-X-TARGETDURATION:4\n#EXTINF:{content},\na.ts\n#EXT-X-ENDLIST\n", spliced);

        Assert.Contains($"#EXT-X-TARGETDURATION:{target}\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, "4.0107", 2400, 5)]
    [InlineData(7, "4.0107", 2400, 4)]
    [InlineData(3, "2", 2400, 3)]
    [InlineData(7, "2", 2400, 2)]
    [InlineData(3, "1", 9001, 10)]
    public void S3_What_a_spliced_playlist_will_declare_is_known_before(int version, string content, int longestMs, int target)
    {
        var text = $"#EXTM3U\n#EXT-X-VERSION:{version}\n#EXT-X-TARGETDURATION:2\n#EXTINF:{content},\na.ts\n#EXT-X-ENDLIST\n";
        Assert.True(Playlist.TryParse(System.Text.Encoding.ASCII.GetBytes(text), out _, out var media, out _));

        Assert.Equal(target, media!.Timing.With(longestMs));
        Assert.Contains($"#EXT-X-TARGETDURATION:{target}\n", Rendered.Spliced(text, Rendered.Trailer("ts", "0.8") with { LongestSegmentMs = longestMs }), StringComparison.Ordinal);
    }

    [Fact]
    public void S3_The_target_duration_is_an_integer_and_there_when_a_trailer_is()
    {
        Assert.Contains("#EXT-X-TARGETDURATION:23\n", Rendered.Compiled("#EXTM3U\n#EXT-X-TARGETDURATION:22.8\n#EXTINF:4,\na.ts\n", new MediaEdit { Rewrite = Rendered.Keep }), StringComparison.Ordinal);
        Assert.Contains("#EXT-X-TARGETDURATION:5\n", Rendered.Compiled("#EXTM3U\n#EXT-X-TARGETDURATION:soon\n#EXTINF:4.1,\na.ts\n", new MediaEdit { Rewrite = Rendered.Keep }), StringComparison.Ordinal);
        Assert.Contains("#EXT-X-TARGETDURATION:4\n", Rendered.Compiled("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:\n#EXTINF:4.1,\na.ts\n", new MediaEdit { Rewrite = Rendered.Keep }), StringComparison.Ordinal);
        Assert.StartsWith("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n", Rendered.Spliced("#EXTM3U\n#EXTINF:4.1,\na.ts\n#EXT-X-ENDLIST\n"), StringComparison.Ordinal);
        Assert.Equal("#EXTM3U\n#EXTINF:4.1,\na.ts\n", Rendered.Compiled("#EXTM3U\n#EXTINF:4.1,\na.ts\n", new MediaEdit { Rewrite = Rendered.Keep, Trailer = Rendered.Trailer() }));
    }

    [Fact]
    public void S4_One_edit_gives_the_same_bytes_every_time()
    {
        foreach (var name in Goldens.Names)
            Assert.Equal(Goldens.Render(Goldens.Read(name)), Goldens.Render(Goldens.Read(name)));
    }

    [Theory]
    [InlineData("", "#EXTINF:1,\nb.ts\n", false)]
    [InlineData("#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n", "", true)]
    [InlineData("#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n", "#EXT-X-KEY:METHOD=NONE\n#EXTINF:1,\nb.ts\n", false)]
    [InlineData("#EXT-X-KEY:METHOD=NONE\n", "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://k\"\n#EXTINF:1,\nb.ts\n", true)]
    [InlineData("#EXT-X-KEY:URI=\"k\"\n", "", true)]
    [InlineData("#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n", "#EXT-X-KEY:METHOD=NONE\n", true)]
    [InlineData("", "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n", false)]
    public void S5_The_key_of_the_last_segment_is_lifted_before_the_trailer(string before, string after, bool lifted)
    {
        var text = Rendered.Spliced($"#EXTM3U\n{before}#EXTINF:1,\na.ts\n{after}#EXT-X-ENDLIST\n", Rendered.Trailer("fmp4"));

        Assert.Contains($"\n#EXT-X-DISCONTINUITY\n{(lifted ? "#EXT-X-KEY:METHOD=NONE\n" : "")}#EXT-X-MAP:URI=\"~t/", text, StringComparison.Ordinal);
    }

    [Fact]
    public void S5_A_playlist_tells_whether_anything_in_it_is_encrypted()
    {
        Assert.True(Rendered.Media("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:1,\na\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:1,\nb\n").Encrypted);
        Assert.False(Rendered.Media("#EXTM3U\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:1,\na\n").Encrypted);
    }

    [Fact]
    public void S6_A_trailer_for_fMP4_brings_its_own_map_and_one_for_MPEG_TS_has_none()
    {
        Assert.Contains($"\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"~t/brand@0a1b2c3d/fmp4/init.mp4?session_id={Rendered.Token}\"\n#EXTINF:4,\n", Goldens.Render(Goldens.Read("fmp4-vod")), StringComparison.Ordinal);
        Assert.DoesNotContain("EXT-X-MAP", Goldens.Render(Goldens.Read("ts-vod")), StringComparison.Ordinal);
    }

    [Fact]
    public void S6_A_map_that_no_segment_used_does_not_reach_the_trailer() =>
        Assert.DoesNotContain("late.mp4", Rendered.Spliced("#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-MAP:URI=\"late.mp4\"\n#EXT-X-ENDLIST\n"), StringComparison.Ordinal);

    [Fact]
    public void S8_Without_a_copy_nothing_is_spliced() =>
        Assert.Equal(Vod, Rendered.Compiled(Vod, new MediaEdit { Rewrite = Rendered.Keep, Trailer = null }));

    [Theory]
    [InlineData("-12.5", "-17.3")]
    [InlineData("-0.2", "-5")]
    [InlineData("12.5", "12.5")]
    [InlineData("-soon", "-soon")]
    [InlineData("\"-1\"", "-5.8")]
    public void S10_A_start_counted_from_the_end_stays_where_it_was(string offset, string expected)
    {
        var text = Rendered.Spliced($"#EXTM3U\n#EXT-X-START:TIME-OFFSET={offset},PRECISE=YES\n#EXTINF:60,\na.ts\n#EXT-X-ENDLIST\n");

        Assert.Contains($"#EXT-X-START:TIME-OFFSET={expected},PRECISE=YES\n", text, StringComparison.Ordinal);
        Assert.Contains("#EXT-X-START:PRECISE=YES\n", Rendered.Spliced("#EXTM3U\n#EXT-X-START:PRECISE=YES\n#EXTINF:60,\na.ts\n#EXT-X-ENDLIST\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void S10_A_bit_rate_that_was_said_of_the_content_is_not_said_of_the_trailer()
    {
        const string Text = "#EXTM3U\n#EXT-X-BITRATE:1800\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n";

        Assert.Contains("#EXT-X-DISCONTINUITY\n#EXT-X-BITRATE:1200\n#EXTINF:4,\n", Rendered.Spliced(Text), StringComparison.Ordinal);
        Assert.Contains("#EXT-X-DISCONTINUITY\n#EXTINF:4,\n", Rendered.Spliced(Text, Rendered.Trailer() with { Bandwidth = 0 }), StringComparison.Ordinal);
        Assert.Contains("#EXT-X-DISCONTINUITY\n#EXTINF:4,\n", Rendered.Spliced(Vod), StringComparison.Ordinal);
    }

    [Fact]
    public void S10_Tags_that_wait_for_a_segment_do_not_reach_the_trailer_and_others_stay()
    {
        var text = Rendered.Spliced("#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-GAP\n#EXT-X-PROGRAM-DATE-TIME:2026-01-02T21:55:40.000Z\n#EXT-X-CUE-IN\n#EXTINF:3,\n#EXT-X-BYTERANGE:5\n#EXT-X-DATERANGE:ID=\"a\"\n");

        Assert.Contains("#EXT-X-GAP", text, StringComparison.Ordinal);
        Assert.Equal(
            "a.ts|#EXT-X-CUE-IN|#EXT-X-DATERANGE:ID=\"a\"|#EXT-X-DISCONTINUITY|#EXTINF:4,",
            string.Join('|', Rendered.Spliced("#EXTM3U\n#EXT-X-ENDLIST\n#EXTINF:4,\na.ts\n#EXT-X-GAP\n#EXT-X-PROGRAM-DATE-TIME:2026-01-02T21:55:40.000Z\n#EXT-X-CUE-IN\n#EXTINF:3,\n#EXT-X-BYTERANGE:5\n#EXT-X-DATERANGE:ID=\"a\"\n").Split('\n')[4..9]));
    }

    [Fact]
    public void S11_Nothing_is_spliced_into_a_playlist_without_an_end()
    {
        foreach (var name in (string[])["live", "event", "low-latency"])
        {
            var media = Rendered.Media(Goldens.Read(name));
            Assert.False(media.HasEndList);
            var injected = media.Compile(new MediaEdit { Rewrite = Rendered.Gateway }).Text();

            Assert.Equal(injected, media.Compile(new MediaEdit { Rewrite = Rendered.Gateway, Trailer = Rendered.Trailer() }).Text());
            Assert.Contains("session_id=", injected, StringComparison.Ordinal);
        }
    }
}
