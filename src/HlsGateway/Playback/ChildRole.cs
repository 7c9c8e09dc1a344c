using System.Globalization;
using HlsGateway.Playlists;
using UriKind = HlsGateway.Playlists.UriKind;

namespace HlsGateway.Playback;

/// <summary>What a Media Playlist is to its session, as the child URI's <c>p</c> says; believed only where it is signed (<see cref="PlaylistSignature"/>).</summary>
/// <param name="Role"><c>v</c> Variant Stream, <c>a</c> audio Rendition, <c>s</c> subtitles, <c>i</c> I-frames and what is played apart from the video (interstitials).</param>
/// <param name="Copy">Profile of the trailer copy to splice; empty for none.</param>
/// <param name="Target">
/// Least EXT-X-TARGETDURATION with that copy, seconds, so that it agrees with the session's other Renditions (rule S3); 0 where none is
/// needed. In the URI, because the playlist under one URI must not change (rule S4).
/// </param>
internal readonly record struct ChildRole(char Role, string Copy, int Target = 0)
{
    public const char Variant = 'v';
    public const char Audio = 'a';
    public const char Subtitles = 's';
    public const char IFrames = 'i';
    private const char OfTrailer = 't';

    /// <summary>For playlists that a session plays but that are not part of the video: their segments are not counted, and they have no trailer.</summary>
    public static ChildRole Apart { get; } = new(IFrames, "");

    /// <summary>A trailer's own playlist.</summary>
    public static ChildRole Trailer { get; } = new(OfTrailer, "");

    /// <summary>Two digits.</summary>
    public const int GreatestTarget = 99;

    /// <summary>Reads a signed <c>p</c>. A letter that this build does not know gives <see cref="Apart"/>: another build signed it.</summary>
    public static ChildRole Read(ReadOnlySpan<char> value)
    {
        if (value.IsEmpty || value[0] is not (Variant or Audio or Subtitles or IFrames or OfTrailer))
            return Apart;
        var hyphen = value.IndexOf('-');
        var target = 0;
        return hyphen is 1 or 2 or 3 && hyphen + 1 < value.Length && (hyphen == 1 || int.TryParse(value[1..hyphen], NumberStyles.None, CultureInfo.InvariantCulture, out target))
            ? new(value[0], value[(hyphen + 1)..].ToString(), target)
            : new(value[0], "");
    }

    /// <summary>The role that a Master Playlist gives to one of its URIs; null for a URI that is not a playlist of the video.</summary>
    /// <param name="index">Index of the URI among those of its kind.</param>
    public static char? Of(MasterPlaylist master, UriKind kind, int index) => kind switch
    {
        UriKind.VariantStream => Variant,
        UriKind.IFrameStream => IFrames,
        UriKind.Rendition => master.Renditions[index].Type switch { "SUBTITLES" => Subtitles, "AUDIO" => Audio, _ => Variant },
        _ => null,
    };

    public override string ToString() =>
        Copy.Length == 0 ? Role.ToString() : string.Create(CultureInfo.InvariantCulture, $"{Role}{(Target > 0 ? Target : null)}-{Copy}");

    /// <summary>The <c>k</c> parameter of this Rendition's segments.</summary>
    public string SegmentKind => Role switch { Audio => "a", Subtitles => "c", IFrames => "i", _ => "" };
}
