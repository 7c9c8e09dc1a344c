using System.Text;

namespace HlsGateway.Playlists.Tests;

/// <summary>Rules D: what a playlist is, and what stays as it was.</summary>
public sealed class DocumentRuleTests
{
    [Fact]
    public void D1_The_first_line_is_EXTM3U_without_a_byte_order_mark_and_lines_end_with_LF()
    {
        var text = Rendered.Compiled("\uFEFF#EXTM3U\r\n#EXT-X-TARGETDURATION:4\r\r\n#EXTINF:4,\r\na.ts\r", new MediaEdit { Rewrite = Rendered.Keep });

        Assert.Equal("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts", text);
    }

    [Fact]
    public void D2_Unknown_lines_attributes_and_variables_stay_as_they_are()
    {
        const string Text = "#EXTM3U x-tvg-url=\"a\"\n#EXT-X-DEFINE:NAME=\"n\",VALUE=\"v\"\n#EXT-X-FUTURE:URI=\"x\"\n#\n#EXTINF:4,{$n}\n{$n}/a.ts\n\n \t\n";

        Assert.Equal(Text, Rendered.Compiled(Text, new MediaEdit { Rewrite = Rendered.Keep }));
    }

    [Fact]
    public void D2_A_URI_is_shown_to_the_shell_with_its_line_and_without_the_blanks_around_it()
    {
        var seen = new List<string>();
        Rendered.Compiled("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4,\n n/a.ts?t=1\t\n", new MediaEdit
        {
            Rewrite = (in UriSite site) =>
            {
                seen.Add($"{site.Kind} {site.Index} line {site.Line}: {site.Uri}");
                return RewrittenUri.Keep;
            },
        });

        Assert.Equal(["Key 0 line 2: k", "Segment 0 line 4: n/a.ts?t=1"], seen);
    }

    [Theory]
    [InlineData("A=1,B=\"x,y=\"\"\",C=2", null)]
    [InlineData("A=1,B=\"x,y=z\",C=2", "A|1 B|x,y=z C|2")]
    [InlineData("A=1,", "A|1")]
    [InlineData(" A = 1 ,\tB = \"x\" ", "A|1 B|x")]
    [InlineData("A,B=", "A| B|")]
    [InlineData("A=\"\",,B=1", "A| | B|1")]
    [InlineData("A=\"b", null)]
    [InlineData("A=b\"c\"", null)]
    [InlineData("A=\"b\"c", null)]
    [InlineData("A=\"", null)]
    [InlineData("", "")]
    public void D3_Attributes_are_split_outside_quotes_only(string list, string? expected)
    {
        var attributes = new AttributeList(Encoding.UTF8.GetBytes(list));
        var read = new List<string>();
        var wellFormed = true;
        while (attributes.Read())
        {
            wellFormed &= attributes.WellFormed;
            read.Add($"{Encoding.UTF8.GetString(attributes.Name)}|{Encoding.UTF8.GetString(attributes.Value)}");
        }

        Assert.Equal(expected, wellFormed ? string.Join(' ', read) : null);
    }

    [Theory]
    [InlineData("a\"b", null)]
    [InlineData("a\nb", null)]
    [InlineData("a\rb", null)]
    [InlineData("a", "b\"c")]
    [InlineData("a", "b\u0085c")]
    public void D3_What_would_break_out_of_its_quotes_is_refused(string before, string? after)
    {
        var master = Rendered.Master("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"n\",URI=\"x\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");

        Assert.Throws<ArgumentException>(() => master.Compile(new MasterEdit
        {
            Rewrite = (in UriSite site) => site.Kind == UriKind.Rendition ? new RewrittenUri(before, after) : RewrittenUri.Keep,
        }));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("#a")]
    [InlineData(" #a")]
    [InlineData("a\nb")]
    public void D3_What_would_not_be_read_as_a_URI_line_is_refused(string uri) =>
        Assert.Throws<ArgumentException>(() => Rendered.Compiled("#EXTM3U\n#EXTINF:4,\na.ts\n", new MediaEdit { Rewrite = (in UriSite _) => new RewrittenUri(uri, null) }));

    [Fact]
    public void D3_A_URI_may_begin_with_the_token() =>
        Assert.Equal($"#EXTM3U\n#EXTINF:4,\n{Rendered.Token}/a.ts\n", Rendered.Compiled("#EXTM3U\n#EXTINF:4,\na.ts\n", new MediaEdit { Rewrite = (in UriSite _) => new RewrittenUri("", "/a.ts") }));

