using System.Net;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Studio;

/// <summary>What stands at <c>/</c>: in production what this is, and only where the demo runs the demo.</summary>
public sealed class StartPageTests
{
    private static readonly Uri Start = new("/", UriKind.Relative);

    [Fact]
    public async Task In_production_the_start_page_says_what_this_is_and_never_where_it_keeps_things()
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await host.Client.GetAsync(Start);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Equal((HttpStatusCode.OK, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Contains($"Version {ProgramVersion.Text}", page, StringComparison.Ordinal);
        Assert.Contains("id=\"token\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<video", page, StringComparison.Ordinal);
        Assert.DoesNotContain(host.DataDirectory, page, StringComparison.Ordinal);
        Assert.DoesNotContain('{', page);
        foreach (var file in (string[])["home.html", "demo.html", "demo/session?session_id=x"])
        {
            using var hidden = await host.Client.GetAsync(new Uri(file, UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
        }
    }

    [Fact]
    public async Task The_page_loads_nothing_from_elsewhere_and_runs_nothing_inline()
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/hls/" });
        using var answer = await host.Client.GetAsync(Start);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("no-cache", answer.Headers.CacheControl?.ToString());
        var page = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_documentation_of_the_build_is_there_as_plain_text()
    {
        await using var host = await GatewayHost.StartAsync();
        foreach (var page in Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Append(Path.Combine(Repository.Root, "README.md")))
        {
            using var answer = await host.Client.GetAsync(new Uri($"/documentation/{Path.GetFileName(page)}", UriKind.Relative));
            Assert.Equal((HttpStatusCode.OK, "text/plain"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
            Assert.StartsWith("# ", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_demo_page_shows_the_command_that_reads_the_token_where_it_really_is()
    {
        using var folder = new TemporaryFolder();
        var data = Path.Combine(folder.Path, "it's here");
        await using var gateway = await GatewayProcess.StartAsync(data, settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Demo:Enabled"] = "true", ["Transcode:FfmpegPath"] = "/bin/false", ["Gateway:Roles:0"] = "gateway", ["Gateway:Roles:1"] = "studio" });
        var page = WebUtility.HtmlDecode(await gateway.Client.GetStringAsync(Start));
        Assert.Contains("<video", page, StringComparison.Ordinal);
        Assert.Contains($"TOKEN=$(cat '{folder.Path}/it'\\''s here/api-token')", page, StringComparison.Ordinal);
        Assert.Contains($"HlsGateway {ProgramVersion.Text}", page, StringComparison.Ordinal);
    }
}
