using System.Globalization;

namespace HlsGateway.Access;

/// <summary>What a token may be called, and how its end is written; the same in the configuration, the API and the command line.</summary>
internal static class TokenRules
{
    public const string NameRule = "1 to 64 characters without line ends, control characters or direction overrides, and no space at either end";

    public const string TimeRule = "a time with its offset, as RFC 3339 writes it: 2027-01-31T00:00:00Z or 2027-01-31T01:00:00+01:00";

    /// <summary>The name stands in lists, logs and exports that other people read.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && name.Trim().Length == name.Length
        && !name.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029' or >= '\u200E' and <= '\u200F' or >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069');

    /// <summary>Without an offset it would be another moment on each machine, so that is refused.</summary>
    public static bool TryTime(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.None, out time)
        && (text[^1] == 'Z' || text[^6] is '+' or '-');

    public static string Written(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
