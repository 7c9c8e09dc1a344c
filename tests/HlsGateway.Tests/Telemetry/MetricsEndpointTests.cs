using System.Net;
using System.Net.Http.Headers;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Telemetry;

/// <summary>What Prometheus reads. Hosts of other tests share this process and its meters: names and labels are asserted, never an exact count.</summary>
public sealed class MetricsEndpointTests
{
    private const string Video = "some-video-of-a-stranger";

    [Fact]
    public async Task Prometheus_reads_each_figure_under_one_name_in_base_units()
    {
        await using var host = await GatewayHost.StartAsync();
        var metrics = await ReadAsync(host);

        // Counters end in _total, histograms of time are in seconds; a family is declared once (PrometheusText sees to that).
        Assert.All(metrics.Types.Where(family => family.Value == "counter"), family => Assert.EndsWith("_total", family.Key, StringComparison.Ordinal));
        Assert.All(metrics.Types.Keys.Where(name => name.Contains("duration", StringComparison.Ordinal) || name.Contains("_lag", StringComparison.Ordinal)),
            name => Assert.EndsWith("_seconds", name, StringComparison.Ordinal));
        Assert.DoesNotContain(metrics.Types.Keys, name => name.Contains("_ms", StringComparison.Ordinal) || name.Contains("milli", StringComparison.Ordinal) || name.Contains("_kb", StringComparison.OrdinalIgnoreCase));
        Assert.Equal("gauge", metrics.Types["hlsgateway_ledger_depth"]);
        // Nothing was lost, and still it is there: an alarm on its increase needs a 0 to begin with.
        Assert.Equal("counter", metrics.Types["hlsgateway_ledger_lost_total"]);
        Assert.All(metrics.Samples, sample => Assert.Contains(metrics.FamilyOf(sample), metrics.Types.Keys));
    }

    [Fact]
    public async Task A_counted_request_shows_without_its_video_session_or_address()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, Video);
        await using var host = await GatewayHost.StartAsync(origin);
        var viewer = await Viewer.StartAsync(host.Client, Video);
        Assert.Equal(HttpStatusCode.Redirect, await viewer.FetchAsync(0));

        var text = await TextAsync(host);
        var metrics = new PrometheusText(text);
        Assert.Contains(metrics.Samples, sample => sample.Name == "hlsgateway_ledger_recorded_total" && sample.Value >= 1);
        Assert.Contains(metrics.Samples, sample => sample.Name == "hlsgateway_ledger_commit_duration_seconds_count" && sample.Value >= 1);
        Assert.DoesNotContain(Video, text, StringComparison.Ordinal);
        Assert.DoesNotContain(viewer.Session, text, StringComparison.Ordinal);
        // Our own figures have tags out of small closed sets.
        string[] tags = ["outcome", "reason", "le", "base"];
        Assert.All(metrics.Samples.Where(sample => sample.Name.StartsWith("hlsgateway_", StringComparison.Ordinal)),
            sample => Assert.All(sample.Labels.Keys, label => Assert.Contains(label, tags)));
        Assert.DoesNotContain(metrics.Samples, sample => sample.Labels.Keys.Any(label =>
            label.Contains("client_address", StringComparison.Ordinal) || label.Contains("session", StringComparison.Ordinal) || label.Contains("url_path", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("editor", HttpStatusCode.Forbidden)]
    [InlineData("uploader", HttpStatusCode.Forbidden)]
    [InlineData("analyst", HttpStatusCode.OK)]
    [InlineData("admin", HttpStatusCode.OK)]
    public async Task Figures_are_for_analysts(string? role, HttpStatusCode expected)
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = host.NewClient(role is null ? null : GatewayHost.TokenOf(role));
        using var answer = await client.GetAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Equal(expected, answer.StatusCode);
        using var post = await client.PostAsync(new Uri("/metrics", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }

    [Theory]
    [InlineData("text/plain;version=0.0.4")]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3")]
    public async Task The_answer_is_in_a_form_that_was_asked_for(string accept)
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = host.Api("analyst");
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/metrics", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using var answer = await client.SendAsync(request);
        Assert.Equal(MediaTypeHeaderValue.Parse(accept.Split(';')[0]).MediaType, answer.Content.Headers.ContentType?.MediaType);
    }

    private static async Task<PrometheusText> ReadAsync(GatewayHost host) => new(await TextAsync(host));

    private static async Task<string> TextAsync(GatewayHost host)
    {
        using var analyst = host.Api("analyst");
        return await analyst.GetStringAsync(new Uri("/metrics", UriKind.Relative));
    }
}
