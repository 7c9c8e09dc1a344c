using System.Globalization;
using System.Text;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting.Judge;

/// <summary>What the judged viewers watch: 60 s in two Renditions whose segments do not end at the same times, sound, and an I-frame playlist.</summary>
internal static class JudgedStream
{
    public const int LengthMs = 60_000;

    /// <param name="SegmentMs">Each of its segments.</param>
    public sealed record Track(string Folder, string Playlist, HitKind Kind, int SegmentMs, string File)
    {
        public int Segments => LengthMs / SegmentMs;
    }

    public static Track High { get; } = new("720p", "720p/video.m3u8", HitKind.Content, 4000, "video{0}.ts");

    public static Track Low { get; } = new("360p", "360p/video.m3u8", HitKind.Content, 6000, "low{0}.m4s");

    public static Track Sound { get; } = new("en", "en/audio.m3u8", HitKind.Audio, 4000, "audio{0}.aac");

    public static Track IFrames { get; } = new("trick", "trick/iframes.m3u8", HitKind.IFrame, 4000, "i{0}.ts");

    public static IReadOnlyList<Track> Tracks { get; } = [High, Low, Sound, IFrames];

    public static void AddTo(LoopbackOrigin origin, string video)
    {
        origin.Serve($"{video}/playlist.m3u8", """
            #EXTM3U
            #EXT-X-VERSION:7
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="en/audio.m3u8"
            #EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=1280x720,CODECS="avc1.640020,mp4a.40.2",AUDIO="a"
            720p/video.m3u8
            #EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360,CODECS="avc1.640020,mp4a.40.2",AUDIO="a"
            360p/video.m3u8
            #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=640x360,CODECS="avc1.640020",URI="trick/iframes.m3u8"

            """);
        foreach (var track in Tracks) origin.Serve($"{video}/{track.Playlist}", Playlist(track));
    }

    private static string Playlist(Track track)
    {
        var text = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:7\n").Append(CultureInfo.InvariantCulture, $"#EXT-X-TARGETDURATION:{track.SegmentMs / 1000}\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        if (track == IFrames) text.Append("#EXT-X-I-FRAMES-ONLY\n");
        if (track == Low) text.Append("#EXT-X-MAP:URI=\"init.mp4\"\n");
        for (var i = 0; i < track.Segments; i++) text.Append(CultureInfo.InvariantCulture, $"#EXTINF:{track.SegmentMs / 1000},\n").AppendFormat(CultureInfo.InvariantCulture, track.File, i).Append('\n');
        return text.Append("#EXT-X-ENDLIST\n").ToString();
    }
}
