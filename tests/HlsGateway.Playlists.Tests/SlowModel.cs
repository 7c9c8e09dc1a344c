using System.Globalization;
using System.Numerics;

namespace HlsGateway.Playlists.Tests;

/// <summary>What a Media Playlist says, read slowly and plainly: split into lines, exact fractions. It judges the fast code, and only knows well-formed text.</summary>
internal sealed class SlowModel
{
    private static readonly BigInteger Unit = BigInteger.Pow(10, 18);

    public List<(string Uri, int StartMs, int DurationMs, string? Key, int Discontinuities)> Segments { get; } = [];

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
        foreach (var line in lines)
        {
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
            else if (line[0] != '#' && duration is { } seconds)
            {
                var start = Milliseconds(end);
                end += seconds;
                Segments.Add((line, start, Milliseconds(end) - start, key, discontinuities));
                ExtInfRoundedUp.Add((int)((seconds + Unit - 1) / Unit));
                duration = null;
            }
        }

        EndsWithEndList = lines[^1] == "#EXT-X-ENDLIST";
    }

    private static int Milliseconds(BigInteger seconds) => (int)(((seconds * 1000) + (Unit / 2)) / Unit);

    private static BigInteger Exact(string text)
    {
        var parts = text.Split('.');
        return BigInteger.Parse("0" + parts[0] + (parts.Length > 1 ? parts[1] : "").PadRight(18, '0'), CultureInfo.InvariantCulture);
    }
}
