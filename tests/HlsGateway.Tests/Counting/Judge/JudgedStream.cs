using System.Globalization;
using System.Text;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting.Judge;

/// <summary>
/// What the judged viewers watch: a minute in two Renditions whose segments do not end at the same times, sound, and an I-frame
/// playlist; at five frame rates, with EXTINFs whose sums are no whole milliseconds.
/// </summary>
internal sealed class JudgedStream
{
    private JudgedStream(string video, decimal framesPerSecond, int frames)
    {
        Video = video;
        var seconds = decimal.Round(frames / framesPerSecond, 6);
        LengthMs = Milliseconds(seconds);
        High = new("720p", "720p/video.m3u8", HitKind.Content, "video{0}.ts", Cut(4));
        Low = new("360p", "360p/video.m3u8", HitKind.Content, "low{0}.m4s", Cut(6));
        Sound = new("en", "en/audio.m3u8", HitKind.Audio, "audio{0}.aac", Cut(4));
        IFrames = new("trick", "trick/iframes.m3u8", HitKind.IFrame, "i{0}.ts", Cut(4));

        decimal[] Cut(int about)
        {
            // A frame more than so many whole seconds; the last takes what is left.
            var each = Math.Round(about * framesPerSecond) + 1;
            var segments = new List<decimal>();
            for (var left = seconds; left > 0; left -= segments[^1]) segments.Add(Math.Min(left, decimal.Round(each / framesPerSecond, 6)));
            return [.. segments];
        }
    }

    /// <param name="Seconds">EXTINF of each segment.</param>
    public sealed record Track(string Folder, string Playlist, HitKind Kind, string File, decimal[] Seconds)
    {
        /// <summary>Where its segments start, and last where the last one ends: exact sums, rounded once.</summary>
        public int[] Bounds { get; } = [.. Enumerable.Range(0, Seconds.Length + 1).Select(k => Milliseconds(Seconds.Take(k).Sum()))];

        public int At(int ms) => Array.FindLastIndex(Bounds, start => start <= ms);
    }

    public static IReadOnlyList<JudgedStream> All { get; } =
        [new("a/one", 24000 / 1001m, 1440), new("two", 60000 / 1001m, 3600), new("three", 24, 1441), new("four", 30000 / 1001m, 1800), new("five", 30, 1802)];

    public static JudgedStream Of(string video) => All.Single(stream => stream.Video == video);

    public string Video { get; }

    public int LengthMs { get; }

    public Track High { get; }

    public Track Low { get; }

    public Track Sound { get; }

    public Track IFrames { get; }

    public IReadOnlyList<Track> Tracks => [High, Low, Sound, IFrames];

    private static int Milliseconds(decimal seconds) => (int)decimal.Round(seconds * 1000, MidpointRounding.AwayFromZero);

    public void AddTo(LoopbackOrigin origin)
    {
        origin.Serve($"{Video}/playlist.m3u8", """
            #EXTM3U
            #EXT-X-VERSION:7
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="en/audio.m3u8"
            #EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=1280x720,CODECS="avc1.640020,mp4a.40.2",AUDIO="a"
            720p/video.m3u8
            #EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360,CODECS="avc1.640020,mp4a.40.2",AUDIO="a"
            360p/video.m3u8
            #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=640x360,CODECS="avc1.640020",URI="trick/iframes.m3u8"

            """);
        foreach (var track in Tracks) origin.Serve($"{Video}/{track.Playlist}", Playlist(track));
    }

    private string Playlist(Track track)
    {
        var text = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:7\n").Append(CultureInfo.InvariantCulture, $"#EXT-X-TARGETDURATION:{Math.Round(track.Seconds.Max())}\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        if (track == IFrames) text.Append("#EXT-X-I-FRAMES-ONLY\n");
        if (track == Low) text.Append("#EXT-X-MAP:URI=\"init.mp4\"\n");
        for (var i = 0; i < track.Seconds.Length; i++) text.Append(CultureInfo.InvariantCulture, $"#EXTINF:{track.Seconds[i]},\n").AppendFormat(CultureInfo.InvariantCulture, track.File, i).Append('\n');
        return text.Append("#EXT-X-ENDLIST\n").ToString();
    }
}
