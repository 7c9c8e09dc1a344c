using System.ComponentModel.DataAnnotations;
using HlsGateway.Content;

namespace HlsGateway.Trailers;

/// <summary>What fills a copy's picture where the trailer's own shape leaves room.</summary>
internal enum TrailerGround
{
    /// <summary>Black bars.</summary>
    Plain,

    /// <summary>The trailer itself, enlarged and blurred.</summary>
    Blurred,
}

/// <summary>The section <c>Trailers</c>.</summary>
internal sealed class TrailersOptions : IValidatableObject
{
    public const string Section = "Trailers";

    /// <summary>A trailer's name, or <c>name@hash8</c>; empty means no trailer. A choice made through the API wins over it.</summary>
    public string Active { get; init; } = "";

    /// <summary>Where the trailer of <see cref="Active"/> stands: after the content or before it.</summary>
    public TrailerPosition Position { get; init; } = TrailerPosition.Post;

    /// <summary>True: trailers are announced as HLS interstitials, which the player fetches, and not spliced in. <c>?trailer=</c> of a Master Playlist wins over it.</summary>
    public bool Interstitial { get; init; }

    /// <summary>Files put here enter the library. Relative paths stand below the content root; empty means no folder.</summary>
    public string Folder { get; init; } = "trailers";

    /// <summary>How often the folder is looked at: a file must look the same twice before it is read, so that a copy in progress is left alone.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan ScanInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest trailer that is taken, seconds.</summary>
    [Range(1, 300)]
    public int MaxSeconds { get; init; } = 60;

    /// <summary>Largest source that is taken, bytes.</summary>
    [Range(1 << 10, 2L << 30)]
    public long MaxBytes { get; init; } = 300_000_000;

    /// <summary>Integrated loudness of every copy with sound, LUFS (EBU R 128); 0 leaves the sound as it is. Copies that are already made keep theirs.</summary>
    [Range(-40, 0)]
    public double Loudness { get; init; } = -16;

    /// <summary>Behind which content the trailer's timestamps continue the content's, in copies of their own for each end (to <see cref="ContentEnd.Step"/>).</summary>
    public ContinueTimestamps ContinueTimestamps { get; init; } = ContinueTimestamps.Demuxed;

    internal bool GoesOnBehind(IReadOnlyList<RenditionFacts> facts) =>
        ContinueTimestamps == ContinueTimestamps.Always || (ContinueTimestamps == ContinueTimestamps.Demuxed && ContentEnd.ComesApart(facts));

    /// <summary>What fills the space beside a picture of another shape. Copies that are already made keep theirs.</summary>
    public TrailerGround Ground { get; init; } = TrailerGround.Plain;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var at = Active.LastIndexOf('@');
        var trailer = at < 0 ? Active : Active[..at];
        if (trailer.Length > 0 && !TrailerIntake.IsName(trailer))
            yield return new ValidationResult($"{Section}:Active is not a trailer's name: letters, digits, hyphens, underscores and dots, with or without @ and a version.");
    }
}

/// <summary>Behind which content a trailer's timestamps continue the content's.</summary>
internal enum ContinueTimestamps
{
    /// <summary>All videos of a shape share one copy.</summary>
    Never,

    /// <summary>Behind demuxed content (audio in Renditions of its own): VLC drops the trailer otherwise.</summary>
    Demuxed,

    /// <summary>Behind all content with its own clock, MPEG-TS and packed audio: mpv and VLC then splice without a pause.</summary>
    Always,
}
