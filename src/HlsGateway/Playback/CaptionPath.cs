using System.Globalization;
using HlsGateway.Playlists;

namespace HlsGateway.Playback;

/// <summary>
/// A caption segment's path below a video: <c>subtitles/{language}/{version}/{first PTS}-{content end ms}/{start ms}-{length ms}.vtt</c>;
/// behind a discontinuity of the content <c>{first PTS of the range}-{content end ms}-{start ms of the range}</c>.
/// The path holds all that the answer depends on, so a player whose query was stripped still gets its captions, and any
/// gateway can answer. <c>x</c> in the PTS's place: it could not be measured, and the segment is blank, for its cues could be late or early.
/// </summary>
internal readonly record struct CaptionPath(string Language, string Version, long? Mpegts, int ContentEndMs, int StartMs, int DurationMs, int RangeStartMs = 0)
{
    public const string Folder = "subtitles/";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Folder}{Language}/{Version}/{(Mpegts is { } pts ? pts.ToString(CultureInfo.InvariantCulture) : "x")}-{ContentEndMs}{(RangeStartMs == 0 ? "" : $"-{RangeStartMs}")}/{StartMs}-{DurationMs}.vtt");

    public static bool TryRead(ReadOnlySpan<char> below, out CaptionPath path)
    {
        path = default;
        Span<Range> parts = stackalloc Range[6];
        if (below.Split(parts, '/') != 5 || !below[parts[0]].SequenceEqual("subtitles") || !below.EndsWith(".vtt", StringComparison.Ordinal))
            return false;
        var clock = below[parts[3]];
        var window = below[parts[4]][..^4];
        var range = 0;
        if (!TrySplit(clock, out var pts, out var end) || (TrySplit(end, out var first, out var second) && !TryMs(second, out range)) || !TrySplit(window, out var start, out var length)
            || !TryMs(first.IsEmpty ? end : first, out var endMs) || !TryMs(start, out var startMs) || !TryMs(length, out var lengthMs))
            return false;
        long? mpegts = null;
        if (!pts.SequenceEqual("x"))
        {
            if (!long.TryParse(pts, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value >= MpegClock.Wrap)
                return false;
            mpegts = value;
        }

        path = new(below[parts[1]].ToString(), below[parts[2]].ToString(), mpegts, endMs, startMs, lengthMs, range);
        return true;
    }

    private static bool TrySplit(ReadOnlySpan<char> text, out ReadOnlySpan<char> left, out ReadOnlySpan<char> right)
    {
        var hyphen = text.IndexOf('-');
        left = hyphen < 0 ? [] : text[..hyphen];
        right = hyphen < 0 ? [] : text[(hyphen + 1)..];
        return hyphen > 0;
    }

    private static bool TryMs(ReadOnlySpan<char> text, out int ms) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ms) && ms <= 48 * 60 * 60 * 1000;
}
