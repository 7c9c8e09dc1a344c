using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using HlsGateway.Telemetry;

namespace HlsGateway.CommandLine;

/// <summary><c>hlsgateway health</c>: asks a running gateway how it is, for service managers and containers too.</summary>
internal static class HealthVerb
{
    /// <summary>As <c>health</c> prints it with <c>--json</c>.</summary>
    /// <param name="Status"><c>healthy</c>, <c>degraded</c>, <c>unhealthy</c> or <c>unreachable</c>.</param>
    /// <param name="Error">Why no state could be read; null otherwise.</param>
    private sealed record Answer(string Status, Uri Url, IReadOnlyList<CheckAnswer> Checks, string? Error);

    // A gateway answers within four seconds even where a check hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var where = new ApiOptions("analyst or admin");
        var json = new Option<bool>("--json") { Description = "Prints status, url, checks and error as JSON on standard output." };
        var command = new Command("health", "Asks a running gateway how it is. Needs no token; with one it tells figures and messages too (--json). Exit code: 0 healthy, 1 degraded (viewers are served, somebody should look), 2 unhealthy, 3 not reachable, 130 interrupted.")
        {
            json,
        };
        where.AddTo(command);
        command.SetAction(async (asked, ct) =>
        {
            try
            {
                var answer = await AskAsync(where.Address(asked), where.GivenToken(asked), ct);
                Tell(answer, asked.GetValue(json));
                return answer.Status switch { "healthy" => 0, "degraded" => 1, "unhealthy" => 2, _ => ExitCode.Unreachable };
            }
            catch (UnreachableTargetException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return ExitCode.Unreachable;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return ExitCode.Interrupted;
            }
        });
        return command;
    }

    private static async Task<Answer> AskAsync(Uri address, string? token, CancellationToken ct)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = address, Timeout = Patience };
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var answer = await client.GetAsync(new Uri("healthz/ready", UriKind.Relative), ct);
            return answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable
                && JsonSerializer.Deserialize<ReadyAnswer>(await answer.Content.ReadAsStringAsync(ct), TargetOptions.Json) is { Status: "healthy" or "degraded" or "unhealthy", Checks: not null } ready
                ? new Answer(ready.Status, address, ready.Checks, null)
                : new Answer("unreachable", address, [], $"The server at {address} is not a gateway (status {(int)answer.StatusCode}). Give the address: --url or HLSGATEWAY_URL.");
        }
        catch (JsonException)
        {
            return new Answer("unreachable", address, [], $"The server at {address} is not a gateway. Give the address: --url or HLSGATEWAY_URL.");
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            var why = e is HttpRequestException ? e.Message : $"no answer within {Patience.TotalSeconds} s";
            return new Answer("unreachable", address, [], $"The gateway at {address} cannot be reached ({why}). Start it, or say where it is: --url or HLSGATEWAY_URL.");
        }
    }

    private static void Tell(Answer answer, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(answer, TargetOptions.Json));
        }
        else if (answer.Error is not null)
        {
            Console.Error.WriteLine(answer.Error);
        }
        else
        {
            Console.WriteLine($"{answer.Url} is {answer.Status}");
            foreach (var check in answer.Checks)
                Console.WriteLine($"  {check.Status,-10} {check.Name}{(string.IsNullOrEmpty(check.Description) ? "" : $": {check.Description}")}");
        }
    }
}
