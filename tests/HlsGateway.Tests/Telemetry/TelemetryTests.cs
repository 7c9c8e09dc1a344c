using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Telemetry;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HlsGateway.Tests.Telemetry;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Health_tells_each_check_and_turns_to_503_only_when_one_is_unhealthy()
    {
        var status = HealthStatus.Degraded;
        await using var host = await GatewayHost.StartAsync(configure: services =>
            services.AddHealthChecks().AddCheck("scripted", () => new HealthCheckResult(status, "as scripted")));
        var ready = new Uri("/healthz/ready", UriKind.Relative);
        await host.ReadyAsync();
        using (var degraded = await host.Client.GetAsync(ready))
        {
            Assert.Equal(HttpStatusCode.OK, degraded.StatusCode);
            var answer = await degraded.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal("degraded", answer.GetProperty("status").GetString());
            var check = answer.GetProperty("checks").EnumerateArray().Single(one => one.GetProperty("name").GetString() == "scripted");
            Assert.Equal("as scripted", check.GetProperty("description").GetString());
        }
        status = HealthStatus.Unhealthy;
        await Eventually.IsTrueAsync(async () =>
        {
            using var response = await host.Client.GetAsync(ready);
            return response.StatusCode == HttpStatusCode.ServiceUnavailable;
        }, "the report is made anew once it is a second old");
        using var live = await host.Client.GetAsync(new Uri("/healthz/live", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    [Fact]
    public async Task Strangers_read_fixed_words_of_health_and_what_is_behind_them_is_for_analysts_and_the_log()
    {
        using var log = new LogLines();
        var status = HealthStatus.Degraded;
        await using var host = await GatewayHost.StartAsync(configure: services =>
        {
            services.AddHealthChecks()
                .AddCheck("scripted", () => new HealthCheckResult(status, "as scripted", data: new Dictionary<string, object>(StringComparer.Ordinal) { ["detail"] = "user root at 10.1.2.3" }))
                .AddCheck("throwing", () => throw new InvalidOperationException("password of 10.1.2.3"));
            log.AddTo(services);
        });
        var ready = new Uri("/healthz/ready", UriKind.Relative);
        async Task<string> AskAsync(HttpClient client)
        {
            using var answer = await client.GetAsync(ready);
            return await answer.Content.ReadAsStringAsync();
        }

        await Eventually.IsTrueAsync(async () => (await AskAsync(host.Client)).Contains("as scripted", StringComparison.Ordinal), "the checks have ended in time");
        foreach (var client in (HttpClient[])[host.Client, host.Api("editor"), host.Api("uploader"), host.NewClient("a-token-that-is-wrong")])
        {
            var text = await AskAsync(client);
            Assert.DoesNotContain("10.1.2.3", text, StringComparison.Ordinal);
            Assert.DoesNotContain("\"data\":{", text, StringComparison.Ordinal);
        }

        foreach (var role in (string[])["analyst", "admin"])
        {
            Assert.Contains("user root at 10.1.2.3", await AskAsync(host.Api(role)), StringComparison.Ordinal);
            Assert.DoesNotContain("password", await AskAsync(host.Api(role)), StringComparison.Ordinal);
        }

        await Eventually.IsTrueAsync(() => log.Count(8003) >= 2, "both are told");
        Assert.Contains(log.Troubles, line => line.Text.Contains("user root at 10.1.2.3", StringComparison.Ordinal));
        Assert.Contains(log.Troubles, line => line.Text.Contains("password of 10.1.2.3", StringComparison.Ordinal));
        status = HealthStatus.Healthy;
        await Eventually.IsTrueAsync(async () =>
        {
            await AskAsync(host.Client);
            return log.Lines.Any(line => line.Id == 8004 && line.Text.Contains("scripted", StringComparison.Ordinal));
        }, "and the end of one");
        Assert.Equal(2, log.Troubles.Count(line => line.Text.Contains("10.1.2.3", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_flood_of_health_requests_runs_the_checks_about_once_a_second()
    {
        var runs = 0;
        await using var host = await GatewayHost.StartAsync(configure: services =>
            services.AddHealthChecks().AddCheck("counted", () =>
            {
                Interlocked.Increment(ref runs);
                return HealthCheckResult.Healthy();
            }));
        await host.ReadyAsync();
        var before = runs;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => host.Client.GetStringAsync(new Uri("/healthz/ready", UriKind.Relative))));
        Assert.InRange(runs - before, 0, 2 + (int)watch.Elapsed.TotalSeconds);
        Assert.NotEqual(0, before);
    }

    [Fact]
    public async Task Metrics_reach_an_otlp_collector_when_its_endpoint_is_set()
    {
        await using var collector = await LoopbackOrigin.StartAsync();
        var told = "";
        collector.Answer("v1/metrics", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            told += System.Text.Encoding.Latin1.GetString(body.ToArray());
        });
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address.AbsoluteUri,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
        });
        await Eventually.IsTrueAsync(() => collector.Count("v1/metrics") > 0, "an export");
        Assert.All(collector.Requests.Where(request => request.PathAndQuery == "/v1/metrics"), request => Assert.Equal("POST", request.Method));
        // The same figures as Prometheus reads, under the meter's own names.
        using var analyst = host.Api("analyst");
        var page = new PrometheusText(await analyst.GetStringAsync(new Uri("/metrics", UriKind.Relative)));
        var names = GatewayFigures.All.Where(figure => page.Types.ContainsKey(GatewayFigures.PrometheusName(figure))).Select(figure => figure.Name).ToArray();
        Assert.True(names.Length > 10);
        await Eventually.IsTrueAsync(() => names.All(name => told.Contains(name, StringComparison.Ordinal)), "each figure reaches the collector");
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\r\nFATAL forged", "a\\r\\nFATAL forged")]
    [InlineData("\u001b[31mred\u009b\u0000", "\\u001b[31mred\\u009b\\u0000")]
    [InlineData("two\u2028lines\u0085", "two\\u2028lines\\u0085")]
    public void A_log_line_stays_one_line_whatever_a_client_sent(string text, string expected)
    {
        using var writer = new StringWriter();
        LineFormatter.WriteEscaped(writer, text);
        Assert.Equal(expected, writer.ToString());
    }
}
