using System.Globalization;
using System.Text.RegularExpressions;

namespace HlsGateway;

/// <summary>How the API reads and writes times: RFC 3339, written in UTC with milliseconds; a date alone is a day of some time zone.</summary>
internal static partial class Rfc3339
{
    /// <summary>What to write instead of a time without an offset.</summary>
    public const string Ways = "a time in UTC (2026-11-30T12:00:00Z) or with its offset (2026-11-30T13:00:00+01:00)";

    private static readonly string[] Clocks = ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF"];

    /// <summary><c>2026-11-30T12:34:56.789Z</c>.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary><c>2026-11-30T13:34:56+01:00</c>: what clocks show where the time's offset is in force.</summary>
    public static string Local(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    /// <summary>Reads a time that says its offset.</summary>
    /// <param name="why">What is wrong and what to write instead, as the end of a sentence that begins with the field's name; null where nothing is.</param>
    public static bool TryRead(string text, out DateTimeOffset time, out string? why) => TryRead(text, null, out time, out why);

    /// <summary>Reads a time that says its offset, or a date, which is the beginning of that day.</summary>
    /// <param name="zone">The zone whose day a date is; null where a date alone says too little.</param>
    /// <param name="why">As in the other one.</param>
    public static bool TryRead(string text, TimeZoneInfo? zone, out DateTimeOffset time, out string? why)
    {
        (time, why) = (default, null);
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            if (zone is null)
                why = $"has no time of day and no offset; write {Ways}";
            else if (date.Year is < 1970 or > 9000)
                why = "must be between the years 1970 and 9000";
            else
                time = StartOfDay(date, zone);
            return why is null;
        }
        // A plus sign that was not escaped in a query comes as a space.
        var written = Spaced().Replace(text, "+");
        if (Offset().Match(written) is { Success: true } offset)
        {
            var clock = written[..offset.Index].Replace('t', 'T').Replace(' ', 'T');
            if (DateTime.TryParseExact(clock, Clocks, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) && local.Year is >= 1970 and <= 9000)
            {
                time = new DateTimeOffset(DateTime.SpecifyKind(local, DateTimeKind.Utc)) - OffsetOf(offset);
                return true;
            }
        }
        else if (DateTime.TryParseExact(written.Replace(' ', 'T'), Clocks, CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            why = $"has no offset, so it means a different moment in each time zone; write {Ways}";
            return false;
        }
        why = zone is null ? $"is not a time in the form of RFC 3339; write {Ways}" : $"is not a time in the form of RFC 3339; write {Ways}, or a date (2026-11-30)";
        return false;
    }

    /// <summary>The first moment of a day: midnight, or what comes first where clocks jump over it. Where midnight comes twice, the first.</summary>
    public static DateTimeOffset StartOfDay(DateOnly date, TimeZoneInfo zone)
    {
        var midnight = date.ToDateTime(TimeOnly.MinValue);
        if (zone.IsInvalidTime(midnight))
        {
            // No clock is put forward by more than a day. The clocks jump at the moment when the offset changes.
            var (before, after) = (Utc(midnight.AddDays(-1)), Utc(midnight.AddDays(1)));
            var offset = zone.GetUtcOffset(before);
            while (after - before > TimeSpan.FromMilliseconds(1))
            {
                var middle = before + ((after - before) / 2);
                if (zone.GetUtcOffset(middle) == offset)
                    before = middle;
                else
                    after = middle;
            }
            return DateTimeOffset.FromUnixTimeMilliseconds((after.ToUnixTimeMilliseconds() + 500) / 1000 * 1000);
        }
        var ahead = zone.IsAmbiguousTime(midnight) ? zone.GetAmbiguousTimeOffsets(midnight).Max() : zone.GetUtcOffset(midnight);
        return Utc(midnight) - ahead;
    }

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    private static TimeSpan OffsetOf(Match offset)
    {
        if (!offset.Groups["hours"].Success)
            return TimeSpan.Zero;
        var span = new TimeSpan(int.Parse(offset.Groups["hours"].ValueSpan, CultureInfo.InvariantCulture), int.Parse(offset.Groups["minutes"].ValueSpan, CultureInfo.InvariantCulture), 0);
        return offset.Groups["sign"].ValueSpan is "-" ? -span : span;
    }

    [GeneratedRegex(@"(?:[Zz]|(?<sign>[+-])(?<hours>[01][0-9]|2[0-3]):(?<minutes>[0-5][0-9]))\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Offset();

    [GeneratedRegex(@"(?<=\A[^ ]{10}[Tt ][^ ]{5,}) (?=[0-9]{2}:[0-9]{2}\z)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Spaced();
}
