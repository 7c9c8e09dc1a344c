using System.Buffers.Text;
using System.Text;

namespace HlsGateway.Playback;

/// <summary>What the gateway does when an opaque path is asked for.</summary>
internal enum TargetUse : byte
{
    /// <summary>A playlist: fetched, rewritten, served.</summary>
    Playlist = (byte)'p',

    /// <summary>A segment or initialization section: redirected, never fetched.</summary>
    Redirect = (byte)'r',

    /// <summary>A key, session data, a steering manifest: streamed from the origin.</summary>
    PassThrough = (byte)'k',
}

/// <summary>
/// A URI outside its video's folder, carried in a path of ours that only we can make (rule I2): the gateway is no open redirect
/// and fetches nothing that a client names. Shape: <c>~x/{use + target as base64url}.{tag}/{file}</c>; the tag binds it to the video.
/// </summary>
/// <param name="Target">
/// An absolute http(s) URL; one without its scheme (<c>://host/a.ts</c>), which is then the one that the player uses; or a path on the
/// origin. Query included.
/// </param>
internal readonly record struct OpaqueTarget(TargetUse Use, string Target)
{
    public const string Marker = "~x";

    /// <summary>Start of a target whose scheme the origin's playlist leaves out.</summary>
    public const string AnyScheme = "://";

    /// <summary>The path below the video's folder, or null when the target is too long for a path of ours.</summary>
    public string? ToPath(SigningKeys keys, ReadOnlySpan<char> video)
    {
        var payload = (char)Use + Target;
        var encoded = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload));
        if (encoded.Length + video.Length > WatchPath.MaxLength - 300)
            return null;
        return $"{Marker}/{encoded}.{keys.Targets.Sign(Message(video, encoded))}/{FileName()}";
    }

    /// <summary>Reads a path that begins with <c>~x/</c>.</summary>
    public static bool TryRead(SigningKeys keys, ReadOnlySpan<char> video, ReadOnlySpan<char> below, out OpaqueTarget target)
    {
        target = default;
        var rest = below[(Marker.Length + 1)..];
        var slash = rest.IndexOf('/');
        var dot = rest.IndexOf('.');
        if (dot <= 0 || slash < dot)
            return false;
        var encoded = rest[..dot];
        if (!keys.Targets.Verifies(Message(video, encoded), rest[(dot + 1)..slash]))
            return false;

        var payload = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(encoded));
        target = new OpaqueTarget((TargetUse)payload[0], payload[1..]);
        // A relative URI in the playlist at this path must never be taken for the playlist itself.
        return rest[(slash + 1)..].SequenceEqual(target.FileName());
    }

    private string FileName()
    {
        var path = Target.AsSpan();
        var query = path.IndexOfAny('?', '#');
        if (query >= 0)
            path = path[..query];
        var name = path[(path.LastIndexOf('/') + 1)..];
        if (name.Length is 0 or > 128 || !WatchPath.IsAcceptable(name) || WatchPath.Normal(name.ToString()) is not { } normal || normal[0] == '~')
            return Use == TargetUse.Playlist ? "playlist.m3u8" : "file";
        return normal;
    }

    private static byte[] Message(ReadOnlySpan<char> video, ReadOnlySpan<char> encoded) => Encoding.ASCII.GetBytes($"{video}?{encoded}");
}
