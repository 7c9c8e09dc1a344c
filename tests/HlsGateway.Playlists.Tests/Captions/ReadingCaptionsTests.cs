using System.Text;

namespace HlsGateway.Playlists.Tests.Captions;

public sealed class ReadingCaptionsTests
{
    private const string Plain = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nOne\n\n00:00:03.000 --> 00:00:04.000\nTwo\n";

    public static TheoryData<string, string> SameFileOtherClothes => new()
    {
        { "plain", Plain },
        { "BOM", "\uFEFF" + Plain },
        { "CRLF", Plain.Replace("\n", "\r\n", StringComparison.Ordinal) },
        { "lone CR", Plain.Replace("\n", "\r", StringComparison.Ordinal) },
        { "BOM and CRLF", "\uFEFF" + Plain.Replace("\n", "\r\n", StringComparison.Ordinal) },
        { "no final newline", Plain.TrimEnd('\n') },
        { "no header", Plain["WEBVTT\n\n".Length..] },
        { "a title in the header", Plain.Replace("WEBVTT", "WEBVTT - a title", StringComparison.Ordinal) },
        { "no blank line after the header", Plain.Replace("WEBVTT\n\n", "WEBVTT\n", StringComparison.Ordinal) },
        { "comma decimals under a header", Plain.Replace("00.", "00,", StringComparison.Ordinal).Replace("2.5", "2,5", StringComparison.Ordinal) },
        { "no hours", Plain.Replace("00:00:", "00:", StringComparison.Ordinal) },
        { "one digit of hours", Plain.Replace("00:00:", "0:00:", StringComparison.Ordinal) },
        { "short fractions", Plain.Replace("2.500", "2.5", StringComparison.Ordinal) },
        { "no blanks about the arrow", Plain.Replace(" --> ", "-->", StringComparison.Ordinal) },
        { "many blank lines", Plain.Replace("\n\n", "\n\n\n\n", StringComparison.Ordinal) },
        { "no blank line between cues", Plain.Replace("One\n\n", "One\n", StringComparison.Ordinal) },
        { "wrong order", "WEBVTT\n\n00:00:03.000 --> 00:00:04.000\nTwo\n\n00:00:01.000 --> 00:00:02.500\nOne\n" },
        { "SRT", "1\n00:00:01,000 --> 00:00:02,500\nOne\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\n" },
        { "SRT with BOM and CRLF", "\uFEFF1\r\n00:00:01,000 --> 00:00:02,500\r\nOne\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nTwo\r\n" },
        { "SRT without counters", "00:00:01,000 --> 00:00:02,500\nOne\n\n00:00:03,000 --> 00:00:04,000\nTwo\n" },
        { "SRT without blank lines", "1\n00:00:01,000 --> 00:00:02,500\nOne\n2\n00:00:03,000 --> 00:00:04,000\nTwo" },
        { "SRT with coordinates", "1\n00:00:01,000 --> 00:00:02,500 X1:40 X2:600 Y1:20 Y2:50\nOne\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\n" },
        { "SRT under a map", "X-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n1\n00:00:01,000 --> 00:00:02,500\nOne\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\n" },
    };

    [Theory]
    [MemberData(nameof(SameFileOtherClothes))]
    public void W6_The_same_captions_are_read_from_every_way_of_writing_them(string how, string text)
    {
        var cues = Files.Parse(text).Cues;
        Assert.True(cues.Length == 2, how);
        Assert.Equal(new CaptionCue(1000, 2500, null, "", "One"), cues[0]);
        Assert.Equal(new CaptionCue(3000, 4000, null, "", "Two"), cues[1]);
    }

