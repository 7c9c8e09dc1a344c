using System.Collections.Immutable;
using System.Globalization;
using HlsGateway.Content;
using HlsGateway.Transcoding;

namespace HlsGateway.Trailers;

/// <summary>
/// The ffmpeg command that conditions a trailer for one shape (rules S2, S6, S7), as a pure function. Picture and sound are cut to
/// whole frames; the AAC encoder's priming frame is dropped and there are no B-frames, so that picture and sound begin at the same
/// time: PTS 0 in fMP4, the muxer's 1.4 s in MPEG-TS, whether a copy holds one of them or both. Behind content whose decoding runs ahead
/// of showing, the copy's does too, by the same number of frames.
/// </summary>
public static class ConditioningArguments
{
    /// <summary>PTS of the first frame of every MPEG-TS and packed audio copy: the muxer's delay, 90 kHz.</summary>
    public const long TsFirstPts = 126_000;

    public const string SourceFile = "source";
    public const string InitFile = "init.mp4";

    /// <summary>What a packed audio copy is encoded to before it is cut.</summary>
    public const string AdtsFile = "audio.aac";

    private static readonly ImmutableArray<string> Profiles = ["baseline", "main", "high"];

    private static readonly ImmutableArray<int> SampleRates = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000];

    /// <summary>False for shapes that no copy can be made for: another codec, an odd size, a rate that breaks the grid.</summary>
    public static bool Supports(in RenditionShape shape) =>
        (shape.HasVideo || shape.HasAudio)
        && (shape.Continues is not { } step || (step >= 0 && step < ContentEnd.Wrap / ContentEnd.Step && shape.Container is "ts" or "aac"))
        && (shape.Delay == 0 || (shape.Container == "ts" && FrameRate.TryParse(shape.FrameRate, out var frames) && frames.TicksOf(shape.Delay) is > 0 and < TsFirstPts / 2))
        && shape.Container is "ts" or "fmp4" or "aac" && (shape.Container != "aac" || !shape.HasVideo)
        && (!shape.HasVideo || (Profiles.Contains(shape.VideoProfile) && shape.Width % 2 == 0 && shape.Height % 2 == 0
            && shape.Width is >= 32 and <= 7680 && shape.Height is >= 32 and <= 7680
            && FrameRate.TryParse(shape.FrameRate, out var rate) && rate.PerSecond is >= TrailerGrid.LowestFrameRate and <= 120))
        && (!shape.HasAudio || (SampleRates.Contains(shape.SampleRate) && LayoutOf(shape.Channels).Length > 0));

    /// <summary>Decodes picture and sound into nothing; the first damaged frame ends it with an error.</summary>
    public static ImmutableArray<string> Decode(TimeSpan longest) =>
    [
        .. FfmpegArguments.Start, "-xerror", "-err_detect", "crccheck+bitstream+buffer+explode", .. FfmpegArguments.UntrustedInput(SourceFile),
        "-map", "0:v:0", "-map", "0:a:0?", .. FfmpegArguments.AtMost(longest), "-f", "null", "-",
    ];

    /// <param name="shape">One that <see cref="Supports"/> lets pass.</param>
    /// <param name="loudness">What the first pass measured of this very shape's sound; null leaves it as it is.</param>
    /// <param name="target">LUFS.</param>
    public static ImmutableArray<string> For(
        RenditionShape shape, TrailerSource source, TrailerGround ground = TrailerGround.Plain, MeasuredLoudness? loudness = null, double target = 0)
    {
        var grid = new TrailerGrid(source.DurationMs);
        var line = ImmutableArray.CreateBuilder<string>();
        line.AddRange(FfmpegArguments.Start);
        line.AddRange(FfmpegArguments.UntrustedInput(SourceFile));

        var graphs = new List<string>();
        if (shape.HasVideo)
            graphs.Add(VideoGraph(shape, grid, ground));
        if (shape.HasAudio)
            graphs.Add(AudioGraph(shape, source, AudioFrames(shape, grid), Loudness.Filter(loudness, target, shape.SampleRate)));
        line.AddRange("-filter_complex_threads", "1", "-filter_complex", string.Join(';', graphs));

        if (shape.HasVideo)
            line.AddRange(VideoEncoder(shape, grid));
        if (shape.HasAudio)
            line.AddRange(AudioEncoder(shape));

        // Same source and shape, same bytes: two gateways that condition at once write the same objects.
        line.AddRange("-map_metadata", "-1", "-fflags", "+bitexact", "-avoid_negative_ts", "disabled");
        // Behind the input, where ffmpeg 5.1 heeds it: a source whose timestamps jump cannot run on.
        line.AddRange(FfmpegArguments.AtMost(TimeSpan.FromMilliseconds(source.DurationMs + 1000)));
        line.AddRange(Muxer(shape, grid));
        return line.ToImmutable();
    }

    /// <summary>AAC frames of a copy: those that fit its picture, or the trailer's duration where it has none.</summary>
    public static int AudioFrames(in RenditionShape shape, TrailerGrid grid)
    {
        var milliseconds = shape.HasVideo && FrameRate.TryParse(shape.FrameRate, out var rate)
            ? (double)(rate.SecondsOf(rate.FramesIn(grid.DurationMs)) * 1000)
            : grid.DurationMs;
        return new FrameRate(shape.SampleRate, TrailerGrid.AudioFrame).FramesIn(milliseconds);
    }

    /// <summary>The beginning of every sound graph: the source's sound in the copy's rate and layout, from time 0.</summary>
    internal static string AudioBegin(in RenditionShape shape) => string.Create(CultureInfo.InvariantCulture,
        $"[0:a:0]aresample={shape.SampleRate}:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts={LayoutOf(shape.Channels)}");

    private static string VideoGraph(in RenditionShape shape, TrailerGrid grid, TrailerGround ground)
    {
        _ = FrameRate.TryParse(shape.FrameRate, out var rate);
        var (w, h) = (shape.Width, shape.Height);
        var fit = string.Create(CultureInfo.InvariantCulture, $"scale=w={w}:h={h}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bicubic");
        // Blurred at an eighth of the size: as soft as at full size, and hardly any work.
        var (sw, sh) = (Math.Max(16, w / 16 * 2), Math.Max(16, h / 16 * 2));
        var placed = ground == TrailerGround.Blurred
            ? string.Create(CultureInfo.InvariantCulture,
                $"split[front][back];[back]scale=w={sw}:h={sh}:force_original_aspect_ratio=increase:force_divisible_by=2,crop={sw}:{sh},boxblur=2:2,scale=w={w}:h={h}:flags=bilinear[soft];[front]{fit}[sharp];[soft][sharp]overlay=(W-w)/2:(H-h)/2:eof_action=endall")
            : string.Create(CultureInfo.InvariantCulture, $"{fit},pad={w}:{h}:(ow-iw)/2:(oh-ih)/2");
        return string.Create(CultureInfo.InvariantCulture,
            $"[0:v:0]fps=fps={rate}:start_time=0,scale=w='max(2,trunc(iw*sar/2)*2)':h=ih,setsar=1,{placed},setsar=1,format=yuv420p,tpad=stop_mode=clone:stop=-1,trim=end_frame={rate.FramesIn(grid.DurationMs)},setpts=N/FR/TB[picture]");
    }

    private static string AudioGraph(in RenditionShape shape, TrailerSource source, int frames, string loudness)
    {
        var layout = LayoutOf(shape.Channels);
        var samples = frames * TrailerGrid.AudioFrame;
        return source.HasAudio
            ? string.Create(CultureInfo.InvariantCulture,
                $"{AudioBegin(shape)}{loudness},aformat=sample_fmts=fltp:channel_layouts={layout},apad,atrim=end_sample={samples},asetpts=N/SR/TB[sound]")
            : string.Create(CultureInfo.InvariantCulture,
                $"anullsrc=r={shape.SampleRate}:cl={layout},aformat=sample_fmts=fltp,atrim=end_sample={samples},asetpts=N/SR/TB[sound]");
    }

    private static ImmutableArray<string> VideoEncoder(in RenditionShape shape, TrailerGrid grid)
    {
        _ = FrameRate.TryParse(shape.FrameRate, out var rate);
        // A quarter of a frame early: neither rounding nor truncation to the encoder's clock moves it to a neighbour.
        var keys = grid.VideoFrames(rate).SkipLast(1).Skip(1).Select(f => (rate.SecondsOf(f) - (rate.SecondsOf(1) / 4)).ToString("0.######", CultureInfo.InvariantCulture));
        // A tenth of a bit per pixel: a ladder's usual rate, so that a short trailer seldom raises a Variant Stream's BANDWIDTH.
        var kbps = Math.Max(200, (int)(shape.Width * (double)shape.Height * Math.Min(rate.PerSecond, 60) / 10_000)).ToString(CultureInfo.InvariantCulture) + "k";
        // One thread: with two, x264's rate control gives other bytes each time; and viewers need the other cores.
        ImmutableArray<string> line =
        [
            "-map", "[picture]", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", shape.VideoProfile, "-pix_fmt", "yuv420p", "-crf", "20",
            "-maxrate", kbps, "-bufsize", kbps, "-bf", "0", "-g", "9999", "-keyint_min", "1", "-sc_threshold", "0", "-threads", "1", "-flags:v", "+bitexact",
        ];
        // The muxer moves everything, so that no DTS lies before 0; the copy is moved back.
        if (shape.Delay > 0)
            line = [.. line, "-bsf:v", string.Create(CultureInfo.InvariantCulture, $"setts=dts=DTS-{rate.TicksOf(shape.Delay)}")];
        var list = string.Join(',', keys);
        return list.Length > 0 ? [.. line, "-force_key_frames", list] : line;
    }

    private static ImmutableArray<string> AudioEncoder(in RenditionShape shape) =>
    [
        "-map", "[sound]", "-c:a", "aac", "-b:a", string.Create(CultureInfo.InvariantCulture, $"{64 * shape.Channels}k"),
        "-flags:a", "+bitexact", "-bsf:a", @"noise=drop=lt(pts\,0)",
    ];

    private static ImmutableArray<string> Muxer(in RenditionShape shape, TrailerGrid grid)
    {
        if (shape.Container == "aac")
            return ["-f", "adts", AdtsFile];
        // With a picture the only key frames are those on the grid, and the segmenter cuts at each; sound alone is cut by time.
        var time = shape.HasVideo ? "0.1" : (grid.SegmentMicroseconds / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture);
        ImmutableArray<string> hls = ["-f", "hls", "-hls_list_size", "0", "-hls_time", time];
        return shape.Container == "fmp4"
            ? [.. hls, "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", InitFile, "-hls_segment_filename", "%d.m4s", "index.m3u8"]
            : [.. hls, "-hls_segment_type", "mpegts", "-hls_segment_filename", "%d.ts", "index.m3u8"];
    }

    /// <summary>ffmpeg's name of the AAC channel configuration; empty where AAC has none.</summary>
    private static string LayoutOf(int channels) => channels switch
    {
        1 => "mono",
        2 => "stereo",
        3 => "3.0",
        4 => "4.0",
        5 => "5.0",
        6 => "5.1",
        8 => "7.1",
        _ => "",
    };
}
