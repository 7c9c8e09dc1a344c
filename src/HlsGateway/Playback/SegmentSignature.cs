using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Playback;

/// <summary>
/// The signature of a segment's duration, start, kind, video and path. It does not depend on the session, so it is compiled into the
/// playlist's template; what is counted is what we signed, never what a client says (rule I5).
/// </summary>
internal static class SegmentSignature
{
    /// <summary>Characters of a signature: 8 bytes as base64url.</summary>
    public const int Length = 11;

    private const int Size = 8;

    /// <summary>The parameters that follow the session token: <c>&amp;duration=4&amp;t=12000&amp;s=…</c>.</summary>
    /// <param name="video">The video that the segment is part of: <c>nest</c> and <c>a/0.ts</c> are not <c>nest/a</c> and <c>0.ts</c>.</param>
    /// <param name="below">The segment's path below it, without query.</param>
    /// <param name="kind">Empty, <c>a</c>, <c>c</c> or <c>i</c>.</param>
    public static string Parameters(SigningKeys keys, ReadOnlySpan<char> video, ReadOnlySpan<char> below, string duration, int startMs, string kind)
    {
        var start = startMs.ToString(CultureInfo.InvariantCulture);
        Span<byte> tag = stackalloc byte[SigningKeys.Mac.Size];
        Tag(keys.Segments[0], video, below, duration, start, kind, tag);
        var signature = Base64Url.EncodeToString(tag[..Size]);
        return kind.Length == 0
            ? $"&duration={duration}&t={start}&s={signature}"
            : $"&duration={duration}&t={start}&k={kind}&s={signature}";
    }

    /// <summary>True when the query's duration, start and kind were signed for this path of this video; gives them as milliseconds.</summary>
    public static bool Verify(SigningKeys keys, ReadOnlySpan<char> video, ReadOnlySpan<char> below, in PlayerQuery query, out int startMs, out int durationMs)
    {
        startMs = durationMs = 0;
        Span<byte> given = stackalloc byte[Size];
        if (query.Signature.Length != Length || query.Duration.Length is 0 or > 24 || query.Start.Length is 0 or > 10 || query.Kind.Length > 1
            || Base64Url.DecodeFromChars(query.Signature, given, out _, out var written) is not OperationStatus.Done || written != Size)
            return false;

        Span<byte> tag = stackalloc byte[SigningKeys.Mac.Size];
        var matches = false;
        foreach (var mac in keys.Segments)
        {
            Tag(mac, video, below, query.Duration, query.Start, query.Kind, tag);
            if (CryptographicOperations.FixedTimeEquals(tag[..Size], given))
            {
                matches = true;
                break;
            }
        }

        if (!matches || !int.TryParse(query.Start, NumberStyles.None, CultureInfo.InvariantCulture, out startMs)
            || !decimal.TryParse(query.Duration, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
            return false;
        durationMs = (int)decimal.Round(decimal.Min(seconds, int.MaxValue / 1000) * 1000m, MidpointRounding.AwayFromZero);
        return true;
    }

    private static void Tag(SigningKeys.Mac mac, ReadOnlySpan<char> video, ReadOnlySpan<char> below, ReadOnlySpan<char> duration, ReadOnlySpan<char> start, ReadOnlySpan<char> kind, Span<byte> tag)
    {
        // '?' cannot stand in a path, so the parts cannot run into one another.
        Span<byte> message = stackalloc byte[WatchPath.MaxLength + 48];
        var length = Encoding.ASCII.GetBytes(video, message);
        length = Append(message, length, below);
        length = Append(message, length, duration);
        length = Append(message, length, start);
        length = Append(message, length, kind);
        mac.Compute(message[..length], tag);
    }

    private static int Append(Span<byte> message, int length, ReadOnlySpan<char> part)
    {
        message[length++] = (byte)'?';
        return length + Encoding.ASCII.GetBytes(part, message[length..]);
    }
}
