namespace HlsGateway.Benchmarks.Measuring;

/// <summary>
/// A page of which commands write parts: each stands between <c>&lt;!-- name: begin --&gt;</c> and <c>&lt;!-- name: end --&gt;</c>. What stands outside is
/// written by hand and kept.
/// </summary>
internal static class MarkedPage
{
    /// <summary>The page with one part replaced; put at its end where it has none.</summary>
    public static string Replace(string page, string name, string text)
    {
        var (begin, end) = ($"<!-- {name}: begin -->", $"<!-- {name}: end -->");
        var part = $"{begin}\n{text.Trim('\n')}\n{end}";
        var (from, to) = (page.IndexOf(begin, StringComparison.Ordinal), page.IndexOf(end, StringComparison.Ordinal));
        return from >= 0 && to > from ? page[..from] + part + page[(to + end.Length)..] : $"{page.TrimEnd('\n')}\n\n{part}\n";
    }

    /// <summary>One part of the page; empty where it has none.</summary>
    public static string Find(string page, string name)
    {
        var (begin, end) = ($"<!-- {name}: begin -->", $"<!-- {name}: end -->");
        var (from, to) = (page.IndexOf(begin, StringComparison.Ordinal), page.IndexOf(end, StringComparison.Ordinal));
        return from >= 0 && to > from ? page[(from + begin.Length)..to].Trim('\n') : "";
    }

    /// <summary>The table of goals, with rows for the figures of this run; the others stay as they stand in <paramref name="before"/>.</summary>
    public static string Goals(string before, IReadOnlyDictionary<string, double> figures)
    {
        var rows = before.Split('\n');
        return "| figure | goal | measured | verdict |\n|---|---|---|---|\n" + string.Join('\n', Goal.All.Select(goal =>
            figures.TryGetValue(goal.Id, out var figure) ? goal.Row(figure)
            : Array.Find(rows, row => row.StartsWith($"| {goal.Figure} | {goal.Wanted} |", StringComparison.Ordinal)) ?? goal.Unmeasured));
    }
}
