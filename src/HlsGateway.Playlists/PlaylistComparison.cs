using System.Collections.Immutable;
using System.Text;

namespace HlsGateway.Playlists;

/// <summary>How a line of a playlist came to be served.</summary>
public enum LineChange
{
    /// <summary>As the origin has it, byte for byte (rule D2).</summary>
    Same,

    /// <summary>The origin's line, with something else in it.</summary>
    Changed,

    /// <summary>Only served.</summary>
    Added,

    /// <summary>Only the origin's.</summary>
    Removed,
}

/// <summary>A line of the origin's playlist beside the one that is served.</summary>
/// <param name="Origin">Null for a line that only the served playlist has.</param>
/// <param name="OriginLine">1-based; null where there is none.</param>
/// <param name="Served">Null for a line that only the origin has.</param>
/// <param name="ServedLine">1-based; null where there is none.</param>
/// <param name="Rules">Why, by the names of <see cref="Rules"/>; empty for a line that is the same.</param>
public sealed record ComparedLine(string? Origin, int? OriginLine, string? Served, int? ServedLine, LineChange Change, ImmutableArray<string> Rules);

/// <summary>Sets a served playlist beside the origin's, line by line, with the rule behind each difference. Pure.</summary>
public static class PlaylistComparison
{
    /// <summary>Lines that may differ before the two are set side by side as they stand: beyond it they are two playlists, not one that was edited.</summary>
    private const int MostEdits = 800;

    /// <param name="isTrailer">Whether a URI of the served playlist is a trailer's.</param>
    public static ImmutableArray<ComparedLine> Compare(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> served, TrailerUri isTrailer)
    {
        var (before, after) = (Lines(origin), Lines(served));
        var (from, to) = (before.ConvertAll(Key), after.ConvertAll(Key));
        var rows = ImmutableArray.CreateBuilder<ComparedLine>(after.Count);
        var trailer = TrailerLines(after, isTrailer);
        // A trailer's segment of the same length is not the content's.
        for (var at = 0; at < to.Count; at++)
        {
            if (trailer[at])
                to[at] = "trailer " + to[at];
        }
        foreach (var (left, right) in Pairs(from, to))
        {
            var (was, now) = (left is { } l ? before[l] : null, right is { } r ? after[r] : null);
            var change = was is null ? LineChange.Added : now is null ? LineChange.Removed : was == now ? LineChange.Same : LineChange.Changed;
            rows.Add(new(was, left + 1, now, right + 1, change, change == LineChange.Same ? [] : Why(was, now, right is { } at && trailer[at])));
        }
        return rows.ToImmutable();
    }

    private static List<string> Lines(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<string>();
        var reader = new M3u8Reader(bytes);
        while (reader.Read()) lines.Add(Encoding.UTF8.GetString(reader.Text));
        return lines;
    }

    /// <summary>What stays of a line when it is edited: a tag's name, an EXTINF whole, a URI's file.</summary>
    private static string Key(string line)
    {
        if (line.StartsWith("#EXTINF:", StringComparison.Ordinal))
            return line;
        if (line.StartsWith("#EXT", StringComparison.Ordinal))
            return line.Split(':', 2)[0];
        if (line.Length == 0 || line[0] == '#')
            return line;
        var path = line.Split('?', '#')[0];
        return path[(path.LastIndexOf('/') + 1)..];
    }

    /// <summary>The lines that belong to a trailer: its URIs, and the tags of a segment right before each.</summary>
    private static bool[] TrailerLines(List<string> lines, TrailerUri isTrailer)
    {
        var inside = new bool[lines.Count];
        for (var at = 0; at < lines.Count; at++)
        {
            if (lines[at].Length == 0 || lines[at][0] == '#' || !isTrailer(lines[at]))
                continue;
            inside[at] = true;
            for (var tag = at - 1; tag >= 0 && (lines[tag].StartsWith("#EXTINF:", StringComparison.Ordinal) || lines[tag].StartsWith("#EXT-X-MAP:", StringComparison.Ordinal)); tag--) inside[tag] = true;
        }
        return inside;
    }

