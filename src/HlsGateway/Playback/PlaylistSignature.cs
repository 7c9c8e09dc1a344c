using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Playback;

/// <summary>
/// The signature of a child playlist's URI: video, path, the URI's own query, role and caption source. What a playlist is to its
/// session decides numbers that others see, so nobody but the Master Playlist says it. Like a segment's it does not depend on the
/// session, and its key is another one.
/// </summary>
internal static class PlaylistSignature
{
    private const int Size = 8;

    /// <summary>The parameters that follow the session token: <c>&amp;s=…&amp;p=v</c>.</summary>
    /// <param name="below">The playlist's path below the video, without query.</param>
    /// <param name="own">The URI's own query.</param>
    public static string Parameters(SigningKeys keys, string video, string below, ReadOnlySpan<char> own, ChildRole role, string captionSource = "")
    {
        var profile = role.ToString();
        Span<byte> tag = stackalloc byte[SigningKeys.Mac.Size];
        keys.Playlists[0].Compute(Message(video, below, own, profile, captionSource), tag);
        return $"&s={Base64Url.EncodeToString(tag[..Size])}&p={profile}{(captionSource.Length == 0 ? "" : "&v=" + captionSource)}";
    }

    /// <summary>True when the query's role was signed for this path of this video.</summary>
    public static bool Verify(SigningKeys keys, ReadOnlySpan<char> video, ReadOnlySpan<char> below, in PlayerQuery query)
    {
        Span<byte> given = stackalloc byte[Size];
        if (query.Signature.Length != SegmentSignature.Length || query.Profile.IsEmpty || query.Profile.Contains('?') || query.CaptionSource.Contains('?')
            || Base64Url.DecodeFromChars(query.Signature, given, out _, out var written) is not OperationStatus.Done || written != Size)
            return false;

        var message = Message(video, below, query.Own, query.Profile, query.CaptionSource);
        Span<byte> tag = stackalloc byte[SigningKeys.Mac.Size];
        foreach (var mac in keys.Playlists)
        {
            mac.Compute(message, tag);
            if (CryptographicOperations.FixedTimeEquals(tag[..Size], given))
                return true;
        }

        return false;
    }

    /// <summary>'?' stands in none of the parts but the last, so they cannot run into one another.</summary>
    private static byte[] Message(ReadOnlySpan<char> video, ReadOnlySpan<char> below, ReadOnlySpan<char> own, ReadOnlySpan<char> profile, ReadOnlySpan<char> captionSource) =>
        Encoding.UTF8.GetBytes($"{video}?{below}?{profile}?{captionSource}?{own}");
}
