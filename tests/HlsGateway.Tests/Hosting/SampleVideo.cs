using System.Globalization;
using System.Text;

namespace HlsGateway.Tests.Hosting;

/// <summary>A small VOD as an origin serves it: one Variant Stream, muxed audio, MPEG-TS, 4 s segments that hold no real media.</summary>
public static class SampleVideo
{
    public const string Master = """
        #EXTM3U
        #EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=1280x720,CODECS="avc1.640020,mp4a.40.2"
        720p/video.m3u8

        """;

    public static string Media(int segments)
    {
        var text = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        for (var i = 0; i < segments; i++) text.Append(CultureInfo.InvariantCulture, $"#EXTINF:4,\nvideo{i}.ts\n");
        return text.Append("#EXT-X-ENDLIST\n").ToString();
    }

    /// <param name="video">The video's id: <c>v</c>, <c>a/b</c>.</param>
    public static void AddTo(LoopbackOrigin origin, string video, int segments = 5)
    {
        origin.Serve($"{video}/playlist.m3u8", Master);
        origin.Serve($"{video}/720p/video.m3u8", Media(segments));
        for (var i = 0; i < segments; i++) origin.Serve($"{video}/720p/video{i}.ts", new byte[188]);
    }
}
