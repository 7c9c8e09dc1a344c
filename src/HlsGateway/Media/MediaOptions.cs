using System.ComponentModel.DataAnnotations;

namespace HlsGateway.Media;

/// <summary>The part of the section <c>Transcode</c> that says which programs run, and how they are isolated.</summary>
internal sealed class MediaOptions
{
    public const string Section = "Transcode";

    /// <summary>A name on the path, or an absolute path.</summary>
    [Required]
    public string FfmpegPath { get; init; } = "ffmpeg";

    /// <summary>A name on the path, or an absolute path.</summary>
    [Required]
    public string FfprobePath { get; init; } = "ffprobe";

    /// <summary>Where job folders stand; empty is <c>work</c> in the data directory.</summary>
    public string WorkDirectory { get; init; } = "";

    /// <summary>The strongest isolation to try; the machine may allow less. Lower it only to see what a weaker machine does.</summary>
    [EnumDataType(typeof(IsolationKind))]
    public IsolationKind MaxIsolation { get; init; } = IsolationKind.Bubblewrap;

    /// <summary>Wall time of one ffprobe.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Wall time of one job's encoding.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "12:00:00")]
    public TimeSpan JobTimeout { get; init; } = TimeSpan.FromMinutes(30);
}
