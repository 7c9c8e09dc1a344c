using System.Globalization;
using System.Text;

namespace HlsGateway.Counting;

/// <summary>
/// What a player says of itself with one request (CTA-5004, Common Media Client Data): the keys that are kept. Versions 1 and 2
/// write some numbers as <c>bl=4000</c> and <c>bl=(4000)</c>; of a list the first is taken. An event report of version 2 is a line of
/// the same keys and a few of its own.
/// </summary>
/// <remarks>Nothing in it is signed. A forged one may move <c>watch_seconds_low</c>, which stays within what was handed out and within the time it took.</remarks>
internal sealed record Cmcd
{
    /// <summary>Longest text that is looked at. CTA-5004 advises players to stay far below it.</summary>
    public const int Longest = 4096;

    private const int LongestSid = 64;
    private const int Day = 86_400_000;

    /// <summary>The year 2286: a number of 13 digits.</summary>
    private const long LatestMs = 9_999_999_999_999;

    /// <summary><c>sid</c>: the player's own name for its session; empty when it gave none.</summary>
    public string Sid { get; init; } = "";

    /// <summary><c>bl</c>: milliseconds of media ahead of the playhead when the request was made.</summary>
    public int? BufferMs { get; init; }

    /// <summary><c>bs</c>: the buffer ran empty before this request.</summary>
    public bool Starved { get; init; }

    /// <summary><c>mtp</c>: measured throughput, kbit/s.</summary>
    public int? ThroughputKbps { get; init; }

    /// <summary><c>pr</c>: playback rate; null when it was not told, which means 1.</summary>
    public decimal? Rate { get; init; }

    /// <summary><c>su</c>: the object is needed to start, seek or recover.</summary>
    public bool Startup { get; init; }

    /// <summary><c>st</c>: <c>v</c> on demand, <c>l</c> live, <c>ll</c> live of low latency; empty when it was not told.</summary>
    public string StreamType { get; init; } = "";

    /// <summary><c>e</c>: what an event report is about; empty where a request told.</summary>
    public string Event { get; init; } = "";

    /// <summary><c>ts</c>: when an event took place, Unix ms by the player's own clock.</summary>
    public long? EventAtMs { get; init; }

    /// <summary><c>sta</c>: state of the player (<c>p</c> plays, <c>a</c> paused, <c>k</c> seeking, <c>r</c> rebuffering, …); empty when it was not told.</summary>
    public string State { get; init; } = "";

    /// <summary><c>pt</c>: the playhead on the player's own timeline, milliseconds.</summary>
    public int? PlayheadMs { get; init; }

    /// <summary>Takes what it understands, key by key, and skips the rest: a player's mistake must not disturb the viewer.</summary>
    /// <param name="text">Decoded; the headers' texts joined by commas.</param>
    /// <returns>Null when no key that is kept is in it.</returns>
    public static Cmcd? Parse(ReadOnlySpan<char> text)
    {
        if (text.Length > Longest)
            return null;
        var found = new Cmcd();
        while (Next(ref text, out var key, out var value))
        {
            found = key switch
            {
                "bl" => Number(value, Day) is { } ms ? found with { BufferMs = ms } : found,
                "mtp" => Number(value, 100_000_000) is { } kbps ? found with { ThroughputKbps = kbps } : found,
                "pr" => Decimal(value) is { } rate ? found with { Rate = rate } : found,
                "sid" => Quoted(value) is { } sid ? found with { Sid = sid } : found,
                "st" => Token(value) is "v" or "l" or "ll" ? found with { StreamType = Token(value).ToString() } : found,
                "e" => Name(value, 3) is { } name ? found with { Event = name } : found,
                "ts" => Decimal(value) is { } at && at <= LatestMs ? found with { EventAtMs = (long)at } : found,
                "sta" => Name(value, 1) is { } state ? found with { State = state } : found,
                "pt" => Number(value, Day) is { } ms ? found with { PlayheadMs = ms } : found,
                "bs" => found with { Starved = True(value) },
                "su" => found with { Startup = True(value) },
                _ => found,
            };
        }
        return found == None ? null : found;
    }

