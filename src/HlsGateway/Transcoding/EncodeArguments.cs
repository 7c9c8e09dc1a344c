using System.Collections.Immutable;
using System.Globalization;

namespace HlsGateway.Transcoding;

/// <summary>
/// One ffmpeg run that makes everything of an upload from one decode: the durable source, each rung, poster, storyboard and
/// sound samples for peaks. A pure function.
/// </summary>
public static class EncodeArguments
{
    public const string Input = "input";
    public const string Source = "source.mp4";
    public const string Poster = "poster.jpg";
    public const string Storyboard = "storyboard.jpg";

    /// <summary>Signed 16-bit little-endian, mono, <see cref="SampleRate"/>.</summary>
    public const string Samples = "samples.raw";

    public const int SampleRate = 8000;

    /// <summary>Of a rung, below its folder.</summary>
    public const string Playlist = "video.m3u8";

    /// <summary>WebVTT of the plan's n-th caption track.</summary>
    public static string Caption(int n) => Text($"caption{n}.vtt");

    public static ImmutableArray<string> For(EncodePlan plan)
    {
        var line = new List<string>();
        line.AddRange(FfmpegArguments.Start);
        line.AddRange(FfmpegArguments.UntrustedInput(Input));
        line.AddRange(["-filter_complex", string.Join(';', Graphs(plan))]);

        line.AddRange(["-map", "[source]", .. Sound(plan, "sound"), .. X264(plan, "veryfast"), "-crf", "18", .. Aac(plan, "192k")]);
        line.AddRange([.. End(plan), "-movflags", "+faststart", "-f", "mp4", Source]);

        for (var i = 0; i < plan.Rungs.Length; i++)
        {
            var rung = plan.Rungs[i];
            line.AddRange([.. Words($"-map [v{i}]"), .. Sound(plan, $"a{i}"), .. X264(plan, plan.Preset)]);
            line.AddRange([.. Words($"-crf 23 -maxrate {rung.MaxKilobits}k -bufsize {rung.MaxKilobits * 3 / 2}k"), .. Aac(plan, "128k"), .. End(plan)]);
            line.AddRange(Hls(plan, rung));
        }

        line.AddRange(["-map", "[poster]", "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "3", "-f", "image2", "-update", "1", Poster]);
        line.AddRange(["-map", "[board]", "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "5", "-f", "image2", "-update", "1", Storyboard]);
        for (var i = 0; i < plan.Captions.Length; i++)
            line.AddRange([.. Words($"-map 0:{plan.Captions[i].Index} -c:s webvtt"), .. FfmpegArguments.AtMost(plan.MaxDuration), "-f", "webvtt", Caption(i)]);
        if (plan.HasAudio)
            line.AddRange(["-map", "[peaks]", "-c:a", "pcm_s16le", .. FfmpegArguments.AtMost(plan.MaxDuration), "-f", "s16le", Samples]);
        return [.. line];
    }

    private static IEnumerable<string> Graphs(EncodePlan plan)
    {
        // HDR is brought down to what the ladder's 8-bit profile can show; without it colours are washed out.
        var tone = plan.Video.IsHdr
            ? "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,"
            : "";
        var outputs = string.Concat(Enumerable.Range(0, plan.Rungs.Length).Select(i => $"[p{i}]"));
        // A clip of one frame has that frame as poster and storyboard.
        var at = plan.KnownSeconds < 1 ? 0 : Math.Min(1, plan.KnownSeconds / 4);
        yield return Text($"[0:{plan.Video.Index}]{tone}fps={plan.FrameRate}:start_time=0,scale={plan.Width}:{plan.Height},setsar=1,format=yuv420p,split={plan.Rungs.Length + 3}[source][pp][pb]{outputs}");
        for (var i = 0; i < plan.Rungs.Length; i++)
            yield return Text($"[p{i}]scale={plan.Rungs[i].Width}:{plan.Rungs[i].Height},setsar=1[v{i}]");
        yield return Text($"[pp]select='gte(t,{at:0.###})',scale={plan.Poster.Width}:{plan.Poster.Height}:out_range=pc,format=yuvj420p[poster]");
        yield return Text($"[pb]select='isnan(prev_selected_t)+gte(t-prev_selected_t,{plan.StoryboardSeconds})',scale={plan.Thumbnail.Width}:{plan.Thumbnail.Height}:out_range=pc,format=yuvj420p,tile={EncodePlan.StoryboardColumns}x{plan.StoryboardRows}[board]");
        if (plan.Probe.Audio is not { } audio)
            yield break;
        // Sound that ends early is padded, sound that runs on is cut: players stop at segments without a picture. Not -shortest,
        // which ffmpeg 5.1 forgets for the outputs of a graph.
        var copies = string.Concat(Enumerable.Range(0, plan.Rungs.Length).Select(i => $"[a{i}]"));
        yield return Text($"[0:{audio.Index}]aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo{(plan.PictureSeconds > 0 ? Text($",apad,atrim=end={plan.PictureSeconds:0.######}") : "")},asplit={plan.Rungs.Length + 2}[sound][mono]{copies}");
        yield return Text($"[mono]aresample={SampleRate},aformat=channel_layouts=mono[peaks]");
    }

    private static ImmutableArray<string> Sound(EncodePlan plan, string pad) => plan.HasAudio ? ["-map", $"[{pad}]"] : [];

    /// <summary>A key frame on every point of the 4 s grid and nowhere else, so that all rungs can be switched at all of them.</summary>
    private static ImmutableArray<string> X264(EncodePlan plan, string preset)
    {
        var (n, d) = MediaProbe.Fraction(plan.FrameRate);
        var gop = (int)Math.Ceiling((double)EncodePlan.SegmentSeconds * n / d);
        return
        [
            "-c:v", "libx264", "-profile:v", "high", "-preset", preset,
            .. Words($"-g {gop} -keyint_min {gop} -sc_threshold 0"),
            "-force_key_frames", Text($"expr:gte(t,n_forced*{EncodePlan.SegmentSeconds})"),
            // fMP4 that does not begin at 0 never ends in hls.js: no frame may be shown later than it is decoded.
            .. plan.Container == "fmp4" ? (ImmutableArray<string>)["-bf", "0"] : [],
        ];
    }

    private static ImmutableArray<string> Aac(EncodePlan plan, string bits) => plan.HasAudio ? ["-c:a", "aac", "-b:a", bits] : [];

    private static ImmutableArray<string> End(EncodePlan plan) =>
        [.. FfmpegArguments.AtMost(plan.MaxDuration), "-map_metadata", "-1", "-map_chapters", "-1"];

    private static ImmutableArray<string> Hls(EncodePlan plan, Rung rung) =>
    [
        .. Words($"-f hls -hls_time {EncodePlan.SegmentSeconds} -hls_list_size 0 -hls_playlist_type vod -hls_flags independent_segments"),
        .. plan.Container == "fmp4"
            ? Words($"-hls_segment_type fmp4 -hls_fmp4_init_filename init.mp4 -hls_segment_filename {rung.Name}/video%d.m4s")
            : Words($"-hls_segment_type mpegts -hls_segment_filename {rung.Name}/video%d.ts"),
        $"{rung.Name}/{Playlist}",
    ];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static ImmutableArray<string> Words(FormattableString text) => [.. Text(text).Split(' ')];
}