    [Theory]
    [InlineData("WEBVTT\n\nNOTE nothing but a remark\n", 0, "no caption")]
    [InlineData("", 0, "no caption")]
    [InlineData("just some prose\nover two lines\n", 0, "no caption")]
    [InlineData("WEBVTT\n\n00:01.000 --> 00:02.000\n\n", 0, "no caption")]
    [InlineData("WEBVTT\n\n00:01.000 --> 00:02.000\nA\n\n00:05.000 --> 00:04.000\nB\n", 6, "ends before")]
    [InlineData("1\r\n00:00:01,000 --> 00:00:02,000\r\nA\r\n\r\n2\r\n00:00:05,000 --> 00:00:04,000\r\nB\r\n", 6, "ends before")]
    [InlineData("WEBVTT\n\n00:61.000 --> 00:62.000\nA\n", 3, "cannot be read")]
    [InlineData("WEBVTT\n\nintro\n00:01.000 --> soon\nA\n", 4, "cannot be read")]
    [InlineData("WEBVTT\n\nsoon --> later\nA\n", 3, "cannot be read")]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:00:03,000 -> 00:00:04,000\nB\n", 6, "cannot be read")]
    [InlineData("WEBVTT\n\n100:00:00.000 --> 100:00:01.000\nA\n", 3, "below 100 hours")]
    public void W6_A_bad_file_is_refused_with_line_and_reason(string text, int line, string reason)
    {
        var error = Files.Refusal(text);
        Assert.Equal(line, error.Line);
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void W6_A_file_over_1_MiB_is_refused_and_one_of_exactly_1_MiB_is_read()
    {
        var text = Plain + "\nNOTE ";
        var exact = Files.Bytes(text + new string('x', WebVtt.MaxBytes - text.Length));
        Assert.True(WebVtt.TryParse(exact, out _, out _));
        Assert.Contains("1 MiB", Files.Refusal([.. exact, (byte)'x']).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void W6_What_is_not_text_is_refused_with_its_line()
    {
        Assert.Equal(4, Files.Refusal("WEBVTT\n\n00:01.000 --> 00:02.000\nA\0B\n").Line);
        Assert.Equal(4, Files.Refusal([.. "WEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nAb"u8, 0xE9, .. " c\r\n"u8]).Line);
        Assert.Contains("UTF-8", Files.Refusal(Encoding.Unicode.GetBytes("\uFEFF" + Plain)).Reason, StringComparison.Ordinal);
        Assert.Contains("UTF-8", Files.Refusal(Encoding.Latin1.GetBytes(Plain.Replace("One", "Un été", StringComparison.Ordinal))).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void W6_A_cue_may_hold_4000_characters_and_no_more()
    {
        string With(int count) => $"WEBVTT\n\n00:01.000 --> 00:02.000\n{new string('a', count)}\n";
        Assert.Equal(4000, Files.Parse(With(4000)).Cues[0].Text.Length);
        Assert.Equal(4, Files.Refusal(With(4001)).Line);
    }

    [Fact]
    public void W6_Comments_are_left_out_and_ids_settings_styles_and_regions_are_kept()
    {
        var seen = Files.Whole(Files.Parse("""
            WEBVTT

            NOTE
            00:00.000 --> 00:09.000
            a cue that was commented out

            STYLE
            ::cue(.loud) { color: yellow }

            REGION
            id:top
            width:40%

            intro
            00:01.000 --> 00:02.000 region:top align:start bogus:1 line:-->
            <c.loud>Hello</c>

            NOTE between

            00:03.000 --> 00:04.000 position:10%,line-left line:0
            World

            """.Replace("line:-->", "line:", StringComparison.Ordinal)));
        Assert.Equal(["STYLE\n::cue(.loud) { color: yellow }", "REGION\nid:top\nwidth:40%"], seen.Head);
        Assert.Equal(
            [new SeenCue(1000, 2000, "intro", " region:top align:start", "<c.loud>Hello</c>"), new SeenCue(3000, 4000, null, " position:10%,line-left line:0", "World")],
            seen.Cues);
    }

    [Theory]
    [InlineData("STYLE\n@import url(https://example.com/x.css);\n\n")]
    [InlineData("STYLE\n::cue { background: url(https://example.com/x.png) }\n\n")]
    [InlineData("STYLE\n</style><script>alert(1)</script>\n\n")]
    [InlineData("STYLE\n::cue { background: u\\72l(x) }\n\n")]
    [InlineData("STYLE\n::cue { color: red }\n00:00.000 --> 00:09.000\n\n")]
    public void A_style_that_could_load_or_break_out_is_left_out(string block)
    {
        var seen = Files.Whole(Files.Parse("WEBVTT\n\n" + block + Plain["WEBVTT\n\n".Length..]));
        Assert.Empty(seen.Head);
        Assert.Equal(2, seen.Cues.Count);
    }

    [Fact]
    public void W4_Ids_that_repeat_or_would_read_as_another_block_are_left_out()
    {
        var text = "WEBVTT\n\na\n00:01.000 --> 00:02.000\nA\n\na\n00:02.000 --> 00:03.000\nB\n\nSTYLE\n00:03.000 --> 00:04.000\nC\n\nX-TIMESTAMP-MAP=MPEGTS:1,LOCAL:0\n00:04.000 --> 00:05.000\nD\n";
        Assert.Equal(["a", null, null, null], Files.Whole(Files.Parse(text)).Cues.Select(cue => cue.Id));
    }

    [Theory]
    [InlineData("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:01.000 --> 00:02.000\nA\n")]
    [InlineData("WEBVTT\n\nX-TIMESTAMP-MAP=LOCAL:00:00:10.000,MPEGTS:0\n\n00:01.000 --> 00:02.000\nA\n")]
    [InlineData("WEBVTT\n\nX-TIMESTAMP-MAP=LOCAL:00:00:10.000,MPEGTS:0\n00:01.000 --> 00:02.000\nX-TIMESTAMP-MAP=MPEGTS:5,LOCAL:00:00:00.000\nA\n")]
    [InlineData("WEBVTT\n\nSTYLE\nX-TIMESTAMP-MAP=MPEGTS:5,LOCAL:00:00:00.000\n\n00:01.000 --> 00:02.000\nA\n")]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nx-timestamp-map=MPEGTS:5\nA\n\nX-TIMESTAMP-MAP=MPEGTS:6\n")]
    public void W2_A_map_in_an_uploaded_file_is_dropped_wherever_it_stands(string text)
    {
        var segment = CaptionSegment.Render(Files.Parse(text), 0, 4000, 4000, 133200);
        var seen = StrictWebVtt.Read(segment);
        Assert.Equal(133200, seen.Mpegts);
        Assert.Equal([new SeenCue(1000, 2000, null, "", "A")], seen.Cues);
    }

    [Theory]
    [InlineData("a --> b", "a --&gt; b")]
    [InlineData("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>")]
    [InlineData("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>")]
    [InlineData("<v onmouseover=alert(1)>x", "&lt;v onmouseover=alert(1)>x")]
    [InlineData("<v \" onclick>x", "&lt;v \" onclick>x")]
    [InlineData("<b onclick>x", "&lt;b onclick>x")]
    [InlineData("<v Mary Ann><i>so</i></v>", "<v Mary Ann><i>so</i></v>")]
    [InlineData("<lang en-GB>colour</lang>", "<lang en-GB>colour</lang>")]
    [InlineData("<ruby>漢<rt>kan</rt></ruby>", "<ruby>漢<rt>kan</rt></ruby>")]
    [InlineData("one <00:01.500>two", "one <00:00:01.500>two")]
    [InlineData("one <0:0:1.5>two <1:00,5>", "one <00:00:01.500>two &lt;1:00,5>")]
    [InlineData("Tom & Jerry &amp; co &nbsp;&#8203;&bogus", "Tom &amp; Jerry &amp; co &nbsp;&#8203;&amp;bogus")]
    [InlineData("1 < 2 > 0", "1 &lt; 2 > 0")]
    [InlineData("--<font>>", "--&gt;")]
    [InlineData("-\u0001->", "--&gt;")]
    [InlineData("<c.-->", "&lt;c.--&gt;")]
    [InlineData("<v a-->", "&lt;v a--&gt;")]
    [InlineData("<", "&lt;")]
    [InlineData("\u202Eright to left\u202C", "\u202Eright to left\u202C")]
    public void W6_Text_of_WebVTT_keeps_its_own_markup_and_the_rest_becomes_text(string written, string kept)
    {
        Assert.Equal(kept, Assert.Single(Files.Whole(Files.Parse($"WEBVTT\n\n00:01.000 --> 00:02.000\n{written}\n")).Cues).Text);
    }

    [Theory]
    [InlineData("<b>bold</b> <I>it</I> <u>under</u>", "<b>bold</b> <i>it</i> <u>under</u>")]
    [InlineData("<font color=\"#ffff00\">yellow</font>", "yellow")]
    [InlineData("<v Bob>hi", "&lt;v Bob>hi")]
    [InlineData("<script>x</script>", "&lt;script>x&lt;/script>")]
    [InlineData("press --> to go", "press --&gt; to go")]
    [InlineData("10:30 --> 11:00 bus", "10:30 --&gt; 11:00 bus")]
    [InlineData("two\n\nparts", "two\nparts")]
    [InlineData("two\n   \nparts", "two\nparts")]
    [InlineData("\n\nlate", "late")]
    [InlineData("count\n\n42\n\ndown", "count\n42\ndown")]
    public void W6_Text_of_SRT_keeps_b_i_u_and_nothing_in_it_can_leave_its_cue(string written, string kept)
    {
        var seen = Files.Whole(Files.Parse(Files.Srt(("00:00:01,000 --> 00:00:02,000", written), ("00:00:03,000 --> 00:00:04,000", "next"))));
        Assert.Equal([new SeenCue(1000, 2000, null, "", kept), new SeenCue(3000, 4000, null, "", "next")], seen.Cues);
    }

    [Fact]
    public void W6_The_place_override_of_SRT_becomes_a_setting()
    {
        var seen = Files.Whole(Files.Parse(Files.Srt(("00:00:01,000 --> 00:00:02,000", "{\\an8}up"), ("00:00:03,000 --> 00:00:04,000", "{\\an2}down"))));
        Assert.Equal([new SeenCue(1000, 2000, null, " line:0", "up"), new SeenCue(3000, 4000, null, "", "down")], seen.Cues);
    }

    [Fact]
    public void W6_Overlapping_cues_are_kept_as_they_are_and_cues_of_no_length_are_left_out()
    {
        var file = Files.Parse("WEBVTT\n\n00:01.000 --> 00:05.000\nA\n\n00:02.000 --> 00:02.000\nnever\n\n00:02.000 --> 00:03.000\nB\n\n00:02.000 --> 00:04.000\nC\n");
        Assert.Equal(["A", "B", "C"], file.Cues.Select(cue => cue.Text));
    }

    [Fact]
    public void W6_Five_thousand_cues_in_wrong_order_are_read_in_order()
    {
        var random = new Random(7);
        var starts = Enumerable.Range(0, 5000).Select(i => i * 300).ToArray();
        random.Shuffle(starts);
        var text = new StringBuilder("WEBVTT\n\n");
        foreach (var start in starts)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{TimeSpan.FromMilliseconds(start):hh\\:mm\\:ss\\.fff} --> {TimeSpan.FromMilliseconds(start + 500):hh\\:mm\\:ss\\.fff}\ncue {start}\n\n");
        var cues = Files.Parse(text.ToString()).Cues;
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => $"cue {i * 300}"), cues.Select(cue => cue.Text));
    }
}
