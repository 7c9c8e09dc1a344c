using System.Globalization;
using System.Text;

namespace HlsGateway.Playback;

/// <summary>A segment's place on its timeline, as it is signed.</summary>
/// <param name="Duration">Seconds as EXTINF writes them.</param>
/// <param name="StartMs">The exact sum of the durations before it, rounded once.</param>
/// <param name="EndMs">The exact sum with it, rounded once: where its neighbour starts, so that the two touch. Null: start plus rounded duration gives it.</param>
internal readonly record struct SegmentTime(string Duration, int StartMs, int? EndMs)
{
    /// <summary>Of a live segment: numbers are taken modulo 2^30, which is far more than any live stream's window, and leaves room for an end.</summary>
    public static SegmentTime Numbered(string duration, long sequence) => new(duration, (int)(sequence & ((1 << 30) - 1)), null);
}

/// <summary>
/// The signature of a segment's duration, start, end, kind, video and path. It does not depend on the session, so it is compiled into the
/// playlist's template; what is counted is what we signed, never what a client says (rule I5).
/// </summary>
internal static class SegmentSignature
{
    /// <summary>
    /// The kind of a Variant Stream's segment whose playlist slides: its time in the window is not where it stands in the content, so
    /// <c>t</c> is its Media Sequence Number, which names it in each window.
    /// </summary>
    public const string Live = "l";

    /// <summary>Seven digits, a point and the 18 places that a sum of durations is exact to.</summary>
    private const int LongestDuration = 26;
    private const int LongestTime = 10;

    /// <summary>200 characters, percent-encoded.</summary>
    private const int LongestRendition = 2400;

    /// <summary>The parameters that follow the session token: <c>&amp;duration=4&amp;t=12000&amp;s=…</c>.</summary>
    /// <remarks>
    /// <c>e</c>, the end, is written only where start plus rounded duration does not give it: 4.033333 s from 4033 end at 8067,
    /// not at 8066. Without it there would be gaps of a millisecond between segments, and no session would cover the whole.
    /// </remarks>
    /// <param name="video">The video that the segment is part of: <c>nest</c> and <c>a/0.ts</c> are not <c>nest/a</c> and <c>0.ts</c>.</param>
    /// <param name="below">The segment's path below it, without query.</param>
    /// <param name="kind">Empty, <c>a</c>, <c>c</c>, <c>i</c> or <see cref="Live"/>.</param>
    /// <param name="rendition">The Rendition's name, percent-encoded, where the path does not tell it.</param>
    public static string Parameters(SigningKeys keys, ReadOnlySpan<char> video, ReadOnlySpan<char> below, in SegmentTime time, string kind, string rendition = "")
    {
        var start = time.StartMs.ToString(CultureInfo.InvariantCulture);
        var end = time.EndMs is not { } endMs || (TryMilliseconds(time.Duration, out var rounded) && (long)time.StartMs + rounded == endMs) ? "" : endMs.ToString(CultureInfo.InvariantCulture);
        var message = Message(video, below, time.Duration, start, kind, end, rendition, stackalloc byte[LengthOf(video, below, time.Duration, start, kind, end, rendition)]);
        return $"&duration={time.Duration}&t={start}{Optional("&e=", end)}{Optional("&k=", kind)}{Optional("&r=", rendition)}&s={keys.Segments.Sign(message)}";
    }

    /// <summary>True when the query's duration, start, end and kind were signed for this path of this video; gives start and length as milliseconds.</summary>
    public static bool Verify(SigningKeys keys, ReadOnlySpan<char> video, ReadOnlySpan<char> below, PlayerQuery query, out int startMs, out int durationMs)
    {
        startMs = durationMs = 0;
        if (query.Duration.Length is 0 or > LongestDuration || query.Start.Length is 0 or > LongestTime
            || query.End.Length > LongestTime || query.Kind.Length > 1 || query.Rendition.Length > LongestRendition)
            return false;
        var message = Message(
            video, below, query.Duration, query.Start, query.Kind, query.End, query.Rendition,
            stackalloc byte[LengthOf(video, below, query.Duration, query.Start, query.Kind, query.End, query.Rendition)]);
        if (!keys.Segments.Verifies(message, query.Signature) || !TryWhole(query.Start, out startMs) || !TryMilliseconds(query.Duration, out durationMs))
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

    /// <summary>No part can hold a '?', so one message cannot be read as different parts.</summary>
    private static ReadOnlySpan<byte> Message(
        ReadOnlySpan<char> video, ReadOnlySpan<char> below, ReadOnlySpan<char> duration, ReadOnlySpan<char> start, ReadOnlySpan<char> kind, ReadOnlySpan<char> end,
        ReadOnlySpan<char> rendition, Span<byte> message)
    {
        var length = Encoding.ASCII.GetBytes(video, message);
        length = Append(message, length, below);
        length = Append(message, length, duration);
        length = Append(message, length, start);
        length = Append(message, length, kind);
        if (!end.IsEmpty || !rendition.IsEmpty)
            length = Append(message, length, end);
        if (!rendition.IsEmpty)
            length = Append(message, length, rendition);
        return message[..length];
    }

    private static int LengthOf(
        ReadOnlySpan<char> video, ReadOnlySpan<char> below, ReadOnlySpan<char> duration, ReadOnlySpan<char> start, ReadOnlySpan<char> kind, ReadOnlySpan<char> end, ReadOnlySpan<char> rendition) =>
        video.Length + below.Length + duration.Length + start.Length + kind.Length + end.Length + rendition.Length + 6;

    private static int Append(Span<byte> message, int length, ReadOnlySpan<char> part)
    {
        message[length++] = (byte)'?';
        return length + Encoding.ASCII.GetBytes(part, message[length..]);
    }
}
