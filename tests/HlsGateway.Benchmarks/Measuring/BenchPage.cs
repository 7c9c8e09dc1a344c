namespace HlsGateway.Benchmarks.Measuring;

/// <summary>docs/benchmarks.md, as commands change it.</summary>
internal static class BenchPage
{
    /// <summary>Writes a part and the goals that were measured with it.</summary>
    /// <returns>The table of goals as it stands then.</returns>
    public static string Write(string path, string part, string text, IReadOnlyDictionary<string, double> figures)
    {
        var page = File.Exists(path) ? File.ReadAllText(path) : "# How fast it is\n";
        var goals = MarkedPage.Goals(MarkedPage.Find(page, "goals"), figures);
        page = MarkedPage.Replace(MarkedPage.Replace(page, "goals", goals), part, text);
        File.WriteAllText(path, page);
        return goals;
    }
}
