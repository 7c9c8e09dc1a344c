using System.ComponentModel.DataAnnotations;

namespace HlsGateway.Transcoding;

/// <summary>The section <c>Transcode</c>.</summary>
internal sealed class TranscodeOptions : IValidatableObject
{
    public const string Section = "Transcode";

    /// <summary>Jobs that one worker process does at a time; ffmpeg itself uses every core.</summary>
    [Range(1, 64)]
    public int Concurrency { get; init; } = 1;

    /// <summary>Longest upload.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "06:00:00")]
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Bytes of the largest upload.</summary>
    [Range(1_000, 100L << 30)]
    public long MaxBytes { get; init; } = 300_000_000;

    /// <summary>How long a resumable upload waits for its next byte.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan PartialLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Bytes that unfinished uploads may take together, by the lengths they announced; one that announces none counts as <see cref="MaxBytes"/>.</summary>
    [Range(1_000, 100L << 40)]
    public long MaxPartialBytes { get; init; } = 20L << 30;

    /// <summary>Unfinished uploads at a time, resumable ones and those that come in one request.</summary>
    [Range(1, 100_000)]
    public int MaxPartialUploads { get; init; } = 200;

    /// <summary>Between two turns of removing objects that can no longer be asked for.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How much longer than <c>Gateway:Sessions:Lifetime</c> the objects of a replaced or deleted revision stay: clocks differ, and segments are on their way.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan SweepMargin { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Keeps the uploaded file itself beside what is made of it, for as long as the revision is kept.</summary>
    public bool KeepOriginal { get; init; } = true;

    /// <summary>Pixels of the longer side.</summary>
    [Range(16, 8192)]
    public int MaxSide { get; init; } = 4096;

    /// <summary>Shorter sides of the rungs in pixels; empty means 360 and 720. None is larger than the upload.</summary>
    public int[] Ladder { get; init; } = [];

    /// <summary><c>ts</c> or <c>fmp4</c>.</summary>
    [RegularExpression("ts|fmp4", ErrorMessage = "Transcode:Container must be ts or fmp4.")]
    public string Container { get; init; } = "ts";

    /// <summary>x264's preset: speed against size.</summary>
    [RegularExpression("ultrafast|superfast|veryfast|faster|fast|medium|slow", ErrorMessage = "Transcode:Preset must be one of x264's presets, ultrafast to slow.")]
    public string Preset { get; init; } = "veryfast";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < Ladder.Length; i++)
        {
            if (Ladder[i] is < 16 or > 8192)
                yield return new ValidationResult($"{Section}:Ladder:{i} is {Ladder[i]}; it must be 16 to 8192 pixels, for example 720.");
            else if (Ladder[i] % 2 != 0)
                yield return new ValidationResult($"{Section}:Ladder:{i} is {Ladder[i]}; H.264 wants even numbers of pixels, for example {Ladder[i] - 1}.");
            else if (Array.IndexOf(Ladder, Ladder[i]) < i)
                yield return new ValidationResult($"{Section}:Ladder:{i} is {Ladder[i]}, as {Section}:Ladder:{Array.IndexOf(Ladder, Ladder[i])} is; each rung must have a size of its own, for example 360 and 720.");
        }
    }

    internal IEnumerable<int> Rungs => Ladder.Length > 0 ? Ladder : [360, 720];
}
