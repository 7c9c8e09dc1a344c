using System.Text;

namespace HlsGateway.Playback;

/// <summary>
/// The signature of a child playlist's URI: video, path, the URI's own query, role and caption source. A playlist's role in its
/// session decides figures that others see, so only the Master Playlist sets it. Like a segment's signature it does not depend on the
/// session; its key is another one.
/// </summary>
internal static class PlaylistSignature
{
    /// <summary>The parameters that follow the session token: <c>&amp;s=…&amp;p=v</c>.</summary>
    /// <param name="below">The playlist's path below the video, without query.</param>
    /// <param name="own">The URI's own query.</param>
    public static string Parameters(SigningKeys keys, string video, string below, ReadOnlySpan<char> own, ChildRole role, string captionSource = "")
    {
        var profile = role.ToString();
        return $"&s={keys.Playlists.Sign(Message(video, below, own, profile, captionSource))}&p={profile}{(captionSource.Length == 0 ? "" : "&v=" + captionSource)}";
    }

    /// <summary>True when the query's role was signed for this path of this video.</summary>
    public static bool Verify(SigningKeys keys, ReadOnlySpan<char> video, ReadOnlySpan<char> below, PlayerQuery query) =>
        !query.Profile.IsEmpty && !query.Profile.Contains('?') && !query.CaptionSource.Contains('?')
        && keys.Playlists.Verifies(Message(video, below, query.Own, query.Profile, query.CaptionSource), query.Signature);

    /// <summary>Only the last part can hold a '?', so one message cannot be read as different parts.</summary>
    private static byte[] Message(ReadOnlySpan<char> video, ReadOnlySpan<char> below, ReadOnlySpan<char> own, ReadOnlySpan<char> profile, ReadOnlySpan<char> captionSource) =>
        Encoding.UTF8.GetBytes($"{video}?{below}?{profile}?{captionSource}?{own}");
}
