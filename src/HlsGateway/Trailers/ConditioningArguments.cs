using System.Collections.Immutable;
using System.Globalization;
using FFMpegCore;
using FFMpegCore.Enums;
using HlsGateway.Content;
using HlsGateway.Media;
using HlsGateway.Playlists;

namespace HlsGateway.Trailers;

/// <summary>
/// The ffmpeg command that conditions a trailer for one shape (rules S2, S6, S7), as a pure function. Picture and sound are cut to
/// whole frames; the AAC encoder's priming frame is dropped and there are no B-frames, so that picture and sound begin at the same
/// time: PTS 0 in fMP4, the muxer's 1.4 s in MPEG-TS, whether a copy holds one of them or both. After content whose decoding runs ahead
/// of presentation, the copy's decoding runs ahead by the same number of frames.
/// </summary>
internal static class ConditioningArguments
{
    /// <summary>PTS of the first frame of every MPEG-TS and packed audio copy: the muxer's delay, 90 kHz.</summary>
    public const long TsFirstPts = 126_000;

    public const string SourceFile = "source";
    public const string InitFile = HlsSegments.InitFile;
    private const string PlaylistFile = "index.m3u8";

    /// <summary>What a packed audio copy is encoded to before it is cut.</summary>
    public const string AdtsFile = "audio.aac";

    private static readonly ImmutableArray<string> Profiles = ["baseline", "main", "high"];

