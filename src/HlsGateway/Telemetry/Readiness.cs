using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HlsGateway.Telemetry;

/// <summary>One check's outcome, as <c>/healthz/ready</c> tells it.</summary>
public sealed record CheckAnswer(string Name, string Status, string? Description, IReadOnlyDictionary<string, object>? Data);

/// <param name="Status"><c>healthy</c>, <c>degraded</c> (200: viewers are served, somebody should look) or <c>unhealthy</c> (503).</param>
public sealed record ReadyAnswer(string Status, IReadOnlyList<CheckAnswer> Checks);

/// <summary>Runs the registered checks at most once a second however often it is asked: the call is open to everybody.</summary>
internal sealed class Readiness(HealthCheckService checks, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    // A check that hangs is a check that failed; a load balancer gives up after a few seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly Lock gate = new();
    private Task<HealthReport>? latest;
    private long startedAt;

    public async Task<IResult> AnswerAsync()
    {
        Task<HealthReport> running;
        lock (gate)
        {
            if (latest is null || latest.IsFaulted || (latest.IsCompleted && time.GetElapsedTime(startedAt) > Fresh))
            {
                startedAt = time.GetTimestamp();
                latest = Task.Run(() => checks.CheckHealthAsync());
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
            .Select(entry => new CheckAnswer(entry.Key, Word(entry.Value.Status), entry.Value.Description, entry.Value.Data.Count > 0 ? entry.Value.Data : null))]);
        return TypedResults.Json(answer, statusCode: report.Status == HealthStatus.Unhealthy ? 503 : 200);
    }

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
