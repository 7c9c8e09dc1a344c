using System.Globalization;
using System.Text;

namespace HlsGateway.Playlists;

/// <summary>Cue times of WebVTT (<c>00:00:01.000</c>, hours optional) and SRT (<c>00:00:01,000</c>).</summary>
internal static class CaptionTime
{
    /// <summary>Times from 100 hours on are refused: two digits of hours are what every player reads, and milliseconds stay an int.</summary>
    private const int Limit = 100 * 3_600_000;

    /// <summary>What a line is to a reader who looks for cue times.</summary>
    internal enum Line
    {
        /// <summary>No cue times, though it may hold an arrow.</summary>
        Other,
        Times,

        /// <summary>Meant as cue times, but not readable as such.</summary>
        Malformed,
    }

    /// <summary>Reads <c>start --> end settings</c>.</summary>
    /// <param name="fraction">True when both times are written with a fraction.</param>
    internal static Line Read(string line, out int startMs, out int endMs, out string settings, out bool comma, out bool fraction)
    {
        (startMs, endMs, settings, comma, fraction) = (0, 0, "", false, false);
        var rest = line.AsSpan().Trim();
        if (!LooksLikeTime(rest))
            return Line.Other;

        var wellFormed = TryTake(ref rest, out startMs, out comma, out var startFraction);
        var behind = rest.TrimStart();
        if (!wellFormed)
            return line.Contains("->", StringComparison.Ordinal) ? Line.Malformed : Line.Other;
        if (!behind.StartsWith("-->"))
            return behind.StartsWith("-") && (startFraction || behind.StartsWith("->")) ? Line.Malformed : Line.Other;

        behind = behind[3..].TrimStart();
        if (!TryTake(ref behind, out endMs, out _, out var endFraction) || (behind.Length > 0 && !char.IsWhiteSpace(behind[0])))
            return Line.Malformed;

        settings = behind.Trim().ToString();
        fraction = startFraction && endFraction;
        return Line.Times;
    }

    /// <summary>Reads a time that is nothing else, as in a timestamp tag.</summary>
    internal static bool TryRead(ReadOnlySpan<char> text, out int ms) => TryTake(ref text, out ms, out var comma, out var fraction) && text.IsEmpty && fraction && !comma;

    /// <summary>Appends <c>HH:MM:SS.mmm</c>.</summary>
    internal static StringBuilder Append(StringBuilder to, int ms) => to.Append(CultureInfo.InvariantCulture,
        $"{ms / 3_600_000:00}:{ms / 60_000 % 60:00}:{ms / 1000 % 60:00}.{ms % 1000:000}");

    private static bool LooksLikeTime(ReadOnlySpan<char> text)
    {
        var digits = Digits(text);
        return digits > 0 && text.Length > digits + 1 && text[digits] == ':' && char.IsAsciiDigit(text[digits + 1]);
    }

    /// <summary>Takes <c>[H+:]MM:SS[(.|,)f+]</c> from the front; further digits of the fraction than three are cut off.</summary>
    private static bool TryTake(ref ReadOnlySpan<char> text, out int ms, out bool comma, out bool fraction)
    {
        (ms, comma, fraction) = (0, false, false);
        Span<int> parts = stackalloc int[3];
        var count = 0;
        while (count < 3)
        {
            var digits = Digits(text);
            if (digits is 0 or > 6)
                return false;
            parts[count++] = int.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            text = text[digits..];
            if (count == 3 || text.IsEmpty || text[0] != ':')
                break;
            text = text[1..];
        }

        if (count < 2 || parts[count - 1] > 59 || parts[count - 2] > 59)
            return false;
        if (count == 2)
            (parts[0], parts[1], parts[2]) = (0, parts[0], parts[1]);

        var milliseconds = 0;
        if (text.Length > 1 && text[0] is '.' or ',' && char.IsAsciiDigit(text[1]))
        {
            (comma, fraction) = (text[0] == ',', true);
            text = text[1..];
            var digits = Digits(text);
            for (var i = 0; i < 3; i++)
                milliseconds = (milliseconds * 10) + (i < digits ? text[i] - '0' : 0);
            text = text[digits..];
        }

        var total = (parts[0] * 3_600_000L) + (parts[1] * 60_000) + (parts[2] * 1000) + milliseconds;
        ms = (int)Math.Min(total, Limit);
        return total < Limit;
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        var count = 0;
        while (count < text.Length && char.IsAsciiDigit(text[count]))
            count++;
        return count;
    }
}
