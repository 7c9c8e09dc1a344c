using System.Text.Json;
using HlsGateway.CommandLine;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HlsGateway.Tests.CommandLine;

/// <summary><c>hlsgateway health</c> as service managers and containers ask it.</summary>
public sealed class HealthVerbTests
{
    [Theory]
    [InlineData(HealthStatus.Healthy, 0, "healthy")]
    [InlineData(HealthStatus.Degraded, 1, "degraded")]
    [InlineData(HealthStatus.Unhealthy, 2, "unhealthy")]
    public async Task The_exit_code_tells_the_state_of_a_running_gateway(HealthStatus status, int expected, string word)
    {
        await using var host = await GatewayHost.StartAsync(configure: services =>
        {
            // The machine's own checks (isolation of the transcoder) are not what is tried here.
            services.Configure<HealthCheckServiceOptions>(checks => checks.Registrations.Clear());
            services.AddHealthChecks().AddCheck("scripted", () => new HealthCheckResult(status, "as scripted", data: new Dictionary<string, object>(StringComparer.Ordinal) { ["detail"] = "for those with a token" }));
        });
        var (code, output, errors) = await Child.RunAsync(["health", "--url", host.Address.AbsoluteUri]);
        Assert.Equal((expected, ""), (code, errors));
        Assert.Equal($"{host.Address} is {word}\n  {word,-10} scripted: as scripted\n", output);

        (code, output, _) = await Child.RunAsync(["health", "--json"], ("HLSGATEWAY_URL", host.Address.AbsoluteUri), ("HLSGATEWAY_TOKEN", GatewayHost.TokenOf("analyst")));
        Assert.Equal(expected, code);
        var answer = JsonSerializer.Deserialize<JsonElement>(output);
        Assert.Equal(["status", "url", "checks", "error"], answer.EnumerateObject().Select(member => member.Name));
        Assert.Equal((word, host.Address.AbsoluteUri), (answer.GetProperty("status").GetString(), answer.GetProperty("url").GetString()));
        var check = answer.GetProperty("checks").EnumerateArray().Single();
        Assert.Equal("scripted", check.GetProperty("name").GetString());
        Assert.Equal("for those with a token", check.GetProperty("data").GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_gateway_that_is_away_and_a_server_that_is_none_are_told_apart_from_an_unhealthy_one()
    {
        var (code, output, errors) = await Child.RunAsync(["health", "--url", "http://127.0.0.1:1"]);
        Assert.Equal((ExitCode.Unreachable, ""), (code, output));
        Assert.Contains("The gateway at http://127.0.0.1:1/ cannot be reached", errors, StringComparison.Ordinal);

        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("healthz/ready", "{\"status\":\"fine\"}"u8.ToArray());
        (code, output, _) = await Child.RunAsync(["health", "--json", "--url", origin.Address.AbsoluteUri]);
        Assert.Equal(ExitCode.Unreachable, code);
        var answer = JsonSerializer.Deserialize<JsonElement>(output);
        Assert.Equal("unreachable", answer.GetProperty("status").GetString());
        Assert.Contains("is not a gateway", answer.GetProperty("error").GetString(), StringComparison.Ordinal);

        (code, _, errors) = await Child.RunAsync(["health"], ("HLSGATEWAY_URL", "somewhere"));
        Assert.Equal(ExitCode.Unreachable, code);
        Assert.Contains("HLSGATEWAY_URL is 'somewhere'", errors, StringComparison.Ordinal);
    }
}