    /// <summary>The shortest edit from one to the other (Myers, 1986), kept lines as pairs; in order.</summary>
    private static IEnumerable<(int? Left, int? Right)> Pairs(List<string> from, List<string> to)
    {
        var (n, m) = (from.Count, to.Count);
        var reach = new Dictionary<int, int> { [1] = 0 };
        var steps = new List<Dictionary<int, int>>();
        for (var edits = 0; edits <= Math.Min(n + m, MostEdits); edits++)
        {
            steps.Add(new Dictionary<int, int>(reach));
            for (var k = -edits; k <= edits; k += 2)
            {
                var x = k == -edits || (k != edits && reach.GetValueOrDefault(k - 1, -1) < reach.GetValueOrDefault(k + 1, -1)) ? reach.GetValueOrDefault(k + 1) : reach.GetValueOrDefault(k - 1) + 1;
                while (x < n && x - k < m && from[x] == to[x - k]) x++;
                reach[k] = x;
                if (x >= n && x - k >= m)
                    return Walk(steps, n, m);
            }
        }
        return Enumerable.Range(0, Math.Max(n, m)).Select(at => (at < n ? at : (int?)null, at < m ? at : (int?)null));
    }

    private static List<(int? Left, int? Right)> Walk(List<Dictionary<int, int>> steps, int x, int y)
    {
        var pairs = new List<(int?, int?)>();
        for (var edits = steps.Count - 1; edits >= 0; edits--)
        {
            var reach = steps[edits];
            var k = x - y;
            var above = k == -edits || (k != edits && reach.GetValueOrDefault(k - 1, -1) < reach.GetValueOrDefault(k + 1, -1)) ? k + 1 : k - 1;
            var (fromX, fromY) = edits == 0 ? (0, 0) : (reach.GetValueOrDefault(above), reach.GetValueOrDefault(above) - above);
            while (x > fromX && y > fromY) pairs.Add((--x, --y));
            if (edits == 0)
                break;
            if (x > fromX)
                pairs.Add((--x, null));
            else
                pairs.Add((null, --y));
        }
        pairs.Reverse();
        return pairs;
    }

    private static ImmutableArray<string> Why(string? was, string? now, bool isTrailer)
    {
        var line = now ?? was ?? "";
        var tag = line.StartsWith("#EXT", StringComparison.Ordinal) ? line.Split(':', 2)[0] : "";
        if (isTrailer)
            return tag == "#EXT-X-MAP" ? ["S6"] : ["S2"];
        return (tag, was is null, now is null) switch
        {
            ("", false, false) when IsPlaylist(line) => ["I3", "I8"],
            ("", false, false) => ["I3", "I5"],
            ("#EXT-X-DISCONTINUITY", true, _) => ["S1"],
            ("#EXT-X-TARGETDURATION", _, _) => ["S3"],
            ("#EXT-X-VERSION", _, _) => ["D5"],
            ("#EXT-X-STREAM-INF", _, _) => ["W1", "S9"],
            ("#EXT-X-MEDIA", true, _) => ["W1"],
            ("#EXT-X-MEDIA" or "#EXT-X-MAP" or "#EXT-X-PART" or "#EXT-X-PRELOAD-HINT" or "#EXT-X-RENDITION-REPORT", _, _) => ["I3"],
            ("#EXT-X-KEY" or "#EXT-X-SESSION-KEY", true, _) => ["S5"],
            ("#EXT-X-BYTERANGE", _, _) => ["I4"],
            ("#EXT-X-DEFINE", _, true) => ["I6"],
            ("#EXT-X-I-FRAME-STREAM-INF", _, true) => ["S1"],
            ("#EXT-X-ENDLIST", _, _) => ["D6"],
            ("#EXT-X-BITRATE" or "#EXT-X-PROGRAM-DATE-TIME" or "#EXT-X-START" or "#EXT-X-GAP", _, _) => ["S10"],
            (_, false, true) => ["D6"],
            ("#EXTM3U", _, _) => ["D1"],
            (_, true, _) => ["S12"],
            _ => ["I2"],
        };
    }

    private static bool IsPlaylist(string uri)
    {
        var path = uri.Split('?', '#')[0];
        return path.EndsWith(".m3u8", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".m3u", StringComparison.OrdinalIgnoreCase);
    }
}
