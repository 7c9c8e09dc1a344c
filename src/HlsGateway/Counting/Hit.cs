namespace HlsGateway.Counting;

/// <summary>What a player asked for. The numbers are stored: never renumber.</summary>
internal enum HitKind : byte
{
    /// <summary>A Master Playlist was answered and a session began: an impression.</summary>
    SessionStart = 1,

    /// <summary>A Media Segment of a Variant Stream: the only kind that adds fetched and watched seconds.</summary>
    Content = 2,

    /// <summary>A Media Segment of an audio Rendition (rule H3).</summary>
    Audio = 3,
    Trailer = 4,
    Caption = 5,
    IFrame = 6,

    /// <summary>EXT-X-MAP and whatever else is redirected without a duration.</summary>
    Other = 7,

    /// <summary>An event report of the player (CMCD version 2): where it was, and whether it played.</summary>
    Report = 8,

    /// <summary>A Media Segment of a Variant Stream whose playlist slides: fetched, and on no timeline. Its start is its Media Sequence Number.</summary>
    Live = 9,
}

/// <summary>The rule that let a request count, or kept it from counting. Stored: never renumber.</summary>
internal enum HitRule : byte
{
    Counted = 1,

    /// <summary>HEAD (rule H2).</summary>
    Head = 2,

    /// <summary>No session, or its query was stripped on the way (rule H4): counted apart as anonymous.</summary>
    Anonymous = 3,
    ExpiredSession = 4,

    /// <summary>The session's signature is not ours, or is another video's.</summary>
    ForgedSession = 5,

    /// <summary>Duration, start or path do not carry our signature (rule I5).</summary>
    ForgedDuration = 6,

    /// <summary>A preview session: plays and counts nothing.</summary>
    Preview = 7,
}

internal enum PlayerFamily : byte
{
    Unknown = 0,
    Browser = 1,
    AppleCoreMedia = 2,
    ExoPlayer = 3,
    Ffmpeg = 4,
    Vlc = 5,
    Mpv = 6,
    GStreamer = 7,
    Tool = 8,
}

/// <summary>One answered request, as it goes into the outbox.</summary>
/// <param name="Session">The session's UUIDv7; <see cref="Guid.Empty"/> when anonymous, expired or forged, so that nothing is added to the session a forger names.</param>
/// <param name="Video">The video's id: the path under /watch/ without the file.</param>
/// <param name="Path">Path below the video (<c>720p/video0.ts</c>), as the playlist's URI resolves.</param>
/// <param name="StartMs">Start on the content's (or the trailer's) timeline, milliseconds; of a report, the playhead on the content's; of a live segment, its number.</param>
/// <param name="DurationMs">Milliseconds; 0 where nothing was signed. Of a report, how far the playhead was before the content, in a trailer in front.</param>
/// <param name="AtMs">Unix time in milliseconds when the request arrived.</param>
/// <param name="Trailer">The session's pinned trailer version, 0 = none.</param>
internal readonly record struct Hit(
    Guid Session, string Video, string Path, HitKind Kind, HitRule Rule, int StartMs, int DurationMs, long AtMs, uint Trailer, PlayerFamily Player)
{
    /// <summary>What the player said of itself with a counted request; null when it said nothing.</summary>
    public Cmcd? Cmcd { get; init; }

    /// <summary>Asked for with a Range.</summary>
    public bool Ranged { get; init; }
}
