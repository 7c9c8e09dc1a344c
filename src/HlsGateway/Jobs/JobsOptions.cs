using System.ComponentModel.DataAnnotations;

namespace HlsGateway.Jobs;

/// <summary>The part of the section <c>Transcode</c> that jobs of every kind share.</summary>
internal sealed class JobsOptions
{
    public const string Section = "Transcode";

    /// <summary>A worker silent for this long counts as dead, and another may take its job; a live one reports every second.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(20);
}
