using System.Globalization;
using System.Text;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>
/// One shape of content, about 10.8 s in three segments, in two rungs. B-frames are wanted in MPEG-TS: they are why the first picture
/// stands at 1.48 s. fMP4 is made with and without: our own has none, so that it starts at PTS 0.
/// </summary>
/// <param name="Name">Folder at the origin, and so the video's id.</param>
/// <param name="Rate">Numerator of the frame rate over <paramref name="RateBase"/>.</param>
/// <param name="Channels">0 for content without sound.</param>
/// <param name="Reordered">fMP4 with B-frames.</param>
internal sealed record ContentShape(
    string Name, string Says, int Rate = 25, int RateBase = 1, int Channels = 1, bool Portrait = false, bool Demuxed = false, bool Encrypted = false, bool Fmp4 = false, bool Reordered = false)
{
    private const double About = 10.8;

    /// <summary>Of every shape.</summary>
    public const int Segments = 3;

    public static IReadOnlyList<ContentShape> Known { get; } =
    [
        new("ts", "MPEG-TS, 25 fps"), new("fmp4", "fMP4", Fmp4: true), new("fmp4b", "fMP4 with B-frames", Fmp4: true, Reordered: true),
        new("demuxed", "demuxed audio", Demuxed: true), new("silent", "silent", Channels: 0),
        new("fps24", "24 fps", 24), new("ntsc", "29.97 fps", 30_000, 1001), new("fps60", "60 fps", 60), new("portrait", "portrait", Portrait: true),
        new("surround", "5.1", Channels: 6), new("aes", "AES-128", Encrypted: true),
    ];

    public double FramesPerSecond => (double)Rate / RateBase;

    public int Frames => (int)Math.Floor(About * FramesPerSecond);

    public double Seconds => Frames / FramesPerSecond;

    public bool HasSound => Channels > 0;

    private string Container => Fmp4 ? "fmp4" : "mpegts";

    private string Extension => Fmp4 ? "m4s" : "ts";

    private int FramesInSegment => (int)Math.Round(4 * FramesPerSecond);

    private (string Name, int Width, int Height, int Source, int Bandwidth)[] Rungs => Portrait
        ? [("180p", 180, 320, 0, 400_000), ("360p", 360, 640, 1, 900_000)]
        : [("180p", 320, 180, 0, 400_000), ("360p", 640, 360, 1, 900_000)];

    public static ContentShape Of(string name) => Known.Single(shape => shape.Name.Equals(name, StringComparison.Ordinal));

    /// <summary>Seconds of a content segment, which its name's number tells.</summary>
    public double SecondsOf(string path) =>
        (Path.GetFileNameWithoutExtension(path).EndsWith('2') ? Frames - (2 * FramesInSegment) : FramesInSegment) / FramesPerSecond;

    /// <summary>ffmpeg's arguments for each playlist's folder, which stands for <c>{folder}</c> in them.</summary>
    public IEnumerable<(string Folder, string[] Arguments)> Recipes()
    {
        string[] key = Encrypted ? ["-hls_key_info_file", "{folder}/../key.info"] : [];
        string[] plain = Fmp4 && !Reordered ? ["-bf", "0"] : [];
        foreach (var (name, width, height, source, _) in Rungs)
        {
            string[] sound = HasSound && !Demuxed ? [.. TestMedia.Tone(TestMedia.ContentHertz, Seconds), "-ac", Text(Channels)] : [];
            yield return (name, [.. TestMedia.Picture(width, height, $"{Rate}/{RateBase}", Frames), .. sound, .. TestMedia.Encode(source, FramesInSegment), .. plain, .. key, .. Hls()]);
        }
        if (!Demuxed) yield break;
        foreach (var (language, hertz) in new[] { ("en", TestMedia.ContentHertz), ("de", TestMedia.OtherHertz) })
            yield return (language, [.. TestMedia.Tone(hertz, Seconds), "-map", "0:a", "-c:a", "aac", "-b:a", "64k", .. Hls()]);
    }

    public string MasterPlaylist()
    {
        var master = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
        if (Demuxed)
        {
            master.Append("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"1\",URI=\"en/video.m3u8\"\n");
            master.Append("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Deutsch\",LANGUAGE=\"de\",AUTOSELECT=YES,CHANNELS=\"1\",URI=\"de/video.m3u8\"\n");
        }
        foreach (var (name, width, height, _, bandwidth) in Rungs)
        {
            master.Append(CultureInfo.InvariantCulture,
                $"#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},RESOLUTION={width}x{height},FRAME-RATE={FramesPerSecond:F3},CODECS=\"avc1.4d401e{(HasSound ? ",mp4a.40.2" : "")}\"");
            master.Append(CultureInfo.InvariantCulture, $"{(Demuxed ? ",AUDIO=\"a\"" : "")}\n{name}/video.m3u8\n");
        }
        return master.ToString();
    }

    private string[] Hls() =>
        ["-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod", "-hls_segment_type", Container,
            "-hls_segment_filename", $"{{folder}}/video%d.{Extension}", "{folder}/video.m3u8"];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
