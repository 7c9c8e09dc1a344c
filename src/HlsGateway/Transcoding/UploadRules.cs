using System.Globalization;
using HlsGateway.Media;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Transcoding;

/// <summary>Why an upload is not taken.</summary>
/// <param name="Problem">Its type.</param>
/// <param name="Detail">What to do.</param>
internal sealed record UploadRefusal(Problem Problem, string Detail)
{
    /// <summary>For people: what is wrong and what to do.</summary>
    public string Text => $"{Problem.Title}. {Detail}";

    public ProblemHttpResult Answer() => Problems.Of(Problem, Detail);
}

/// <summary>What an upload must be. Asked early, from the probe, before anything is encoded.</summary>
internal static class UploadRules
{
    public static UploadRefusal Unreadable { get; } = new(Problem.Unreadable,
        "Send a video file: MP4, MOV, MKV, WebM, AVI, MPEG-TS, MPEG-PS, FLV or Ogg, whole and not encrypted.");

    public static UploadRefusal? Check(MediaProbe probe, TranscodeOptions options)
    {
        if (probe.Video is not { } video)
            return new UploadRefusal(Problem.NoVideoStream, "Send a file with a video stream; sound or a cover picture alone cannot be shown.");
        if (video.Codec.Length == 0 || video.Width <= 0 || video.Height <= 0)
            return Unreadable;
        if (CheckLength(probe.Seconds, options) is { } tooLong)
            return tooLong;
        var side = Math.Max(Math.Max(video.Width, video.Height), Math.Max(video.CodedWidth, video.CodedHeight));
        if (side > options.MaxSide)
            return new UploadRefusal(Problem.TooManyPixels, Text(
                $"It is {video.Width}x{video.Height}; its longer side may have at most {options.MaxSide} pixels. Scale it down, or raise Transcode:MaxSide."));
        if (Math.Min(video.Width, video.Height) < 16)
            return new UploadRefusal(Problem.TooFewPixels, "Send a video of at least 16 by 16 pixels.");
        return probe.Streams > 32
            ? new UploadRefusal(Problem.TooManyStreams, Text($"It has {probe.Streams}; at most 32 are allowed. Save it with one video track and one sound track."))
            : null;
    }

    /// <param name="seconds">As the file says; null where that is not known yet.</param>
    public static UploadRefusal? CheckLength(double? seconds, TranscodeOptions options) => seconds > options.MaxDuration.TotalSeconds + 0.5
        ? new UploadRefusal(Problem.TooLong, Text($"It is {seconds:0.#} s long; at most {options.MaxDuration.TotalSeconds:0.#} s are allowed. Cut it, or raise Transcode:MaxDuration."))
        : null;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The file is at fault: trying again changes nothing.</summary>
internal sealed class UploadRefusedException : Exception
{
    public UploadRefusedException()
    {
    }

    public UploadRefusedException(string message)
        : base(message)
    {
    }

    public UploadRefusedException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public UploadRefusedException(UploadRefusal refusal)
        : base(refusal.Text)
    {
    }
}
