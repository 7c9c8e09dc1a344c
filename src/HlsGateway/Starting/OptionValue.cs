using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;

namespace HlsGateway.Starting;

/// <summary>Whether a text can be an option's value, stricter than what .NET reads: it takes 24 and 24:00:00 alike for 24 days.</summary>
internal static partial class OptionValue
{
    private const int MostShown = 120;

    /// <summary>Null where it can; else the rest of the sentence: what is allowed.</summary>
    /// <param name="usual">The default, as an example; null where there is none.</param>
    public static string? Fault(Type type, string text, object? usual)
    {
        if (type == typeof(string))
            return null;
        if (type == typeof(TimeSpan))
            return SpanFault(text, usual as TimeSpan?);
        if (type.IsEnum)
            return NameFault(text, Enum.GetNames(type), usual);
        if (type == typeof(bool))
            return NameFault(text, ["true", "false"], usual is true ? "true" : "false");
        // YARP takes 2 for 2.0.
        if (type == typeof(Version) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            return null;
        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text) is double and (double.NaN or double.PositiveInfinity or double.NegativeInfinity)
                ? $"it must be a number{Example(usual)}." : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException or NotSupportedException or InvalidCastException)
        {
            return $"it must be {Kind(type)}{Example(usual)}.";
        }
    }

    /// <summary>A value as part of a line: bounded, without control characters, without the password of an address.</summary>
    public static string Shown(string key, string value)
    {
        if (IsSecret(key))
            return "set (its value is not shown)";
        var line = Told(value);
        return $"'{(line.Length > MostShown ? line[..MostShown] + "…" : line)}'";
    }

    /// <summary>A text as one line, without the passwords of addresses.</summary>
    public static string Told(string text) => Password().Replace(new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]), "://…@");

    /// <summary>By the names in its key: what may not stand in a terminal's history or a log.</summary>
    public static bool IsSecret(string key) =>
        key.Split(':').Any(name => name is not null && Secrets.Any(secret => name.Contains(secret, StringComparison.OrdinalIgnoreCase)));

    private static readonly string[] Secrets = ["token", "secret", "password", "keys", "accesskey", "connectionstrings"];

    private static string? NameFault(string text, string[] names, object? usual) => names.Contains(text, StringComparer.OrdinalIgnoreCase)
        ? null
        : $"it must be {string.Join(" or ", names)}{(Nearest.To(text, names) is { } near ? $". Did you mean {near}?" : Example(usual ?? names[0]) + ".")}";

    private static string? SpanFault(string text, TimeSpan? usual)
    {
        var example = Example(usual ?? TimeSpan.FromMinutes(1));
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bare))
            return $"a bare number would be days: write {Days(bare)} for days, {Days(bare, 24)} for hours, {Days(bare, 24 * 60)} for minutes or {Days(bare, 24 * 60 * 60)} for seconds.";
        if (Hours().Match(text) is { Success: true } match && int.Parse(match.Groups["hours"].Value, CultureInfo.InvariantCulture) is > 23 and var hours)
            return $"hours go up to 23: write {hours / 24}.{hours % 24:00}{match.Groups["rest"].Value}.";
        return Span().IsMatch(text) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out _)
            ? null : $"it must be a length of time, written hours:minutes:seconds or days.hours:minutes:seconds{example}.";
    }

    private static string Days(long number, long inDay = 1) => number > 10_000_000 ? "d.hh:mm:ss" : inDay == 1 ? $"{number}.00:00:00" : TimeSpan.FromSeconds(number * (86_400 / inDay)).ToString("c", CultureInfo.InvariantCulture);

    private static string Kind(Type type) =>
        type == typeof(double) || type == typeof(float) || type == typeof(decimal) ? "a number"
        : type == typeof(byte) || type == typeof(short) || type == typeof(int) ? $"a whole number up to {(type == typeof(int) ? int.MaxValue : type == typeof(short) ? short.MaxValue : byte.MaxValue)}"
        : type == typeof(long) ? "a whole number"
        : type == typeof(Uri) ? "an address such as http://127.0.0.1:3128"
        : $"a {type.Name}";

    private static string Example(object? usual) => usual is null ? "" : $", for example {Convert.ToString(usual, CultureInfo.InvariantCulture)}";

    [GeneratedRegex(@"^-?(?:[0-9]{1,8}\.)?[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,7})?$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Span();

    [GeneratedRegex(@"^(?<hours>[0-9]{1,6})(?<rest>:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,7})?)$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Hours();

    [GeneratedRegex(@"://[^/@\s]*@", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Password();
}