    [Fact]
    public void D3_An_unquoted_URI_gets_its_quotes_when_it_is_rewritten()
    {
        var text = Rendered.Compiled("#EXTM3U\n#EXT-X-MAP:URI=init.mp4 ,BYTERANGE=\"9@0\"\n#EXTINF:4,\na.m4s\n", new MediaEdit
        {
            Rewrite = (in UriSite site) => site.Kind == UriKind.Map ? new RewrittenUri(site.Uri + "?a,b", null) : RewrittenUri.Keep,
        });

        Assert.Contains("#EXT-X-MAP:URI=\"init.mp4?a,b\" ,BYTERANGE=\"9@0\"\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void D3_Of_a_repeated_attribute_the_first_counts_and_an_empty_URI_is_none()
    {
        var text = Rendered.Compiled(
            "#EXTM3U\n#EXT-X-KEY:METHOD=NONE,URI=\"\"\n#EXT-X-DATERANGE:ID=\"a\",X-ASSET-URI=\"1\",X-ASSET-LIST=\"2\",X-ASSET-URI=\"3\"\n#EXTINF:4,\na.ts\n",
            new MediaEdit { Rewrite = (in UriSite site) => new RewrittenUri($"{site.Kind}{site.Index}", null) });

        Assert.Equal(
            "#EXTM3U\n"
            + "#EXT-X-KEY:METHOD=NONE,URI=\"\"\n#EXT-X-DATERANGE:ID=\"a\",X-ASSET-URI=\"DateRangeAsset0\",X-ASSET-LIST=\"DateRangeAsset1\",X-ASSET-URI=\"3\"\n#EXTINF:4,\nSegment0\n",
            text);
    }

    [Fact]
    public void D4_A_segment_is_what_follows_EXTINF_whatever_it_is_called()
    {
        var media = Rendered.Media("#EXTM3U\nstray.ts\n#EXTINF:4,\n\n# comment\n#EXT-X-WHATEVER\n  \nvideo?id=7&x=.m3u8\nstray.ts\n#EXTINF:1,\n#EXTINF:2,\nb.html\n");

        Assert.Equal(["video?id=7&x=.m3u8", "b.html"], media.Segments.Select(segment => segment.Uri));
        Assert.Equal(6000, media.DurationMs);
    }

    [Fact]
    public void D4_A_URI_without_EXTINF_takes_its_byte_range_with_it()
    {
        const string Text = "#EXTM3U\n#EXT-X-BYTERANGE:9\nstray.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE:5\na.ts\n#EXT-X-BYTERANGE:7@70\nstray.ts\n#EXTINF:4,\nb.ts\n";

        Assert.Equal([("a.ts", 9L), ("b.ts", null)], Rendered.Media(Text).Segments.Select(segment => (segment.Uri, segment.RangeOffset)));
        var written = Rendered.Compiled(Text, new MediaEdit { Rewrite = Rendered.Gateway });
        Assert.Contains("#EXT-X-BYTERANGE:9\nstray.ts\n", written, StringComparison.Ordinal);
        Assert.Contains("#EXT-X-BYTERANGE:5@9\na.ts?", written, StringComparison.Ordinal);
        Assert.Equal(5, Rendered.Error("#EXTM3U\n#EXT-X-BYTERANGE:9\nstray.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE:x\na.ts\n").Line);
    }

    [Fact]
    public void D4_A_variant_is_what_follows_EXT_X_STREAM_INF()
    {
        var master = Rendered.Master("#EXTM3U\nstray.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:BANDWIDTH=2\n\n# comment\nno-extension\nstray.m3u8\n");

        Assert.Equal(("no-extension", 2), Assert.Single(master.Variants) switch { var variant => (variant.Uri, variant.Bandwidth) });
    }

    [Theory]
    [InlineData("#EXTINF:4.5,\na.ts", 3)]
    [InlineData("#EXTINF:4,\n#EXT-X-BYTERANGE:1@0\na.ts", 4)]
    [InlineData("#EXT-X-I-FRAMES-ONLY\n#EXTINF:4,\na.ts", 4)]
    [InlineData("#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI=\"i\"\n#EXTINF:4,\na.ts", 5)]
    [InlineData("#EXT-X-MAP:URI=\"i\"\n#EXTINF:4,\na.ts", 6)]
    [InlineData("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1\n#EXTINF:4,\na.ts", 2)]
    [InlineData("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMATVERSIONS=\"1\"\n#EXTINF:4,\na.ts", 5)]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n#EXTINF:4,\na.ts", 8)]
    [InlineData("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n#EXTINF:4,\na.ts", 5)]
    [InlineData("#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"k\",IV=0x1\n#EXTINF:4,\na.ts", 5)]
    [InlineData("#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF:4,\na.ts", 9)]
    [InlineData("#EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES=\"\"\n#EXTINF:4,\na.ts", 10)]
    [InlineData("#EXT-X-DEFINE:QUERYPARAM=\"a\"\n#EXTINF:4,\na.ts", 11)]
    public void D5_The_version_rises_to_what_the_playlist_needs_and_no_further(string body, int version)
    {
        var edit = new MediaEdit { Rewrite = Rendered.Gateway };

        Assert.StartsWith($"#EXTM3U\n#EXT-X-VERSION:{version}\n", Rendered.Compiled($"#EXTM3U\n{body}\n", edit), StringComparison.Ordinal);
        Assert.Contains($"\n#EXT-X-VERSION:{version}\n", Rendered.Compiled($"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXT-X-VERSION:1\n{body}\n", edit), StringComparison.Ordinal);
        Assert.Contains("\n#EXT-X-VERSION:12\n", Rendered.Compiled($"#EXTM3U\n#EXT-X-VERSION:12\n{body}\n", edit), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#EXT-X-STREAM-INF:BANDWIDTH=1\n", 0)]
    [InlineData("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"skd://k\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", 5)]
    [InlineData("#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"c\",INSTREAM-ID=\"CC1\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", 0)]
    [InlineData("#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"c\",INSTREAM-ID=\"SERVICE1\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", 7)]
    [InlineData("#EXT-X-STREAM-INF:BANDWIDTH=1,REQ-VIDEO-LAYOUT=\"CH-STEREO\"\n", 12)]
    [InlineData("#EXT-X-STREAM-INF:BANDWIDTH=1,NAME=\"a,REQ-X=1\"\n", 0)]
    public void D5_The_version_of_a_Master_Playlist_rises_likewise(string body, int version)
    {
        var text = Rendered.Compiled($"#EXTM3U\n{body}v.m3u8\n", new MasterEdit { Rewrite = Rendered.Gateway });

        Assert.StartsWith(version == 0 ? $"#EXTM3U\n{body}" : $"#EXTM3U\n#EXT-X-VERSION:{version}\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#EXT-X-VERSION:4\n#EXT-X-VERSION:7\n#EXT-X-VERSION:3\n", "#EXT-X-VERSION:7\n")]
    [InlineData("#EXT-X-VERSION:x\n", "#EXT-X-VERSION:1\n")]
    [InlineData("#EXT-X-VERSION:0\n", "#EXT-X-VERSION:1\n")]
    [InlineData("#EXT-X-VERSION:-3\n", "#EXT-X-VERSION:1\n")]
    [InlineData("#EXT-X-VERSION:3\n#EXT-X-VERSION:99999999999\n", "#EXT-X-VERSION:2147483647\n")]
    [InlineData("#EXT-X-VERSION:99999999999\n", "#EXT-X-VERSION:99999999999\n")]
    public void D5_There_is_one_version_and_it_is_a_number(string given, string expected) =>
        Assert.Equal($"#EXTM3U\n{expected}#EXTINF:4,\na.ts\n", Rendered.Compiled($"#EXTM3U\n{given}#EXTINF:4,\na.ts\n", new MediaEdit { Rewrite = Rendered.Keep }));

    [Fact]
    public void D5_A_trailer_raises_the_version_for_what_it_brings()
    {
        const string Whole = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n";

        Assert.DoesNotContain("VERSION", Rendered.Spliced(Whole, Rendered.Trailer("ts", "4")), StringComparison.Ordinal);
        Assert.StartsWith("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n", Rendered.Spliced(Whole, Rendered.Trailer("ts", "4.8")), StringComparison.Ordinal);
        Assert.StartsWith("#EXTM3U\n#EXT-X-VERSION:6\n", Rendered.Spliced(Whole, Rendered.Trailer("fmp4", "4")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#EXT-X-VERSION:3\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n")]
    [InlineData("#EXT-X-ENDLIST\n#EXT-X-VERSION:3\n#EXTINF:4,\na.ts")]
    [InlineData("#EXT-X-VERSION:3\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n#EXT-X-ENDLIST\n#EXT-X-VERSION:3\n#EXTM3U\n\n")]
    public void D6_Each_header_tag_stands_once_and_the_end_is_last(string body)
    {
        var lines = Rendered.Spliced($"#EXTM3U\n{body}").Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("#EXT-X-ENDLIST", lines[^1]);
        foreach (var tag in (string[])["#EXTM3U", "#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-ENDLIST", "#EXT-X-DISCONTINUITY"])
            Assert.Single(lines, line => line.Split(':')[0] == tag);
    }

    private static readonly (string What, byte[] Bytes, int Line)[] Refused =
    [
        ("empty", [], 0),
        ("no #EXTM3U", "<html>\n#EXTM3U\n"u8.ToArray(), 1),
        ("a blank line first", "\n#EXTM3U\n#EXTINF:1,\na\n"u8.ToArray(), 1),
        ("a longer name", "#EXTM3U8\n#EXTINF:1,\na\n"u8.ToArray(), 1),
        ("two byte order marks", "\uFEFF\uFEFF#EXTM3U\n#EXTINF:1,\na\n"u8.ToArray(), 1),
        ("old line ends", "#EXTM3U\r#EXTINF:1,\ra\r"u8.ToArray(), 1),
        ("UTF-16", Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("#EXTM3U\n#EXTINF:1,\na\n")).ToArray(), 1),
        ("not UTF-8", [.. "#EXTM3U\n#EXTINF:1,\n"u8, 0xC3, (byte)'\n'], 3),
        ("NUL", "#EXTM3U\n#EXTINF:1,\na\0b\n"u8.ToArray(), 3),
        ("more than 1,000,000 lines", [.. "#EXTM3U\n"u8, .. Enumerable.Repeat((byte)'\n', 1_000_000)], 0),
        ("over 8 MiB", [.. "#EXTM3U\n"u8, .. Enumerable.Repeat((byte)'\n', 8 * 1024 * 1024)], 0),
        ("a line over 64 KiB", [.. "#EXTM3U\n#EXTINF:1,\n"u8, .. Enumerable.Repeat((byte)'a', (64 * 1024) + 1), (byte)'\n'], 3),
        ("only the first line", "#EXTM3U\n"u8.ToArray(), 1),
        ("a list of music", "#EXTM3U\na.mp3\n"u8.ToArray(), 2),
        ("renditions without a variant", "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"n\"\n"u8.ToArray(), 2),
        ("a variant without a URI", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"u8.ToArray(), 2),
        ("a variant among segments", "#EXTM3U\n#EXTINF:1,\na\n#EXT-X-STREAM-INF:BANDWIDTH=1\nb\n"u8.ToArray(), 4),
        ("a segment among variants", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nb\n#EXTINF:1,\na\n"u8.ToArray(), 4),
        ("a lone carriage return", "#EXTM3U\n#EXTINF:1,\na\rb\n"u8.ToArray(), 3),
        ("a tab in a URI", "#EXTM3U\n#EXTINF:1,\na\tb\n"u8.ToArray(), 3),
        ("DEL in a URI", "#EXTM3U\n#EXTINF:1,\na\u007Fb\n"u8.ToArray(), 3),
        ("NEL in a URI", "#EXTM3U\n#EXTINF:1,\n\u00E9\u0085b\n"u8.ToArray(), 3),
        ("a control in a variant's URI", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\u0001\n"u8.ToArray(), 3),
        ("a control in an attribute", "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\u0001\"\n#EXTINF:1,\na\n"u8.ToArray(), 2),
        ("an open quotation mark", "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a\n#EXTINF:1,\na\n"u8.ToArray(), 2),
        ("an open quotation mark in a variant", "#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"a\nv\n"u8.ToArray(), 2),
        ("an open quotation mark in a rendition", "#EXTM3U\n#EXT-X-MEDIA:NAME=\"a\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv\n"u8.ToArray(), 2),
        ("too many attributes", Encoding.UTF8.GetBytes("#EXTM3U\n#EXT-X-STREAM-INF:" + new string(',', 1001) + "\nv\n"), 2),
        ("no duration", "#EXTM3U\n#EXTINF:,\na\n"u8.ToArray(), 2),
        ("a dot", "#EXTM3U\n#EXTINF:.,\na\n"u8.ToArray(), 2),
        ("a negative duration", "#EXTM3U\n#EXTINF:-1,\na\n"u8.ToArray(), 2),
        ("an exponent", "#EXTM3U\n#EXTINF:1e1,\na\n"u8.ToArray(), 2),
        ("not a number", "#EXTM3U\n#EXTINF:NaN,\na\n"u8.ToArray(), 2),
        ("a duration past 24 days", "#EXTM3U\n#EXTINF:2147484,\na\n"u8.ToArray(), 2),
        ("a sum past 24 days", "#EXTM3U\n#EXTINF:2147483,\na\n#EXTINF:1,\nb\n"u8.ToArray(), 5),
        ("an endless duration", [.. "#EXTM3U\n#EXTINF:"u8, .. Enumerable.Repeat((byte)'9', 60_000), .. ",\na\n"u8], 2),
        ("two byte ranges", "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:1@0\n#EXT-X-BYTERANGE:1@0\na\n"u8.ToArray(), 4),
        ("a byte range without a number", "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:\na\n"u8.ToArray(), 3),
        ("a negative byte range", "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:-1@0\na\n"u8.ToArray(), 3),
        ("a signed byte range", "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:+1\na\n"u8.ToArray(), 3),
        ("a byte range with an open offset", "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:1@\na\n"u8.ToArray(), 3),
        ("a byte range with a signed offset", "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:1@-5\na\n"u8.ToArray(), 3),
        ("a byte range with more behind it", "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:1@5x\na\n"u8.ToArray(), 3),
        ("a byte range with another mark", "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:1-5\na\n"u8.ToArray(), 3),
        ("a byte range past any file", "#EXTM3U\n#EXTINF:1,\n#EXT-X-BYTERANGE:9223372036854775807@1\na\n"u8.ToArray(), 4),
        ("a map with a faulty range", "#EXTM3U\n#EXT-X-MAP:URI=\"i\",BYTERANGE=\"x\"\n#EXTINF:1,\na\n"u8.ToArray(), 2),
        ("too many segments", Encoding.UTF8.GetBytes("#EXTM3U\n" + string.Concat(Enumerable.Repeat("#EXTINF:1,\na\n", 200_001))), 400_000),
        ("too many variants", Encoding.UTF8.GetBytes("#EXTM3U\n" + string.Concat(Enumerable.Repeat("#EXT-X-STREAM-INF:\na\n", 1000))), 2001),
        ("too many renditions", Encoding.UTF8.GetBytes("#EXTM3U\n" + string.Concat(Enumerable.Repeat("#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"a\",NAME=\"b\"\n", 2000)) + "#EXT-X-STREAM-INF:\na\n"), 2001),
        ("too many repetitions", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("#EXTM3U\n", 200_002))), 200_001),
        ("too many tags that wait for a segment", Encoding.UTF8.GetBytes("#EXTM3U\n" + string.Concat(Enumerable.Repeat("#EXT-X-GAP\n", 200_001))), 200_001),
        ("too many dates", Encoding.UTF8.GetBytes("#EXTM3U\n" + string.Concat(Enumerable.Repeat("#EXT-X-DATERANGE:X-ASSET-URI=a\n", 200_001)) + "#EXTINF:1,\na\n"), 200_001),
    ];

    public static TheoryData<string> NoPlaylists => [.. Refused.Select(refused => refused.What)];

    [Theory]
    [MemberData(nameof(NoPlaylists))]
    public void D7_Bytes_that_are_no_playlist_are_refused_with_a_reason_and_its_line(string what)
    {
        var refused = Refused.Single(row => row.What == what);

        var error = Rendered.Error(refused.Bytes);

        Assert.Equal(refused.Line, error.Line);
        Assert.Matches("^[A-Z][^\\n]{10,110}\\.$", error.Reason);
    }

    [Fact]
    public void D7_A_playlist_at_the_limits_is_read()
    {
        var uri = new string('a', 64 * 1024);
        var head = $"#EXTM3U\n#EXTINF:2147483.647,\n{uri}\n";
        const int Lines = 1_000_000 - 3;
        var (size, longer) = int.DivRem((8 * 1024 * 1024) - head.Length, Lines);
        var comment = "#".PadRight(size, '-');
        var text = head + string.Concat(Enumerable.Range(0, Lines).Select(i => i < longer ? comment + '\n' : comment[..^1] + '\n'));

        Assert.Equal(8 * 1024 * 1024, text.Length);
        var media = Rendered.Media(text);

        Assert.Equal(uri, media.Segments[0].Uri);
        Assert.Equal(int.MaxValue, media.DurationMs);
    }

    [Fact]
    public void D7_A_tag_without_the_colon_of_its_value_is_not_that_tag()
    {
        const string Bare = "#EXTM3U\n#EXT-X-VERSION\n#EXT-X-TARGETDURATION\n#EXTINF\nx\n#EXT-X-KEY\n#EXT-X-BYTERANGE\n#EXTINF:4,\na\n";

        Assert.Single(Rendered.Media(Bare).Segments);
        Assert.Equal(Bare, Rendered.Compiled(Bare, new MediaEdit { Rewrite = Rendered.Keep }));
        Assert.Equal(3, Rendered.Error("#EXTM3U\n#EXT-X-STREAM-INF\nx\n").Line);
    }

    [Theory]
    [InlineData("\u00A9/é.ts")]
    [InlineData("\u00BF\u00A0")]
    [InlineData("a b")]
    public void D7_Letters_that_are_no_controls_may_stand_in_a_URI(string uri) =>
        Assert.Equal(uri, Rendered.Media($"#EXTM3U\n#EXTINF:4,\n{uri}\n").Segments[0].Uri);

    [Fact]
    public void D7_A_malformed_tag_on_which_no_playback_hangs_is_copied()
    {
        const string Text = "#EXTM3U\n#EXT-X-DATERANGE:ID=\"a\",X-ASSET-URI=\"x\",X-JSON=\"{\"a\":1}\",X-ASSET-LIST=\"y\"\n#EXTINF:4,\na\n";

        var text = Rendered.Compiled(Text, new MediaEdit { Rewrite = (in UriSite site) => new RewrittenUri(site.Uri + "!", null) });

        Assert.Equal(Text.Replace("\"x\"", "\"x!\"", StringComparison.Ordinal).Replace("\na\n", "\na!\n", StringComparison.Ordinal), text);
    }

    [Fact]
    public void D7_A_stray_header_tag_of_the_other_kind_is_played_over()
    {
        Assert.Single(Rendered.Master("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv\n").Variants);
        Assert.Single(Rendered.Media("#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b\"\n#EXTINF:4,\na\n").Segments);
        Assert.Empty(Rendered.Media("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:9\n").Segments);
    }

    [Fact]
    public void D7_An_error_tells_its_line_where_it_has_one()
    {
        Assert.Equal("line 2: x", new PlaylistError("x", 2).ToString());
        Assert.Equal("x", new PlaylistError("x", 0).ToString());
    }

    [Fact]
    public void A_template_renders_for_a_whole_token_into_enough_room_only()
    {
        var template = Rendered.Media("#EXTM3U\n#EXTINF:4,\na.ts\n").Compile(new MediaEdit { Rewrite = Rendered.Gateway });

        Assert.Equal(2, template.Text().Split(Rendered.Token).Length);
        Assert.InRange(template.Weight, template.Length + sizeof(int), template.Length + 128);
        Assert.Throws<ArgumentException>(() => template.Render(new byte[39], new byte[template.Length]));
        Assert.Throws<ArgumentException>(() => template.Render(new byte[40], new byte[template.Length - 1]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("a\r\n\r\r\nb\rc\n\uFEFF\n")]
    [InlineData("\uFEFFa\r")]
    [InlineData("\uFEFF")]
    [InlineData("\r")]
    public void Every_byte_belongs_to_exactly_one_line(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new M3u8Reader(bytes);
        var end = 0;
        var lines = 0;
        while (reader.Read())
        {
            Assert.Equal(end, reader.Start);
            Assert.Equal(++lines, reader.Number);
            Assert.InRange(reader.TextStart, reader.Start, reader.TextEnd);
            Assert.InRange(reader.TextEnd, reader.TextStart, reader.End);
            Assert.False(reader.Text.EndsWith("\r"u8));
            Assert.Equal(reader.Number == 1 && text.StartsWith('\uFEFF'), reader.TextStart > reader.Start);
            Assert.Equal(bytes[reader.End - 1] == '\n', reader.HasLineEnd);
            end = reader.End;
        }

        Assert.Equal(bytes.Length, end);
    }
}
