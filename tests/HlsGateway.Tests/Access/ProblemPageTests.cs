using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using HlsGateway.Telemetry;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Access;

/// <summary>A problem's type opens the page that explains it.</summary>
public sealed partial class ProblemPageTests
{
    [Theory]
    [InlineData("api/sessions", "unauthenticated")]
    [InlineData("watch/nothing/playlist.m3u8", "unknown-video")]
    [InlineData("media/nothing", "no-object")]
    [InlineData("no/such/path", "not-found")]
    [InlineData("problems/unauthentcated", "not-found")]
    public async Task The_type_of_an_answer_opens_the_page_that_explains_it(string path, string slug)
    {
        await using var host = await GatewayHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        // As a browser asks: a problem stays a problem whatever is accepted.
        request.Headers.Add("Accept", "text/html");
        using var response = await host.Client.SendAsync(request);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("no-store", response.Headers.GetValues("Cache-Control").Single(), StringComparison.Ordinal);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal($"{host.Address}problems/{slug}", problem.GetProperty("type").GetString());
        Assert.Equal((int)response.StatusCode, problem.GetProperty("status").GetInt32());
        Assert.Equal(Problem.Find(slug)!.Title, problem.GetProperty("title").GetString());
        Assert.InRange(problem.GetProperty("trace_id").GetString()!.Length, 8, 64);
        var page = await host.Client.GetStringAsync(new Uri(problem.GetProperty("type").GetString()!));
        Assert.Contains(WebUtility.HtmlEncode(Problem.Find(slug)!.Title), page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_type_has_a_page_without_script_that_the_list_leads_to_and_that_leads_back()
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string> { ["Gateway:Roles:0"] = "worker" });
        foreach (var list in new[] { new Uri(host.Address, "problems"), new Uri(host.Address, "problems/") })
        {
            var page = await host.Client.GetStringAsync(list);
            var links = Link().Matches(page).Select(match => new Uri(list, match.Groups["to"].Value)).ToList();
            Assert.Equal(Problem.All.Select(problem => new Uri(host.Address, "problems/" + problem.Slug)), links);
        }

        foreach (var problem in Problem.All)
        {
            foreach (var url in new[] { new Uri(host.Address, "problems/" + problem.Slug), new Uri(host.Address, $"problems/{problem.Slug}/") })
            {
                using var response = await host.Client.GetAsync(url);
                Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
                var policy = response.Headers.GetValues("Content-Security-Policy").Single();
                Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
                Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
                var page = await response.Content.ReadAsStringAsync();
                Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
                Assert.Contains(new Uri(host.Address, "problems"), Link().Matches(page).Select(match => new Uri(url, match.Groups["to"].Value)));
            }
        }
    }

    [Fact]
    public async Task Programs_get_the_list_and_each_type_as_json()
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string> { ["Gateway:PublicUrl"] = "https://video.example/base/" });
        using var client = host.NewClient(null);
        client.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        var list = await client.GetFromJsonAsync<JsonElement>(new Uri("problems", UriKind.Relative));
        Assert.Equal(Problem.All.Count, list.GetProperty("problems").GetArrayLength());
        var one = await client.GetFromJsonAsync<JsonElement>(new Uri("problems/no-trailer", UriKind.Relative));
        Assert.Equal("https://video.example/base/problems/no-trailer", one.GetProperty("type").GetString());
        Assert.Equal(404, one.GetProperty("statuses")[0].GetInt32());
    }

    [Fact]
    public async Task What_players_and_proxies_call_this_gateway_stands_in_the_type_and_a_host_without_a_name_makes_it_relative()
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string> { ["Gateway:KnownProxies:0"] = "127.0.0.1" });
        var (forwarded, _) = await RawHttp.SendAsync(host.Address, "GET /api/limits HTTP/1.1\r\nHost: video.example\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n");
        Assert.Contains("\"type\":\"https://video.example/problems/unauthenticated\"", forwarded, StringComparison.Ordinal);
        var (nameless, _) = await RawHttp.SendAsync(host.Address, "GET /api/limits HTTP/1.0\r\n\r\n");
        Assert.Contains("\"type\":\"/problems/unauthenticated\"", nameless, StringComparison.Ordinal);
    }

    [GeneratedRegex("<a href=\"(?<to>[^\"]+)\"", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Link();
}
