using System.Collections.Immutable;
using System.Text;

namespace HlsGateway.Playlists.Tests;

public sealed class LintTests
{
    private const string Spliced = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:2.5,\n~t/x@1/p/0.ts\n#EXT-X-ENDLIST\n";

    [Fact]
    public void A_playlist_that_keeps_the_rules_gives_no_finding()
    {
        Assert.Empty(Find(Spliced));
        Assert.Empty(Together(Spliced, Spliced, captions: false));
    }

    [Theory]
    [InlineData("D7", "<html>\n")]
    [InlineData("D1", "\uFEFF" + Spliced)]
    [InlineData("D5", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:3.5,\na.ts\n#EXT-X-ENDLIST\n")]
    [InlineData("D6", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n")]
    [InlineData("D6", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n#EXTINF:4,\nb.ts\n")]
    [InlineData("S3", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:5,\na.ts\n#EXT-X-ENDLIST\n")]
    [InlineData("S3", "#EXTM3U\n#EXTINF:5,\na.ts\n#EXT-X-ENDLIST\n")]
    [InlineData("S5", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:2,\n~t/x@1/p/0.ts\n#EXT-X-ENDLIST\n")]
    [InlineData("S6", "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"i.mp4\"\n#EXTINF:4,\na.m4s\n#EXT-X-DISCONTINUITY\n#EXTINF:2,\nb.m4s\n#EXT-X-ENDLIST\n")]
    [InlineData("W1", "#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"English\",LANGUAGE=\"en\",URI=\"e.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n")]
    [InlineData("W1", "#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"E\",LANGUAGE=\"en\",URI=\"e.m3u8\"\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"E\",LANGUAGE=\"de\",URI=\"d.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES=\"s\"\nv.m3u8\n")]
    public void One_playlist_that_breaks_a_rule_is_told_which(string rule, string playlist)
    {
        var findings = Find(playlist);
        Assert.Contains(findings, f => string.Equals(f.Rule, rule, StringComparison.Ordinal));
        Assert.All(findings, f => Assert.EndsWith(".", f.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("S1", "#EXT-X-DISCONTINUITY\n", "", false)]
    [InlineData("S1", "#EXTINF:4,\na.ts\n", "#EXTINF:4,\na.ts\n#EXTINF:2,\nb.ts\n", false)]
    [InlineData("S2", "#EXTINF:2.5,", "#EXTINF:2.3,", false)]
    [InlineData("S3", "TARGETDURATION:4", "TARGETDURATION:5", false)]
    [InlineData("W3", "#EXTINF:2.5,", "#EXTINF:2.3,", true)]
    [InlineData("W3", "#EXTINF:4,\na.ts\n", "#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n#EXTINF:4,\nc.ts\n", true)]
    public void Renditions_that_differ_where_players_need_them_alike_are_told_apart(string rule, string from, string to, bool captions) =>
        Assert.Contains(Together(Spliced, Spliced.Replace(from, to, StringComparison.Ordinal), captions), f => string.Equals(f.Rule, rule, StringComparison.Ordinal));

    [Fact]
    public void Trailers_that_differ_by_a_frame_are_alike() =>
        Assert.Empty(Together(Spliced, Spliced.Replace("#EXTINF:2.5,", "#EXTINF:2.521333,", StringComparison.Ordinal), captions: false));

    private static ImmutableArray<LintFinding> Find(string playlist) => DocumentLint.Check("p", Encoding.UTF8.GetBytes(playlist), Rendered.IsTrailer, out _, out _);

    private static ImmutableArray<LintFinding> Together(string first, string second, bool captions)
    {
        _ = DocumentLint.Check("first", Encoding.UTF8.GetBytes(first), Rendered.IsTrailer, out _, out var one);
        _ = DocumentLint.Check("second", Encoding.UTF8.GetBytes(second), Rendered.IsTrailer, out _, out var other);
        return SpliceLint.Check([new("first", false, one!), new("second", captions, other!)], Rendered.IsTrailer);
    }
}
