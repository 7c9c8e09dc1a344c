using System.Globalization;

namespace HlsGateway.Benchmarks.Measuring;

/// <summary>A figure that must be reached: at most, or at least, so much.</summary>
/// <param name="Id">Short name: by it a command says which figure it has measured.</param>
internal sealed record Goal(string Id, string Figure, bool AtLeast, double Limit, string Unit)
{
    /// <summary>In the order of the table.</summary>
    public static IReadOnlyList<Goal> All { get; } =
    [
        new("redirect", "counted redirect, embedded ledger, merge included: CPU beside nginx `return 302` with log", false, 2.0, "times"),
        new("redirect-postgres", "the same with PostgreSQL as ledger (the gateway's CPU)", false, 2.2, "times"),
        new("redirect-secure", "counted redirect beside nginx with secure_link and log", false, 1.7, "times"),
        new("media-23", "Media Playlist of 23 segments, per viewer, beside nginx with a static file of the same bytes", false, 1.5, "times"),
        new("media-23-gzip", "the same with gzip, beside nginx gzip_static", false, 2.0, "times"),
        new("master", "Master Playlist with a new session, counted, beside nginx with a static file", false, 3.0, "times"),
        new("paced-p99", "p99 of a counted redirect at 2,000 requests/s on one core", false, 10, "ms"),
        new("paced-p50", "p50 of the same", false, 3, "ms"),
        new("first-10-s", "first 10 s after a start at full load: share of the warm throughput", true, 50, "%"),
        new("allocated", "bytes allocated per counted redirect, warm, beyond what ASP.NET Core allocates for a bare one", false, 0, "bytes"),
        new("two-cores", "two cores beside one", true, 1.8, "times"),
        new("viewers-cpu", "10,000 viewers who play 4 s segments: CPU of one core", false, 50, "%"),
        new("viewers-lost", "the same: requests lost", false, 0, "requests"),
        new("viewers-memory", "the same: resident memory", false, 400, "MB"),
        new("report-5", "a video's report at 5 million requests", false, 50, "ms"),
        new("session-5", "a session with its trace at 5 million requests", false, 10, "ms"),
        new("report-50", "a video's report at 50 million requests", false, 50, "ms"),
        new("session-50", "a session with its trace at 50 million requests", false, 10, "ms"),
    ];

    public bool IsMetBy(double figure) => AtLeast ? figure >= Limit : figure <= Limit;

    public string Wanted => $"{(AtLeast ? "≥" : "≤")} {Number(Limit)} {Unit}";

    /// <summary>A row of the table: goal, figure, verdict.</summary>
    public string Row(double figure) => $"| {Figure} | {Wanted} | {Number(figure)} {Unit} | {(IsMetBy(figure) ? "met" : "**not met**")} |";

    /// <summary>The row before anything was measured.</summary>
    public string Unmeasured => $"| {Figure} | {Wanted} | | not measured |";

    /// <summary>Figures of one run with goal and verdict, for the terminal.</summary>
    public static string Verdicts(IReadOnlyDictionary<string, double> figures) =>
        string.Join('\n', All.Where(goal => figures.ContainsKey(goal.Id)).Select(goal => goal.Row(figures[goal.Id])).Prepend("|---|---|---|---|").Prepend("| figure | goal | measured | verdict |"));

    private static string Number(double value) => value.ToString(value < 10 ? "0.##" : "#,0", CultureInfo.InvariantCulture);
}