    /// <summary>The kept keys as CTA-5004 writes them, in the order of their names: <see cref="Parse"/> reads it back.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (BufferMs is { } buffer)
            Append(text, "bl=").Append(CultureInfo.InvariantCulture, $"{buffer}");
        if (Starved)
            Append(text, "bs");
        if (Event.Length > 0)
            Append(text, "e=").Append(Event);
        if (ThroughputKbps is { } kbps)
            Append(text, "mtp=").Append(CultureInfo.InvariantCulture, $"{kbps}");
        if (Rate is { } rate)
            Append(text, "pr=").Append(rate.ToString("0.##", CultureInfo.InvariantCulture));
        if (PlayheadMs is { } playhead)
            Append(text, "pt=").Append(CultureInfo.InvariantCulture, $"{playhead}");
        if (Sid.Length > 0)
            Append(text, "sid=\"").Append(Sid.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        if (StreamType.Length > 0)
            Append(text, "st=").Append(StreamType);
        if (State.Length > 0)
            Append(text, "sta=").Append(State);
        if (Startup)
            Append(text, "su");
        if (EventAtMs is { } at)
            Append(text, "ts=").Append(CultureInfo.InvariantCulture, $"{at}");
        return text.ToString();
    }

    private static readonly Cmcd None = new();

    private static StringBuilder Append(StringBuilder text, string item) => text.Append(text.Length == 0 ? "" : ",").Append(item);

    /// <summary>Cuts off the next item; a comma inside quotation marks or parentheses does not end an item.</summary>
    private static bool Next(ref ReadOnlySpan<char> text, out ReadOnlySpan<char> key, out ReadOnlySpan<char> value)
    {
        key = value = [];
        if (text.IsEmpty)
            return false;
        var (end, equals, quoted, depth) = (0, -1, false, 0);
        for (; end < text.Length; end++)
        {
            var unit = text[end];
            if (quoted)
            {
                if (unit == '\\') end++;
                else if (unit == '"')
                    quoted = false;
            }
            else if (unit == '"')
            {
                quoted = true;
            }
            else if (unit is '(' or ')')
            {
                depth += unit == '(' ? 1 : -1;
            }
            else if (unit == ',' && depth <= 0)
            {
                break;
            }
            else if (unit == '=' && equals < 0)
            {
                equals = end;
            }
        }
        end = Math.Min(end, text.Length);
        var item = text[..end];
        key = (equals < 0 ? item : item[..equals]).Trim();
        if (equals >= 0)
            value = item[(equals + 1)..].Trim();
        text = end < text.Length ? text[(end + 1)..] : [];
        return true;
    }

    private static bool True(ReadOnlySpan<char> value) => value.IsEmpty || Token(value) is "true" or "?1";

    /// <summary>A value without parameters (<c>4000;v</c>); of an inner list its first member.</summary>
    private static ReadOnlySpan<char> Token(ReadOnlySpan<char> value)
    {
        value = value.TrimStart('(');
        return value.IndexOfAny(" ;)") is var end and >= 0 ? value[..end] : value;
    }

    private static string? Name(ReadOnlySpan<char> value, int longest) =>
        Token(value) is var token && token.Length > 0 && token.Length <= longest && !token.ContainsAnyExceptInRange('a', 'z') ? token.ToString() : null;

    private static int? Number(ReadOnlySpan<char> value, int most) => Decimal(value) is { } number && number <= most ? (int)number : null;

    private static decimal? Decimal(ReadOnlySpan<char> value) =>
        Token(value) is { Length: > 0 and <= 16 } token && decimal.TryParse(token, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? decimal.Round(number, 2) : null;

    private static string? Quoted(ReadOnlySpan<char> value)
    {
        if (value.Length < 2 || value[0] != '"' || value[^1] != '"')
            return null;
        var text = value[1..^1].ToString().Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
        return text.Length is > 0 and <= LongestSid && !text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? text : null;
    }
}
