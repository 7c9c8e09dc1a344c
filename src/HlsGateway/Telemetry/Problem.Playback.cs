namespace HlsGateway.Telemetry;

/// <summary>Player URLs below /watch/.</summary>
internal sealed partial class Problem
{
    public static Problem BadInspection { get; } = new("bad-inspection", 400, "This is no playlist of this gateway",
        "The address is neither below /watch/ of this gateway nor on its configured origin, or what stands there is no playlist. The gateway fetches nothing else that a client names.",
        "Give a video's id, a playlist's address below /watch/, or its address on the origin that the operator configured.");

    public static Problem BadPath { get; } = new("bad-path", 400, "The path cannot be passed on",
        "The path holds dot segments, encoded separators or characters that servers read in different ways.",
        "Request paths exactly as they are written in the playlist.");

    public static Problem OriginError { get; } = new("origin-error", 502, "The origin gave no usable answer",
        "The origin answered with an error, or in an encoding that was not asked for.",
        "Try again. If the error goes on, the operator should check the origin: the detail says what it answered.");

    public static Problem OriginNoPlaylist { get; } = new("origin-no-playlist", 502, "The origin's file is not a usable playlist",
        "The origin has a file of this name, but it cannot be read as an HLS playlist (RFC 8216). The detail names the line.",
        "Correct the playlist at the origin. 'hlsgateway lint' checks a stream and lists everything that is wrong with it.");

    public static Problem OriginNotAllowed { get; } = new("origin-not-allowed", 502, "The host is not on the list of allowed hosts",
        "The playlist names a file on another host, and the gateway fetches playlists only from the origin and from allowed hosts.",
        "The operator can add the host to Gateway:Origin:AllowedHosts.");

    public static Problem OriginRedirect { get; } = new("origin-redirect", 502, "The origin redirects to a host that is not allowed",
        "The origin redirects this file to a host that is neither the CDN nor on the list of allowed hosts.",
        "The operator can add the host to Gateway:Origin:AllowedHosts, or write the file's real address in the playlist.");

    public static Problem OriginTimeout { get; } = new("origin-timeout", 504, "The origin took too long",
        "The origin did not answer within the configured time.",
        "Try again. If the error goes on, the operator should check the origin, or raise Gateway:Origin:Timeout.");

    public static Problem OriginTooLarge { get; } = new("origin-too-large", 502, "The origin's file is too large",
        "The playlist has more bytes than the gateway accepts for a playlist.",
        "Make the playlist shorter, for instance with longer segments.");

    public static Problem OriginUnreachable { get; } = new("origin-unreachable", 502, "The origin could not be reached",
        "The gateway could not connect to the origin, or the connection broke.",
        "Try again. If the error goes on, the operator should check the origin's address (ReverseProxy:Clusters:origin) and /healthz/ready.");

    public static Problem UnknownPlaylist { get; } = new("unknown-playlist", 404, "There is no such playlist",
        "The video is known, but neither its origin nor the store has this playlist.",
        "Check the path, or start at the video's Master Playlist, /watch/{video}/playlist.m3u8.");

    public static Problem UnknownTarget { get; } = new("unknown-target", 404, "This gateway did not make this address",
        "Addresses of this form are made and signed by the gateway. This one was not made here, was changed, or its key is no longer in use.",
        "Load the playlist again: it gives addresses that are valid now.");

    public static Problem UnknownVideo { get; } = new("unknown-video", 404, "Nothing is published here",
        "No video is published under this path, and no origin is configured that could have it.",
        "A video's address is /watch/{video}/playlist.m3u8. If the videos are on an origin, the operator sets its address in ReverseProxy:Clusters:origin.");
}
