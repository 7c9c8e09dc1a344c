using System.ComponentModel.DataAnnotations;

namespace HlsGateway.Subtitles;

/// <summary>The section <c>Subtitles</c>.</summary>
internal sealed class SubtitlesOptions
{
    public const string Section = "Subtitles";

    /// <summary>Caption tracks of one video: each is a line in every Master Playlist of it.</summary>
    [Range(1, 100)]
    public int MaxTracks { get; init; } = 20;

    public AutomaticCaptionsOptions Automatic { get; init; } = new();
}
