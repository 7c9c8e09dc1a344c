using HlsGateway.Counting;
using HlsGateway.Playlists;
using HlsGateway.Trailers;

namespace HlsGateway.Playback.Lane;

/// <summary>
/// What the ordinary path has answered for an address, and will answer for the same address of any other valid session of the video, as long
/// as <see cref="PreparedAnswers"/> says that nothing has changed.
/// </summary>
internal abstract class PreparedAnswer
{
    /// <summary>The video's id as it stands in the path.</summary>
    public required string Video { get; init; }

    /// <summary>The same, as it is kept.</summary>
    public required string VideoName { get; init; }

    /// <summary>Null where nothing of it depends on trailers; otherwise all that was known of them.</summary>
    public TrailerSnapshot? Trailers { get; init; }
}

/// <summary>A redirect of a segment whose duration was signed.</summary>
internal sealed class PreparedRedirect : PreparedAnswer
{
    /// <summary>As the ledger keeps it.</summary>
    public required string Path { get; init; }

    public required HitKind Kind { get; init; }

    public required int StartMs { get; init; }

    public required int DurationMs { get; init; }

    /// <summary>What the Location holds, ASCII.</summary>
    public required byte[] Location { get; init; }

    /// <summary>The origin's destinations as they were; the Location may depend on them.</summary>
    public required object? Destinations { get; init; }
}

/// <summary>A Media Playlist whose role was signed.</summary>
internal sealed class PreparedPlaylist : PreparedAnswer
{
    public required PlaylistTemplate Template { get; init; }

    /// <summary>Answered only while it is fresh.</summary>
    public required OriginPlaylist Playlist { get; init; }

    /// <summary>Of the sessions that it was made for.</summary>
    public required uint Trailer { get; init; }

    public required TrailerPlacement Placement { get; init; }

    /// <summary>Monotonic milliseconds: now and then the ordinary path looks again at what it looks at.</summary>
    public required long Until { get; init; }
}

/// <summary>A session token whose signature was right for this video.</summary>
internal sealed class VerifiedSession(SessionToken token, string video, byte[] text)
{
    public SessionToken Token => token;

    public string Video => video;

    /// <summary>The token's 40 characters.</summary>
    public byte[] Text => text;

    public long StartedAtMs { get; } = token.StartedAtMs;
}
