using System.Text;

namespace HlsGateway.Playlists.Tests.Captions;

public sealed class CaptionPlaylistTests
{
    private static readonly string Token = new('T', PlaylistTemplate.TokenLength);

    private static string Render(PlaylistTemplate template)
    {
        var bytes = new byte[template.Length];
        template.Render(Encoding.ASCII.GetBytes(Token), bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private static CaptionWindow Window(string duration, string name, bool discontinuity = false) =>
        new(duration, new RewrittenUri($"{name}.vtt?session_id=", "&s=x"), discontinuity);

    [Fact]
    public void S1_W3_The_blank_window_stands_last_behind_one_discontinuity()
    {
        var text = Render(CaptionPlaylist.Build([Window("4", "0"), Window("2.8", "1")], Window("4.8", "~t"), 4));
        Assert.Equal(
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
            + $"#EXTINF:4,\n0.vtt?session_id={Token}&s=x\n#EXTINF:2.8,\n1.vtt?session_id={Token}&s=x\n"
            + $"#EXT-X-DISCONTINUITY\n#EXTINF:4.8,\n~t.vtt?session_id={Token}&s=x\n#EXT-X-ENDLIST\n",
            text);
    }

    [Fact]
    public void S1_Discontinuities_of_the_content_stand_at_the_same_windows()
    {
        var lines = Render(CaptionPlaylist.Build([Window("4", "0"), Window("4", "1", true), Window("4", "2")], null, 4)).Split('\n');
        Assert.Equal(Array.IndexOf(lines, "#EXT-X-DISCONTINUITY") + 2, Array.FindIndex(lines, line => line.StartsWith("1.vtt", StringComparison.Ordinal)));
        Assert.Single(lines, "#EXT-X-DISCONTINUITY");
    }

    [Theory]
    [InlineData("4", 4, "#EXT-X-VERSION:1", "#EXT-X-TARGETDURATION:4")]
    [InlineData("4", 6, "#EXT-X-VERSION:1", "#EXT-X-TARGETDURATION:6")]
    [InlineData("4.004", 4, "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:5")]
    public void D5_S3_Version_and_target_duration_are_what_the_windows_need(string duration, int target, string version, string targetLine)
    {
        var lines = Render(CaptionPlaylist.Build([Window(duration, "0")], null, target)).Split('\n');
        Assert.Contains(version, lines);
        Assert.Contains(targetLine, lines);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("é")]
    [InlineData(null)]
    public void D3_A_uri_that_would_break_the_line_is_refused(string? uri)
    {
        Assert.Throws<ArgumentException>(() => CaptionPlaylist.Build([new CaptionWindow("4", new RewrittenUri(uri, null))], null, 4));
    }
}
