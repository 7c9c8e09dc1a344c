using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Playback;

/// <summary>A segment's place on its timeline, as it is signed.</summary>
/// <param name="Duration">Seconds as EXTINF writes them.</param>
/// <param name="StartMs">The exact sum of the durations before it, rounded once.</param>
/// <param name="EndMs">The exact sum with it, rounded once: where its neighbour starts, so that the two touch. Null: start and rounded duration lead to it.</param>
internal readonly record struct SegmentTime(string Duration, int StartMs, int? EndMs)
{
    /// <summary>Of a live segment: numbers are taken modulo 2^30, which is no live stream's window by far, and leaves room for an end.</summary>
    public static SegmentTime Numbered(string duration, long sequence) => new(duration, (int)(sequence & ((1 << 30) - 1)), null);
}

/// <summary>
/// The signature of a segment's duration, start, end, kind, video and path. It does not depend on the session, so it is compiled into the
/// playlist's template; what is counted is what we signed, never what a client says (rule I5).
/// </summary>
internal static class SegmentSignature
{
    /// <summary>Characters of a signature: 8 bytes as base64url.</summary>
    public const int Length = 11;

    /// <summary>
    /// The kind of a Variant Stream's segment whose playlist slides: its time in the window is not where it stands in the content, so
    /// <c>t</c> is its Media Sequence Number, which names it in each window.
    /// </summary>
    public const string Live = "l";

    private const int Size = 8;

    /// <summary>Seven digits, a point and the 18 places that a sum of durations is exact to.</summary>
    private const int LongestDuration = 26;
    private const int LongestTime = 10;

    /// <summary>200 characters, percent-encoded.</summary>
    private const int LongestRendition = 2400;

    /// <summary>The parameters that follow the session token: <c>&amp;duration=4&amp;t=12000&amp;s=…</c>.</summary>
    /// <remarks>
    /// <c>e</c>, the end, stands there only where start and rounded duration do not lead to it: 4.033333 s from 4033 end at 8067,
    /// not at 8066. Without it neighbours would leave gaps of a millisecond, and nobody would have watched the whole.
    /// </remarks>
    /// <param name="video">The video that the segment is part of: <c>nest</c> and <c>a/0.ts</c> are not <c>nest/a</c> and <c>0.ts</c>.</param>
    /// <param name="below">The segment's path below it, without query.</param>
    /// <param name="kind">Empty, <c>a</c>, <c>c</c>, <c>i</c> or <see cref="Live"/>.</param>
    /// <param name="rendition">The Rendition's name, percent-encoded, where the path does not tell it.</param>
    public static string Parameters(SigningKeys keys, ReadOnlySpan<char> video, ReadOnlySpan<char> below, in SegmentTime time, string kind, string rendition = "")
    {
        var start = time.StartMs.ToString(CultureInfo.InvariantCulture);
        var end = time.EndMs is not { } endMs || (TryMilliseconds(time.Duration, out var rounded) && (long)time.StartMs + rounded == endMs) ? "" : endMs.ToString(CultureInfo.InvariantCulture);
        Span<byte> tag = stackalloc byte[SigningKeys.Mac.Size];
        Tag(keys.Segments[0], video, below, time.Duration, start, kind, end, rendition, tag);
        return $"&duration={time.Duration}&t={start}{Optional("&e=", end)}{Optional("&k=", kind)}{Optional("&r=", rendition)}&s={Base64Url.EncodeToString(tag[..Size])}";
    }

    /// <summary>True when the query's duration, start, end and kind were signed for this path of this video; gives start and length as milliseconds.</summary>
    public static bool Verify(SigningKeys keys, ReadOnlySpan<char> video, ReadOnlySpan<char> below, in PlayerQuery query, out int startMs, out int durationMs)
    {
        startMs = durationMs = 0;
        Span<byte> given = stackalloc byte[Size];
        if (query.Signature.Length != Length || query.Duration.Length is 0 or > LongestDuration || query.Start.Length is 0 or > LongestTime
            || query.End.Length > LongestTime || query.Kind.Length > 1 || query.Rendition.Length > LongestRendition
            || Base64Url.DecodeFromChars(query.Signature, given, out _, out var written) is not OperationStatus.Done || written != Size)
            return false;

        Span<byte> tag = stackalloc byte[SigningKeys.Mac.Size];
        var matches = false;
        foreach (var mac in keys.Segments)
        {
            Tag(mac, video, below, query.Duration, query.Start, query.Kind, query.End, query.Rendition, tag);
            if (CryptographicOperations.FixedTimeEquals(tag[..Size], given))
            {
                matches = true;
                break;
            }
        }

        if (!matches || !TryWhole(query.Start, out startMs) || !TryMilliseconds(query.Duration, out durationMs))
            return false;
        if (query.End.IsEmpty)
            return true;
        var ends = TryWhole(query.End, out var endMs) && endMs >= startMs;
        durationMs = endMs - startMs;
        return ends;
    }

    private static bool TryWhole(ReadOnlySpan<char> text, out int ms) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ms);

    private static bool TryMilliseconds(ReadOnlySpan<char> duration, out int ms)
    {
        var read = decimal.TryParse(duration, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds);
        ms = (int)decimal.Round(decimal.Min(seconds, int.MaxValue / 1000) * 1000m, MidpointRounding.AwayFromZero);
        return read;
    }

    private static string Optional(string name, string value) => value.Length == 0 ? "" : name + value;

    private static void Tag(
        SigningKeys.Mac mac, ReadOnlySpan<char> video, ReadOnlySpan<char> below, ReadOnlySpan<char> duration, ReadOnlySpan<char> start, ReadOnlySpan<char> kind, ReadOnlySpan<char> end,
        ReadOnlySpan<char> rendition, Span<byte> tag)
    {
        // '?' cannot stand in a path, so the parts cannot run into one another.
        Span<byte> message = stackalloc byte[video.Length + below.Length + duration.Length + start.Length + kind.Length + end.Length + rendition.Length + 6];
        var length = Encoding.ASCII.GetBytes(video, message);
        length = Append(message, length, below);
        length = Append(message, length, duration);
        length = Append(message, length, start);
        length = Append(message, length, kind);
        if (!end.IsEmpty || !rendition.IsEmpty)
            length = Append(message, length, end);
        if (!rendition.IsEmpty)
            length = Append(message, length, rendition);
        mac.Compute(message[..length], tag);
    }

    private static int Append(Span<byte> message, int length, ReadOnlySpan<char> part)
    {
        message[length++] = (byte)'?';
        return length + Encoding.ASCII.GetBytes(part, message[length..]);
    }
}
