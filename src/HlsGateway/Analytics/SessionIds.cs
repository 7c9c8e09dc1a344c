using System.Buffers;
using System.Buffers.Text;

namespace HlsGateway.Analytics;

/// <summary>A session's id is a UUIDv7, so it tells when the session began, and its order is the order of the starts.</summary>
internal static class SessionIds
{
    /// <summary>Length of a session token: 30 bytes as base64url.</summary>
    private const int TokenLength = 40;

    public static DateTime StartOf(Guid session)
    {
        var ms = Uuid7.UnixMs(session);
        return ms <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime : DateTime.MaxValue;
    }

    /// <summary>The smallest id of a session that began at <paramref name="time"/> or later, as it is stored.</summary>
    public static byte[] Floor(DateTimeOffset time)
    {
        var bytes = new byte[16];
        Uuid7.Write(Math.Max(0, time.ToUnixTimeMilliseconds()), bytes);
        return bytes;
    }

    public static byte[] Bytes(Guid session) => session.ToByteArray(bigEndian: true);

    /// <summary>A UUID, or a whole session token as it stands in a player's URL (its first 16 bytes are the UUID).</summary>
    public static bool TryParse(string text, out Guid session)
    {
        session = Guid.Empty;
        if (text.Length != TokenLength)
            return Guid.TryParse(text, out session);
        Span<byte> bytes = stackalloc byte[30];
        if (Base64Url.DecodeFromChars(text, bytes, out _, out var length) is not OperationStatus.Done || length != bytes.Length)
            return false;
        session = new Guid(bytes[..16], bigEndian: true);
        return true;
    }
}