    private static readonly ImmutableArray<int> SampleRates = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000];

    /// <summary>False for shapes that no copy can be made for: another codec, an odd size, a rate that breaks the grid.</summary>
    public static bool Supports(in RenditionShape shape) =>
        (shape.HasVideo || shape.HasAudio)
        && (shape.Continues is not { } step || (step >= 0 && step < MpegClock.Wrap / ContentEnd.Step && shape.Container is "ts" or "aac"))
        && (shape.Delay == 0 || (shape.Container == "ts" && FrameRate.TryParse(shape.FrameRate, out var frames) && frames.TicksOf(shape.Delay) is > 0 and < TsFirstPts / 2))
        && shape.Container is "ts" or "fmp4" or "aac" && (shape.Container != "aac" || !shape.HasVideo)
        && (!shape.HasVideo || (Profiles.Contains(shape.VideoProfile) && shape.Width % 2 == 0 && shape.Height % 2 == 0
            && shape.Width is >= 32 and <= 7680 && shape.Height is >= 32 and <= 7680
            && FrameRate.TryParse(shape.FrameRate, out var rate) && rate.PerSecond is >= TrailerGrid.LowestFrameRate and <= 120))
        && (!shape.HasAudio || (SampleRates.Contains(shape.SampleRate) && LayoutOf(shape.Channels).Length > 0));

    /// <summary>Decodes picture and sound without output; the first damaged frame ends it with an error.</summary>
    public static ImmutableArray<string> Decode(TimeSpan longest) => FfmpegArguments
        .From(new UntrustedFileInput(SourceFile), more: ["-xerror", "-err_detect", "crccheck+bitstream+buffer+explode"])
        .OutputToNull(output => output.WithMap(0, StreamType.Video, 0).With("-map", "0:a:0?").AtMost(longest))
        .ToWords();

    /// <summary>One picture, from a second behind the beginning or the middle of what is shorter: many trailers begin black.</summary>
    public static ImmutableArray<string> Poster(string file, TrailerSource source) => FfmpegArguments.From(new UntrustedFileInput(SourceFile)).OutputToFile(file, overwrite: false, output => output
        .With("-filter_complex_threads", "1")
        .WithArgument(new FilterGraph([string.Create(CultureInfo.InvariantCulture, $"[0:v:0]select='gte(t,{Math.Min(1000, source.DurationMs / 2) / 1000.0:0.###})',scale=w='min(640,iw)':h=-2:out_range=pc,format=yuvj420p[poster]")]))
        .WithMap("[poster]").WithFrameCount(1).WithVideoCodec("mjpeg").WithVideoQualityScale(3).ForceFormat(ContainerFormats.Image2).With("-update", "1")).ToWords();

    /// <param name="shape">One that <see cref="Supports"/> accepts.</param>
    /// <param name="loudness">What the first pass measured on this shape's sound; null leaves the sound as it is.</param>
    /// <param name="target">LUFS.</param>
    public static ImmutableArray<string> For(
        RenditionShape shape, TrailerSource source, TrailerGround ground = TrailerGround.Plain, MeasuredLoudness? loudness = null, double target = 0)
    {
        var grid = new TrailerGrid(source.DurationMs);
        var graphs = new List<string>();
        if (shape.HasVideo)
            graphs.Add(VideoGraph(shape, grid, ground));
        if (shape.HasAudio)
            graphs.Add(AudioGraph(shape, source, AudioFrames(shape, grid), Loudness.Filter(loudness, target, shape.SampleRate)));

        return FfmpegArguments.From(new UntrustedFileInput(SourceFile)).OutputToFile(shape.Container == "aac" ? AdtsFile : PlaylistFile, overwrite: false, output =>
        {
            output.With("-filter_complex_threads", "1").WithArgument(new FilterGraph(graphs));
            if (shape.HasVideo)
                EncodeVideo(output, shape, grid);
            if (shape.HasAudio)
                EncodeAudio(output, shape);
            // Same source and shape, same bytes: two gateways that condition at once write the same objects.
            output.WithoutMetadata().With("-fflags", "+bitexact", "-avoid_negative_ts", "disabled");
            // An output option, since ffmpeg 5.1 applies it only there: it also ends a source whose timestamps jump.
            output.AtMost(TimeSpan.FromMilliseconds(source.DurationMs + 1000));
            Mux(output, shape, grid);
        }).ToWords();
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
        // Blurred at an eighth of the size: it looks the same as at full size and costs little CPU time.
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

    private static void EncodeVideo(FFMpegOutputOptions output, RenditionShape shape, TrailerGrid grid)
    {
        _ = FrameRate.TryParse(shape.FrameRate, out var rate);
        // A quarter of a frame early: neither rounding nor truncation to the encoder's clock moves it to a neighbour.
        var keys = grid.VideoFrames(rate).SkipLast(1).Skip(1).Select(f => (rate.SecondsOf(f) - (rate.SecondsOf(1) / 4)).ToString("0.######", CultureInfo.InvariantCulture));
        // A tenth of a bit per pixel: a ladder's usual rate, so that a short trailer seldom raises a Variant Stream's BANDWIDTH.
        var kbps = Math.Max(200, (int)(shape.Width * (double)shape.Height * Math.Min(rate.PerSecond, 60) / 10_000));
        // One thread: with two, x264's rate control gives different bytes each time; and viewers need the other cores.
        output.WithMap("[picture]").WithVideoCodec(VideoCodec.LibX264).WithSpeedPreset(EncoderPreset.VeryFast).WithVideoProfile(shape.VideoProfile)
            .WithPixelFormat("yuv420p").WithConstantRateFactor(20).WithMaxBitrate(kbps).WithBufferSize(kbps)
            .With("-bf", "0").WithGopSize(9999).With("-keyint_min", "1", "-sc_threshold", "0").WithThreads(1).With("-flags:v", "+bitexact");
        // The muxer shifts all timestamps so that no DTS is below 0; the copy is shifted back.
        if (shape.Delay > 0)
            output.With("-bsf:v", string.Create(CultureInfo.InvariantCulture, $"setts=dts=DTS-{rate.TicksOf(shape.Delay)}"));
        var list = string.Join(',', keys);
        if (list.Length > 0)
            output.With("-force_key_frames", list);
    }

    private static void EncodeAudio(FFMpegOutputOptions output, RenditionShape shape) => output
        .WithMap("[sound]").WithAudioCodec(AudioCodec.Aac).WithAudioBitrate(64 * shape.Channels)
        .With("-flags:a", "+bitexact", "-bsf:a", @"noise=drop=lt(pts\,0)");

    private static void Mux(FFMpegOutputOptions output, RenditionShape shape, TrailerGrid grid)
    {
        if (shape.Container == "aac")
        {
            output.ForceFormat("adts");
            return;
        }

        // With a picture the only key frames are those on the grid, and the segmenter cuts at each; sound alone is cut by time.
        var time = shape.HasVideo ? "0.1" : (grid.SegmentMicroseconds / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture);
        output.ForceFormat(ContainerFormats.Hls).With("-hls_list_size", "0", "-hls_time", time).WithArgument(new HlsSegments(shape.Container, "%d"));
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
