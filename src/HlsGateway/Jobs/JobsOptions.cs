using System.ComponentModel.DataAnnotations;

namespace HlsGateway.Jobs;

/// <summary>The part of the section <c>Transcode</c> that jobs of every kind share.</summary>
public sealed class JobsOptions
{
    public const string Section = "Transcode";

    /// <summary>A worker that says nothing for this long has died, and its job is anyone's; it speaks every second.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(20);
}
