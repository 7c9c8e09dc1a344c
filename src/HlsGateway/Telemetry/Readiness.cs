using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HlsGateway.Telemetry;

/// <summary>One check's outcome, as <c>/healthz/ready</c> tells it.</summary>
/// <param name="Description">Fixed words of the check: the call is open to everybody.</param>
/// <param name="Data">Figures and messages, for tokens of the roles analyst and admin alone.</param>
internal sealed record CheckAnswer(string Name, string Status, string? Description, IReadOnlyDictionary<string, object>? Data);

/// <param name="Status"><c>healthy</c>, <c>degraded</c> (200: viewers are served, somebody should look) or <c>unhealthy</c> (503).</param>
internal sealed record ReadyAnswer(string Status, IReadOnlyList<CheckAnswer> Checks);

/// <summary>Runs the registered checks at most once a second however often it is asked: the call is open to everybody.</summary>
/// <remarks>
/// A check's description is words written in the code, never what a database, a file or a program said: that belongs in the
/// data, where <see cref="Detail"/> is what an operator reads in the log when a check's state changes.
/// </remarks>
internal sealed class Readiness(HealthCheckService checks, Departure departure, TimeProvider time, ILogger<Readiness> log)
{
    /// <summary>Key of the data that says what is behind a check's state.</summary>
    public const string Detail = "detail";


    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    // A check that hangs is a check that failed; a load balancer gives up after a few seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly Lock gate = new();
    private Task<HealthReport>? latest;
    private long startedAt;
    private readonly Dictionary<string, HealthStatus> told = new(StringComparer.Ordinal);

    /// <param name="trusted">The caller may read the data too.</param>
    public async Task<IResult> AnswerAsync(bool trusted)
    {
        if (departure.HasBegun)
            return TypedResults.Json(new ReadyAnswer("unhealthy", [new CheckAnswer("stopping", "unhealthy", "The gateway was told to stop; send requests elsewhere.", null)]), statusCode: 503);
        Task<HealthReport> running;
        lock (gate)
        {
            if (latest is null || latest.IsFaulted || (latest.IsCompleted && time.GetElapsedTime(startedAt) > Fresh))
            {
                startedAt = time.GetTimestamp();
                latest = Task.Run(RunAsync);
            }
            running = latest;
        }
        HealthReport report;
        try
        {
            report = await running.WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            return TypedResults.Json(new ReadyAnswer("unhealthy", [new CheckAnswer("checks", "unhealthy", "A check did not finish within 4 s.", null)]), statusCode: 503);
        }
        var answer = new ReadyAnswer(Word(report.Status), [.. report.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => new CheckAnswer(entry.Key, Word(entry.Value.Status), Words(entry.Value), trusted && entry.Value.Data.Count > 0 ? entry.Value.Data : null))]);
        return TypedResults.Json(answer, statusCode: report.Status == HealthStatus.Unhealthy ? 503 : 200);
    }

    private async Task<HealthReport> RunAsync()
    {
        var report = await checks.CheckHealthAsync();
        foreach (var (name, entry) in report.Entries)
            Tell(name, entry);
        return report;
    }

    /// <summary>A line when a check's state changes, however often it is asked for.</summary>
    private void Tell(string name, HealthReportEntry entry)
    {
        lock (told)
        {
            if (told.GetValueOrDefault(name, HealthStatus.Healthy) == entry.Status)
                return;
            told[name] = entry.Status;
        }

        if (entry.Status == HealthStatus.Healthy)
            log.CheckHealthy(name);
        else
            log.CheckTroubled(name, Word(entry.Status), Words(entry), entry.Exception?.ToString() ?? entry.Data.GetValueOrDefault(Detail)?.ToString() ?? "");
    }

    // The framework puts the message of what a check threw in its description.
    private static string Words(HealthReportEntry entry) =>
        entry.Exception is null ? entry.Description ?? "" : "The check itself failed; the log says how.";

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
