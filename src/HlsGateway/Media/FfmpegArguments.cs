using System.Collections.Immutable;
using System.Globalization;
using FFMpegCore;
using FFMpegCore.Arguments;

namespace HlsGateway.Media;

/// <summary>How a file is to be read.</summary>
internal enum ProbeAs
{
    /// <summary>An upload: any container of the whitelist, timestamps as its edit lists show them.</summary>
    Upload,

    /// <summary>One MPEG-TS segment.</summary>
    Ts,

    /// <summary>An initialization section with one fragment behind it; timestamps are tfdt plus composition offset (rule W2).</summary>
    Fmp4,

    /// <summary>Packed audio (ADTS), with or without an ID3 timestamp.</summary>
    PackedAudio,
}

/// <summary>
/// What every command line for ffmpeg and ffprobe has in common, as pure functions. No word of them comes from a client. Lines for
/// ffmpeg are built with FFMpegCore, which never runs them (docs/decisions/0004-ffmpegcore.md).
/// </summary>
internal static class FfmpegArguments
{
    /// <summary>Pixels of one frame: 8192x4320.</summary>
    public const int MaxPixels = 35_389_440;

    /// <summary>Demuxers that read one file and nothing else. Playlists and concat scripts are not among them.</summary>
    public const string Formats = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg";

    /// <summary>Decoders that people's videos need. A decoder that is not listed cannot be exploited.</summary>
    public const string Codecs =
        "h264,hevc,mpeg4,vp8,vp9,av1,libdav1d,prores,mpeg2video,aac,mp3,mp3float,opus,vorbis,ac3,eac3,pcm_s16le,flac,alac";

    /// <summary>
    /// Decoders of text tracks, which become captions. They make no picture and allocate little; without them both programs refuse the
    /// whole file. Those of pictures as subtitles (PGS, DVB, DVD) are not here: they decode bitmaps that nobody could edit.
    /// </summary>
    public const string TextCodecs = "subrip,srt,webvtt,mov_text,ass,ssa";

    /// <summary>Begins a command line with its first input. Errors go to standard error, and nothing to standard output.</summary>
    /// <param name="logLevel">What ffmpeg tells on standard error.</param>
    /// <param name="more">Further options of the first input.</param>
    internal static FFMpegArguments From(IInputArgument input, string logLevel = "warning", params string[] more) =>
        FFMpegArguments.FromInput(input, options => options.WithArgument(new Words([.. Begin(logLevel), .. more])));

    /// <summary>The command line as words, for <see cref="FfmpegJob"/>. Reading it runs nothing.</summary>
    internal static ImmutableArray<string> ToWords(this FFMpegArgumentProcessor line) => ArgumentText.Split(line.Arguments);

    /// <summary>An output's bound. It stands behind the input: before it, ffmpeg 5.1 decodes everything first.</summary>
    internal static FFMpegOutputOptions AtMost(this FFMpegOutputOptions output, TimeSpan duration) =>
        output.With("-t", duration.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture));

    /// <summary>ffprobe: container, streams and the first packets, as JSON.</summary>
    /// <param name="packets">How many packets to read for the first presented frame.</param>
    public static ImmutableArray<string> Probe(string name, ProbeAs kind, int packets = 120) =>
    [
        "-v", "error", "-hide_banner",
        .. Guards(kind == ProbeAs.PackedAudio ? Formats + ",aac" : Formats),
        .. kind switch
        {
            ProbeAs.Ts => (ImmutableArray<string>)["-f", "mpegts"],
            ProbeAs.Fmp4 => ["-f", "mp4", "-ignore_editlist", "1"],
            ProbeAs.PackedAudio => ["-f", "aac"],
            _ => [],
        },
        "-show_format", "-show_streams", "-show_packets",
        "-show_entries", "packet=stream_index,pts,dts,flags",
        "-read_intervals", string.Create(CultureInfo.InvariantCulture, $"%+#{packets}"),
        "-of", "json=compact=1",
        "-i", "file:" + name,
    ];

    private static ImmutableArray<string> Begin(string logLevel) => ["-nostdin", "-hide_banner", "-loglevel", logLevel, "-nostats", "-y"];

    /// <summary>Options before an input: which protocols, containers and decoders may be opened for it, and how large a frame may be.</summary>
    internal static ImmutableArray<string> Guards(string formats) =>
    [
        "-protocol_whitelist", "file",
        "-format_whitelist", formats,
        "-codec_whitelist", $"{Codecs},{TextCodecs}",
        "-max_pixels", MaxPixels.ToString(CultureInfo.InvariantCulture),
    ];
}
