using System.Collections.Immutable;
using System.Globalization;
using FFMpegCore;
using FFMpegCore.Enums;
using HlsGateway.Media;

namespace HlsGateway.Transcoding;

/// <summary>
/// One ffmpeg run that makes everything of an upload from one decode: the durable source, each rung, poster, storyboard and
/// sound samples for peaks. A pure function.
/// </summary>
internal static class EncodeArguments
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

    /// <summary>The initialization section of a rung in fMP4, below its folder.</summary>
    public const string Init = HlsSegments.InitFile;

    /// <summary>Twelve times four seconds of the largest rung: a larger segment means that ffmpeg did not run as asked.</summary>
    public const int MostSegmentBytes = 128 << 20;

    /// <summary>Of <see cref="Samples"/>: two bytes each, and a few seconds more than the longest upload may have.</summary>
    public static long MostSampleBytes(TimeSpan longest) => (long)(longest.TotalSeconds + 10) * 2 * SampleRate;

    /// <summary>Of a rung, below its folder.</summary>
    public static string Segment(int n, bool fmp4) => Text($"video{n}.{(fmp4 ? "m4s" : "ts")}");

    /// <summary>WebVTT of the plan's n-th caption track.</summary>
    public static string Caption(int n) => Text($"caption{n}.vtt");

    public static ImmutableArray<string> For(EncodePlan plan) => FfmpegArguments.From(new UntrustedFileInput(Input)).OutputToMany(outputs =>
    {
        void Output(string file, Action<FFMpegOutputOptions> options) => outputs.OutputToFile(file, overwrite: false, options);

        // The graph stands before the first output and feeds all of them.
        Output(Source, output => output.WithArgument(new FilterGraph(Graphs(plan)))
            .Map(plan, "source", "sound").X264(plan, "veryfast").WithConstantRateFactor(18).Aac(plan, 192).End(plan)
            .With("-movflags", "+faststart").ForceFormat(ContainerFormats.Mp4));
        for (var i = 0; i < plan.Rungs.Length; i++)
        {
            var (rung, n) = (plan.Rungs[i], i);
            Output($"{rung.Name}/{Playlist}", output => output
                .Map(plan, Text($"v{n}"), Text($"a{n}")).X264(plan, plan.Preset)
                .WithConstantRateFactor(23).WithMaxBitrate(rung.MaxKilobits).WithBufferSize(rung.MaxKilobits * 3 / 2).Aac(plan, 128).End(plan)
                .Hls(plan, rung));
        }

        Output(Poster, output => output.Still("poster", quality: 3));
        Output(Storyboard, output => output.Still("board", quality: 5));
        for (var i = 0; i < plan.Captions.Length; i++)
        {
            var index = plan.Captions[i].Index;
            Output(Caption(i), output => output.WithMap(0, StreamType.All, index).WithSubtitleCodec(SubtitleCodec.WebVtt).AtMost(plan.MaxDuration).ForceFormat("webvtt"));
        }

        if (plan.HasAudio)
            Output(Samples, output => output.WithMap("[peaks]").WithAudioCodec(AudioCodec.PcmS16Le).AtMost(plan.MaxDuration).ForceFormat("s16le"));
    }).ToWords();

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

    private static FFMpegOutputOptions Map(this FFMpegOutputOptions output, EncodePlan plan, string picture, string sound)
    {
        output.WithMap($"[{picture}]");
        return plan.HasAudio ? output.WithMap($"[{sound}]") : output;
    }

    /// <summary>A key frame on every point of the 4 s grid and nowhere else, so that all rungs can be switched at all of them.</summary>
    private static FFMpegOutputOptions X264(this FFMpegOutputOptions output, EncodePlan plan, string preset)
    {
        var (n, d) = MediaProbe.Fraction(plan.FrameRate);
        var gop = (int)Math.Ceiling((double)EncodePlan.SegmentSeconds * n / d);
        output.WithVideoCodec(VideoCodec.LibX264).WithVideoProfile(VideoProfile.High).WithSpeedPreset(preset)
            .WithGopSize(gop).With("-keyint_min", Text($"{gop}"), "-sc_threshold", "0", "-force_key_frames", Text($"expr:gte(t,n_forced*{EncodePlan.SegmentSeconds})"));
        // fMP4 that does not begin at 0 never ends in hls.js: no frame may be shown later than it is decoded.
        return plan.Container == "fmp4" ? output.With("-bf", "0") : output;
    }

    private static FFMpegOutputOptions Aac(this FFMpegOutputOptions output, EncodePlan plan, int kilobits) =>
        plan.HasAudio ? output.WithAudioCodec(AudioCodec.Aac).WithAudioBitrate(kilobits) : output;

    private static FFMpegOutputOptions End(this FFMpegOutputOptions output, EncodePlan plan) => output.AtMost(plan.MaxDuration).WithoutMetadata().WithoutChapters();

    private static void Hls(this FFMpegOutputOptions output, EncodePlan plan, Rung rung) => output.ForceFormat(ContainerFormats.Hls)
        .With("-hls_time", Text($"{EncodePlan.SegmentSeconds}"), "-hls_list_size", "0", "-hls_playlist_type", "vod", "-hls_flags", "independent_segments")
        .WithArgument(new HlsSegments(plan.Container, $"{rung.Name}/video%d"));

    private static void Still(this FFMpegOutputOptions output, string pad, int quality) => output
        .WithMap($"[{pad}]").WithFrameCount(1).WithVideoCodec("mjpeg").WithVideoQualityScale(quality).ForceFormat(ContainerFormats.Image2).With("-update", "1");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
