using System.Diagnostics.Metrics;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Cdn;

/// <summary>Asks each base for a small file, again and again: those that fail get no viewers until they answer again.</summary>
internal sealed class CdnProbe(CdnAddresses addresses, CdnHealth health, IOptions<CdnOptions> options, GatewayMetrics metrics, TimeProvider time, ILogger<CdnProbe> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // No redirects: where a base leads elsewhere, viewers would be sent there too.
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) }) { Timeout = Timeout.InfiniteTimeSpan };
        var names = addresses.Names;
        metrics.ObserveCdn(() => names.Select((name, i) => new Measurement<int>(health.IsUp(i) ? 1 : 0, new KeyValuePair<string, object?>("base", name))));
        try
        {
            await Task.WhenAll(names.Select((name, i) => AskAsync(client, i, name, stoppingToken)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
    }

    private async Task AskAsync(HttpClient client, int index, string name, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(options.Value.Probe.Interval, time);
        do
        {
            var failure = await FailureAsync(client, index, ct);
            metrics.CdnProbed(name, failure is null);
            if (!health.Tell(index, failure))
                continue;
            metrics.CdnMoved(name);
            if (failure is null)
                log.CdnUp(name);
            else
                log.CdnDown(name, failure);
        }
        while (await timer.WaitForNextTickAsync(ct));
    }

    /// <returns>Why it does not count as up; null where it does.</returns>
    private async Task<string?> FailureAsync(HttpClient client, int index, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(options.Value.Probe.Timeout, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        try
        {
            using var answer = await client.GetAsync(new Uri(addresses.ProbeUrl(index, options.Value.Probe.Path)), HttpCompletionOption.ResponseHeadersRead, bound.Token);
            return answer.IsSuccessStatusCode ? null : $"it answered {(int)answer.StatusCode}";
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return $"no answer within {options.Value.Probe.Timeout.TotalSeconds:0.###} s";
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (e as HttpRequestException)?.HttpRequestError switch
            {
                HttpRequestError.NameResolutionError => "its name is not known",
                HttpRequestError.ConnectionError => "the connection is refused",
                HttpRequestError.SecureConnectionError => "TLS fails",
                _ => "the connection broke",
            };
        }
    }
}
