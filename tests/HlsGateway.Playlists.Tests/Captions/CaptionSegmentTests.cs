using System.Text;

namespace HlsGateway.Playlists.Tests.Captions;

public sealed class CaptionSegmentTests
{
    private static readonly CaptionFile File = Files.Parse("""
        WEBVTT

        a
        00:00:01.000 --> 00:00:02.000
        One

        b
        00:00:03.500 --> 00:00:09.000 line:0
        Over three segments

        c
        00:00:08.000 --> 00:00:30.000
        Past the end

        """);

    [Fact]
    public void W2_A_segment_starts_with_the_header_the_measured_map_and_a_blank_line()
    {
        var text = Encoding.UTF8.GetString(CaptionSegment.Render(File, 0, 4000, 22800, 133200));
        Assert.Equal(
            "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:133200,LOCAL:00:00:00.000\n\n"
            + "a\n00:00:01.000 --> 00:00:02.000\nOne\n\nb\n00:00:03.500 --> 00:00:09.000 line:0\nOver three segments\n\n",
            text);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(8589934591, 8589934591)]
    [InlineData(8589934592, 0)]
    [InlineData(8589934592 + 7200, 7200)]
    [InlineData(-90, 8589934502)]
    public void W2_The_map_is_taken_modulo_2_to_the_33(long mpegts, long written)
    {
        Assert.Equal(written, StrictWebVtt.Read(CaptionSegment.Render(File, 0, 4000, 22800, mpegts)).Mpegts);
        Assert.Equal(written, StrictWebVtt.Read(CaptionSegment.Blank(mpegts, 4800)).Mpegts);
    }

    [Fact]
    public void W3_The_trailers_window_holds_one_blank_cue_over_the_whole_window_mapped_to_the_trailer()
    {
        var seen = StrictWebVtt.Read(CaptionSegment.Blank(126000, 4800));
        Assert.Equal(126000, seen.Mpegts);
        var cue = Assert.Single(seen.Cues);
        Assert.Equal((0, 4800, "&nbsp;"), (cue.StartMs, cue.EndMs, cue.Text));
    }

    [Theory]
    [InlineData(0, 4000, "a b")]
    [InlineData(4000, 8000, "b")]
    [InlineData(8000, 12000, "b c")]
    [InlineData(8999, 9001, "b c")]
    [InlineData(9000, 12000, "c")]
    [InlineData(1999, 3500, "a")]
    [InlineData(2000, 3501, "b")]
    [InlineData(2000, 3500, "")]
    [InlineData(20000, 22800, "c")]
    public void W4_A_segment_holds_every_cue_that_overlaps_its_window(int start, int end, string ids)
    {
        var seen = StrictWebVtt.Read(CaptionSegment.Render(File, start, end, 22800, 0));
        Assert.Equal(ids, string.Join(' ', seen.Cues.Select(cue => cue.Id)));
    }

    [Fact]
    public void W4_Cues_keep_their_whole_times_but_end_with_the_content()
    {
        var seen = StrictWebVtt.Read(CaptionSegment.Render(File, 8000, 12000, 22800, 0));
        Assert.Equal([(3500, 9000), (8000, 22800)], seen.Cues.Select(cue => (cue.StartMs, cue.EndMs)));
    }

    [Fact]
    public void W4_A_cue_that_starts_at_or_after_the_contents_end_is_left_out()
    {
        Assert.Equal(["a", "b"], StrictWebVtt.Read(CaptionSegment.Render(File, 0, 12000, 8000, 0)).Cues.Select(cue => cue.Id));
    }

    [Fact]
    public void W5_The_blank_segments_are_valid_files()
    {
        Assert.Empty(StrictWebVtt.Read(CaptionSegment.Empty.Span).Cues);
        Assert.Empty(StrictWebVtt.Read(CaptionSegment.Render(CaptionFile.Nothing, 0, 4000, 8000, 133200)).Cues);
    }
}
