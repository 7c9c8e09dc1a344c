using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using HlsGateway.Playlists;
using HlsGateway.Trailers;

namespace HlsGateway.Playback;

/// <summary>What a session token says once it has been verified.</summary>
/// <param name="Id">UUIDv7: identity and start time. Of its random bits the last three are the placement.</param>
/// <param name="VideoSegments">Number of path segments of the video's id.</param>
/// <param name="Trailer">The pinned trailer version; 0 = none.</param>
/// <param name="Preview">Signed as a preview: plays any trailer and counts nothing.</param>
internal readonly record struct SessionToken(Guid Id, byte VideoSegments, uint Trailer, bool Preview)
{
    /// <summary>Characters of a token: 30 bytes as base64url.</summary>
    public const int Length = PlaylistTemplate.TokenLength;

    /// <summary>In place of a session's token, in playlists that are served without a session (rule H4).</summary>
    public static ReadOnlySpan<byte> Anonymous => "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"u8;

    private const int Signed = 16 + 1 + 4;
    private const int Size = 30;
    internal const int TagSize = Size - Signed;
    private const byte PlacementBits = 7;
    private const int LastOfId = 15;

    /// <summary>How the pinned trailer is placed.</summary>
    public TrailerPlacement Placement
    {
        get
        {
            Span<byte> id = stackalloc byte[16];
            Id.TryWriteBytes(id, bigEndian: true, out _);
            var placement = (TrailerPlacement)(id[LastOfId] & PlacementBits);
            // Tokens of builds that knew no such value hold a random bit there.
            return placement <= TrailerPlacement.BehindContinuing ? placement : placement & TrailerPlacement.InterstitialBefore;
        }
    }

    /// <summary>When the session began, Unix milliseconds.</summary>
    public long StartedAtMs => Uuid7.UnixMs(Id);

    /// <summary>Begins a session.</summary>
    /// <param name="video">The video's id as it stands in the URL; the signature binds the token to it.</param>
    public static SessionToken Begin(string video, uint trailer, DateTimeOffset now, bool preview = false, TrailerPlacement placement = TrailerPlacement.Behind)
    {
        Span<byte> id = stackalloc byte[16];
        Guid.CreateVersion7(now).TryWriteBytes(id, bigEndian: true, out _);
        id[LastOfId] = (byte)((id[LastOfId] & ~PlacementBits) | (byte)placement);
        return new(new Guid(id, bigEndian: true), checked((byte)(video.AsSpan().Count('/') + 1)), trailer, preview);
    }

    /// <summary>Writes the token's 40 characters.</summary>
    public void Write(SigningKeys keys, ReadOnlySpan<char> video, Span<byte> destination)
    {
        Span<byte> raw = stackalloc byte[Size];
        Id.TryWriteBytes(raw, bigEndian: true, out _);
        raw[16] = VideoSegments;
        BinaryPrimitives.WriteUInt32BigEndian(raw[17..], Trailer);
        (Preview ? keys.Previews : keys.Sessions).Sign(Message(raw[..Signed], video, stackalloc byte[Signed + video.Length]), raw[Signed..]);
        Base64Url.EncodeToUtf8(raw, destination);
    }

    /// <summary>Verifies a token against the path it came with.</summary>
    /// <param name="text">The value of <c>session_id</c>.</param>
    /// <param name="path">The path below <c>/watch/</c>; the video is its first segments, as many as the token says.</param>
    public static SessionVerdict Verify(SigningKeys keys, ReadOnlySpan<char> text, ReadOnlySpan<char> path, TimeSpan lifetime, DateTimeOffset now, out SessionToken token, out int videoLength)
    {
        token = default;
        videoLength = 0;
        Span<byte> raw = stackalloc byte[Size];
        if (text.Length != Length || Base64Url.DecodeFromChars(text, raw, out _, out var written) is not OperationStatus.Done || written != Size)
            return SessionVerdict.Forged;

        videoLength = LengthOfSegments(path, raw[16]);
        if (videoLength == 0)
            return SessionVerdict.Forged;

        var message = Message(raw[..Signed], path[..videoLength], stackalloc byte[Signed + videoLength]);
        var preview = false;
        if (!keys.Sessions.Verifies(message, raw[Signed..]))
        {
            preview = keys.Previews.Verifies(message, raw[Signed..]);
            if (!preview)
                return SessionVerdict.Forged;
        }

        token = new SessionToken(new Guid(raw[..16], bigEndian: true), raw[16], BinaryPrimitives.ReadUInt32BigEndian(raw[17..]), preview);
        var age = now.ToUnixTimeMilliseconds() - token.StartedAtMs;
        // A clock that was set back, or a peer's that runs ahead, must not end sessions that have just begun.
        return age > lifetime.TotalMilliseconds || age < -ClockSkewMs ? SessionVerdict.Expired : SessionVerdict.Valid;
    }

    internal const long ClockSkewMs = 2 * 60 * 60 * 1000;

    private static int LengthOfSegments(ReadOnlySpan<char> path, int segments)
    {
        if (segments == 0)
            return 0;
        var length = 0;
        for (var i = 0; i < segments; i++)
        {
            var slash = path[length..].IndexOf('/');
            // The last segment of a path is a file, never a part of the video's id.
            if (slash < 0)
                return 0;
            length += slash + 1;
        }

        return length - 1;
    }

    /// <summary>What is signed: the token and its video, which is ASCII once it has passed <see cref="WatchPath"/>.</summary>
    private static ReadOnlySpan<byte> Message(ReadOnlySpan<byte> signed, ReadOnlySpan<char> video, Span<byte> message)
    {
        signed.CopyTo(message);
        Encoding.ASCII.GetBytes(video, message[Signed..]);
        return message;
    }
}

/// <summary>The result of verifying a token.</summary>
internal enum SessionVerdict
{
    /// <summary>No token, or the anonymous one.</summary>
    None,
    Valid,
    Expired,

    /// <summary>Not ours, or another video's.</summary>
    Forged,
}
