using System.Globalization;
using System.Text;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>
/// A session drawn as one line of text: per second of the content <c>_</c> never fetched, <c>f</c> fetched, <c>w</c> fetched and
/// proven played, <c>W</c> fetched more than once; runs as count and letter (<c>5w3_2W</c>). A second takes the state of its middle.
/// What does not fit into 200 characters is drawn with 2, 4, 8… seconds a letter.
/// </summary>
internal static class Strip
{
    private const int Longest = 200;

    /// <param name="low">The proven part, as a set.</param>
    /// <returns>The text, and the seconds that one unit of its counts stands for.</returns>
    public static (string Runs, int UnitSeconds) Draw(IntervalSet watched, IntervalSet again, IntervalSet low, long contentMs)
    {
        var seconds = RollupSums.Seconds(0, Math.Min(int.MaxValue - 1000, Math.Max(contentMs, watched.End))).End;
        for (var unit = 1; ; unit *= 2)
        {
            var text = Draw(watched, again, low, seconds, unit);
            if (text.Length <= Longest)
                return (text, unit);
        }
    }

    private static string Draw(IntervalSet watched, IntervalSet again, IntervalSet low, int seconds, int unit)
    {
        var text = new StringBuilder();
        var (letter, run) = ('\0', 0);
        for (var second = 0; second < seconds; second += unit)
        {
            // The last letter may stand for less than a unit.
            var middle = (int)Math.Min((second * 1000L) + (unit * 500L), (seconds * 1000L) - 500);
            var next = again.Covers(middle, middle + 1) ? 'W' : low.Covers(middle, middle + 1) ? 'w' : watched.Covers(middle, middle + 1) ? 'f' : '_';
            if (next != letter)
            {
                Append(text, run, letter);
                (letter, run) = (next, 0);
                if (text.Length > Longest)
                    return text.ToString();
            }
            run++;
        }
        Append(text, run, letter);
        return text.ToString();
    }

    private static void Append(StringBuilder text, int run, char letter)
    {
        if (run > 0)
            text.Append(CultureInfo.InvariantCulture, $"{run}{letter}");
    }
}
