using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace HlsGateway.Playlists.Tests.Captions;

public sealed record SeenCue(int StartMs, int EndMs, string? Id, string Settings, string Text);

public sealed record SeenSegment(long? Mpegts, IReadOnlyList<string> Head, IReadOnlyList<SeenCue> Cues);

/// <summary>Reads a WebVTT segment by the letter of the format's syntax section, apart from anything the product does, and throws at the first byte out of place.</summary>
internal static partial class StrictWebVtt
{
    public static SeenSegment Read(ReadOnlySpan<byte> bytes)
    {
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        Require(!text.StartsWith('\uFEFF'), "starts with a BOM");
        Require(!text.Contains('\r') && !text.Contains('\0'), "holds CR or NUL");
        Require(text.StartsWith("WEBVTT\n", StringComparison.Ordinal) && text.EndsWith("\n\n", StringComparison.Ordinal), "header or end");

        var blocks = text[..^2].Split("\n\n");
        var header = blocks[0].Split('\n');
        Require(header.Length <= 2, "more in the header than the map");
        var map = header.Length == 2 ? Map().Match(header[1]) : null;
        Require(map is null or { Success: true }, $"map: {header[^1]}");
        long? mpegts = map is null ? null : long.Parse(map.Groups["pts"].Value, CultureInfo.InvariantCulture);
        Require(mpegts is null or < 1L << 33, "map beyond 33 bits");

        var (head, cues, ids) = (new List<string>(), new List<SeenCue>(), new HashSet<string>());
        foreach (var block in blocks[1..].Where((b, i) => b.Length > 0 || i > 0))
        {
            Require(block.Length > 0, "two blank lines");
            Require(!block.Contains("X-TIMESTAMP-MAP", StringComparison.OrdinalIgnoreCase), "a second map");
            var lines = block.Split('\n');
            if (lines[0] is "STYLE" or "REGION")
            {
                Require(cues.Count == 0 && !block.Contains("-->", StringComparison.Ordinal), "style or region after a cue");
                head.Add(block);
                continue;
            }

            var id = lines[0].Contains("-->", StringComparison.Ordinal) ? null : lines[0];
            Require(id is null || (ids.Add(id) && !id.StartsWith("NOTE", StringComparison.Ordinal)), $"id {id}");
            var times = Times().Match(lines[id is null ? 0 : 1]);
            Require(times.Success, $"times: {block}");
            var payload = string.Join('\n', lines[(id is null ? 1 : 2)..]);
            CheckText(payload);
            var cue = new SeenCue(Ms(times.Groups["start"].Value), Ms(times.Groups["end"].Value), id, times.Groups["settings"].Value, payload);
            Require(cue.EndMs > cue.StartMs, "no length");
            Require(cues.Count == 0 || cues[^1].StartMs <= cue.StartMs, "order");
            cues.Add(cue);
        }

        return new SeenSegment(mpegts, head, cues);
    }

    private static void CheckText(string payload)
    {
        Require(payload.Trim().Length > 0 || payload.Contains('\u00A0'), "cue without text");
        Require(payload.Split('\n').All(line => line.Trim(' ', '\t').Length > 0), "blank line in a cue");
        Require(!payload.Contains("-->", StringComparison.Ordinal), "arrow in a cue");
        Require(!payload.Any(c => char.IsControl(c) && c is not ('\n' or '\t')), "control character");
        Require(!Tag().Replace(payload, "").Contains('<'), $"a tag that is not WebVTT's: {payload}");
        Require(!Reference().Replace(payload, "").Contains('&'), $"a bare ampersand: {payload}");
    }

    private static int Ms(string time)
    {
        int Part(int at, int length) => int.Parse(time.AsSpan(at, length), NumberStyles.None, CultureInfo.InvariantCulture);
        Require(Part(3, 2) < 60 && Part(6, 2) < 60, $"time {time}");
        return (((((Part(0, 2) * 60) + Part(3, 2)) * 60) + Part(6, 2)) * 1000) + Part(9, 3);
    }

    private static void Require(bool condition, string fault)
    {
        if (!condition)
            throw new FormatException("Not strict WebVTT: " + fault);
    }

    [GeneratedRegex(@"^X-TIMESTAMP-MAP=MPEGTS:(?<pts>\d{1,10}),LOCAL:00:00:00\.000$", RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Map();

    [GeneratedRegex(@"^(?<start>\d\d:\d\d:\d\d\.\d{3}) --> (?<end>\d\d:\d\d:\d\d\.\d{3})(?<settings>(?: (?:vertical|line|position|size|align|region):[\w.,%-]+)*)$", RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Times();

    [GeneratedRegex(@"</?(?:b|i|u|c|v|lang|ruby|rt)(?:\.[\w.-]*)?(?:[ \t][^<>""=`]*)?>|<\d\d:\d\d:\d\d\.\d{3}>", RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Tag();

    [GeneratedRegex(@"&(?:[A-Za-z][A-Za-z0-9]*|#\d+|#[xX][0-9A-Fa-f]+);", RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Reference();
}
