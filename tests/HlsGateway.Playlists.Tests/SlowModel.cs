using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace HlsGateway.Playlists.Tests;

/// <summary>What a Media Playlist says, read slowly and plainly: split into lines, exact fractions. It judges the fast code, and only knows well-formed text.</summary>
internal sealed class SlowModel
{
    private static readonly BigInteger Unit = BigInteger.Pow(10, 18);

    public List<(string Uri, int StartMs, int DurationMs, string? Key, int Discontinuities)> Segments { get; } = [];

    /// <summary>Of each segment: its URI as a player resolves it, null where players differ or fail; and its range.</summary>
    public List<(string? Uri, long? Offset, long? Length)> Resolved { get; } = [];

    public List<int> ExtInfRoundedUp { get; } = [];

    public int EndLists { get; }

    public int? TargetDuration { get; }

    public bool EndsWithEndList { get; }

    public SlowModel(string text)
    {
        var lines = text.Split('\n').Select(line => line.Trim(' ', '\t', '\r')).Where(line => line.Length > 0).ToArray();
        var end = BigInteger.Zero;
        BigInteger? duration = null;
        string? key = null;
        var discontinuities = 0;
        long rangeEnd = 0;
        (long Length, long? Offset)? range = null;
        var values = new Dictionary<string, string?>(StringComparer.Ordinal);
        var contested = Contested(lines);
        foreach (var line in lines)
        {
            if (line.StartsWith("#EXT-X-DEFINE:", StringComparison.Ordinal))
                values[Attribute(line, "NAME") ?? Attribute(line, "IMPORT") ?? Attribute(line, "QUERYPARAM") ?? ""] = Resolve(Attribute(line, "VALUE"), values, contested);
            if (line.StartsWith("#EXT-X-BYTERANGE:", StringComparison.Ordinal))
            {
                var parts = line.Split(':')[1].Split('@');
                range = (long.Parse(parts[0], CultureInfo.InvariantCulture), parts.Length > 1 ? long.Parse(parts[1], CultureInfo.InvariantCulture) : null);
            }

            if (line.StartsWith("#EXTINF:", StringComparison.Ordinal))
                duration = Exact(line[8..].Split(',')[0].Split(' ')[0]);
            else if (line.StartsWith("#EXT-X-KEY:", StringComparison.Ordinal))
                key = line.Contains("METHOD=NONE", StringComparison.Ordinal) ? null : line;
            else if (line == "#EXT-X-DISCONTINUITY")
                discontinuities++;
            else if (line == "#EXT-X-ENDLIST")
                EndLists++;
            else if (line.StartsWith("#EXT-X-TARGETDURATION:", StringComparison.Ordinal))
                TargetDuration = int.Parse(line.Split(':')[1], NumberStyles.None, CultureInfo.InvariantCulture);
            if (line[0] == '#')
                continue;

            var offset = range is { } placed ? placed.Offset ?? rangeEnd : (long?)null;
            rangeEnd = range is null ? 0 : offset.GetValueOrDefault() + range.Value.Length;
            if (duration is { } seconds)
            {
                var resolved = Resolve(line, values, contested)?.Trim(' ', '\t');
                Resolved.Add((resolved is null or "" || resolved[0] == '#' ? null : resolved, offset, range?.Length));
                var start = Milliseconds(end);
                end += seconds;
                Segments.Add((line, start, Milliseconds(end) - start, key, discontinuities));
                ExtInfRoundedUp.Add((int)((seconds + Unit - 1) / Unit));
                duration = null;
            }

            range = null;
        }

        EndsWithEndList = lines[^1] == "#EXT-X-ENDLIST";
    }

    /// <summary>Names that are defined twice, with other words.</summary>
    private static HashSet<string> Contested(string[] lines)
    {
        var values = new Dictionary<string, string?>(StringComparer.Ordinal);
        var contested = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in lines.Where(line => line.StartsWith("#EXT-X-DEFINE:", StringComparison.Ordinal)))
        {
            var name = Attribute(line, "NAME") ?? Attribute(line, "IMPORT") ?? Attribute(line, "QUERYPARAM") ?? "";
            // What a value stands for is worked out with what stands before it.
            var value = Resolve(Attribute(line, "VALUE"), values, contested);
            if (!values.TryAdd(name, value) && values[name] != value)
                contested.Add(name);
        }

        return contested;
    }

    private static string? Attribute(string line, string name) =>
        Regex.Match(line, $"[:,]{name}=\"(?<value>[^\"]*)\"", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture) is { Success: true } match ? match.Groups["value"].Value : null;

    private static string? Resolve(string? text, Dictionary<string, string?> values, HashSet<string> contested)
    {
        var known = true;
        var resolved = Regex.Replace(text ?? "", @"\{\$(?<name>[A-Za-z0-9_-]+)\}", match =>
        {
            var name = match.Groups["name"].Value;
            known &= values.TryGetValue(name, out var value) && value is not null && !contested.Contains(name);
            return value ?? "";
        }, RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);
        return known && text is not null ? resolved : null;
    }

    private static int Milliseconds(BigInteger seconds) => (int)(((seconds * 1000) + (Unit / 2)) / Unit);

    private static BigInteger Exact(string text)
    {
        var parts = text.Split('.');
        return BigInteger.Parse("0" + parts[0] + (parts.Length > 1 ? parts[1] : "").PadRight(18, '0'), CultureInfo.InvariantCulture);
    }
}
