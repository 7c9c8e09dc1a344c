using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HlsGateway.Access;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tokens;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Tokens;

/// <summary>What else a cookie of the Studio holds and does not: other pages, proxies in front, long calls, a stolen database, guesses.</summary>
public sealed class CookieTests
{
    private static readonly Uri Session = new("api/session", UriKind.Relative);
    private static readonly Uri Everywhere = new("api/session?everywhere=true", UriKind.Relative);
    private static readonly Uri Videos = new("api/videos", UriKind.Relative);
    private static readonly Uri Live = new("api/live", UriKind.Relative);

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Sec-Fetch-Site", "Cross-Site")]
    [InlineData("Sec-Fetch-Site", "something-new")]
    [InlineData("Sec-Fetch-Dest", "script")]
    [InlineData("Sec-Fetch-Dest", "iframe")]
    [InlineData("Sec-Fetch-Dest", "Object")]
    public async Task Nothing_is_answered_to_a_page_that_is_not_ours_nor_is_anybody_signed_in_by_one(string header, string value)
    {
        await using var host = await GatewayHost.StartAsync();
        using var browser = SignInTests.Browser(host);
        (await SignInTests.SignInAsync(browser, GatewayHost.TokenOf("editor"))).Dispose();
        var csrf = await CsrfAsync(browser);
        browser.DefaultRequestHeaders.Add(header, value);
        Assert.Equal("cross-site", await SlugAsync(await browser.GetAsync(Videos)));
        Assert.Equal("cross-site", await SlugAsync(await browser.GetAsync(Session)));
        Assert.Equal("cross-site", await SlugAsync(await DeleteAsync(browser, Session, csrf)));
        using var stranger = SignInTests.Browser(host);
        stranger.DefaultRequestHeaders.Add(header, value);
        using var answer = await SignInTests.SignInAsync(stranger, GatewayHost.TokenOf("editor"));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        // A program that says who it is by a token is no browser's page.
        using var program = host.Api();
        program.DefaultRequestHeaders.Add(header, value);
        Assert.Equal(HttpStatusCode.OK, (await program.GetAsync(Videos)).StatusCode);
    }

    [Theory]
    [InlineData("http://{host}", null)]
    [InlineData("https://{host}", null)]
    [InlineData("https://video.example.com", null)]
    [InlineData("http://{host}", "same-origin")]
    public async Task Our_own_pages_are_answered_whatever_stands_in_front(string origin, string? site)
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:PublicUrl"] = "https://video.example.com" });
        using var browser = SignInTests.Browser(host);
        browser.DefaultRequestHeaders.Add("Origin", origin.Replace("{host}", host.Address.Authority, StringComparison.Ordinal));
        if (site is not null) browser.DefaultRequestHeaders.Add("Sec-Fetch-Site", site);
        Assert.Equal(HttpStatusCode.NoContent, (await SignInTests.SignInAsync(browser, GatewayHost.TokenOf("editor"))).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(browser, Session, await CsrfAsync(browser))).StatusCode);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"token":null}""")]
    [InlineData("""{"token":""}""")]
    [InlineData("""{"token":"LONG"}""")]
    [InlineData("""{"token":"\ud800"}""")]
    public async Task A_token_that_none_can_be_is_a_wrong_one(string body)
    {
        await using var host = await GatewayHost.StartAsync();
        using var content = new StringContent(body.Replace("LONG", new string('x', 100_000), StringComparison.Ordinal), Encoding.UTF8, "application/json");
        using var answer = await host.Client.PostAsync(Session, content);
        Assert.InRange((int)answer.StatusCode, 400, 401);
        Assert.Contains(await SlugAsync(answer), (string[])["wrong-token", "bad-request"]);
    }

    [Fact]
    public async Task The_token_of_the_first_start_signs_in_where_none_is_configured()
    {
        await using var host = await GatewayHost.StartAsync(configure: services => services.AddSingleton(Options.Create(new AccessOptions())));
        using var browser = SignInTests.Browser(host);
        Assert.Equal(HttpStatusCode.NoContent, (await SignInTests.SignInAsync(browser, (await File.ReadAllTextAsync(Path.Combine(host.DataDirectory, "api-token"))).Trim())).StatusCode);
        Assert.Equal("admin", (await browser.GetFromJsonAsync<JsonElement>(Session)).GetProperty("role").GetString());
    }

    [Fact]
    public async Task A_live_tail_ends_when_its_browser_is_signed_out_everywhere_and_one_of_the_token_itself_goes_on()
    {
        await using var host = await GatewayHost.StartAsync();
        using var browser = SignInTests.Browser(host);
        using var program = host.Api("analyst");
        (await SignInTests.SignInAsync(browser, GatewayHost.TokenOf("analyst"))).Dispose();
        await using var signedIn = await browser.GetStreamAsync(Live);
        await using var byToken = await program.GetStreamAsync(Live);
        var buffer = new byte[4096];
        Assert.True(await signedIn.ReadAsync(buffer) > 0);
        // With the token itself, as somebody does whose browser was stolen.
        Assert.Equal(HttpStatusCode.NoContent, (await program.DeleteAsync(Everywhere)).StatusCode);
        using var hangs = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await signedIn.ReadAsync(buffer, hangs.Token) > 0) continue;
            throw new IOException("The tail has ended.");
        });
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync(Videos)).StatusCode);
        // More than what it had received when the other one was cut off.
        var events = 0;
        while (events < 3 && await byToken.ReadAsync(buffer, hangs.Token) > 0) events++;
        Assert.Equal(3, events);
    }

    [Fact]
    public async Task A_cookie_ends_with_the_time_that_its_token_was_given()
    {
        var clock = new ManualClock();
        await using var host = await GatewayHost.StartAsync(configure: services => services.AddSingleton<TimeProvider>(clock));
        using var admin = host.Api();
        using var made = await admin.PostAsJsonAsync(new Uri("api/tokens", UriKind.Relative), new { name = "Anna", role = "analyst", expires_at = clock.GetUtcNow().AddHours(1).ToString("O") });
        var secret = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
        using var anna = SignInTests.Browser(host);
        (await SignInTests.SignInAsync(anna, secret)).Dispose();
        Assert.Equal(JsonValueKind.String, (await anna.GetFromJsonAsync<JsonElement>(Session)).GetProperty("expires_at").ValueKind);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal("unauthenticated", await SlugAsync(await anna.GetAsync(Videos)));
    }

    [Fact]
    public async Task A_cookie_that_is_used_goes_on_one_that_is_not_ends_and_a_renewed_one_is_signed_out_all_the_same()
    {
        var clock = new ManualClock();
        await using var host = await GatewayHost.StartAsync(configure: services => services.AddSingleton<TimeProvider>(clock));
        using var used = SignInTests.Browser(host);
        using var left = SignInTests.Browser(host);
        foreach (var browser in (HttpClient[])[used, left]) (await SignInTests.SignInAsync(browser, GatewayHost.TokenOf("analyst"))).Dispose();
        clock.Advance(TimeSpan.FromDays(5));
        using (var renewed = await used.GetAsync(Videos))
            Assert.Contains("; path=/; samesite=strict; httponly", Assert.Single(renewed.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
        clock.Advance(TimeSpan.FromDays(5));
        Assert.Equal(HttpStatusCode.OK, (await used.GetAsync(Videos)).StatusCode);
        Assert.Equal("unauthenticated", await SlugAsync(await left.GetAsync(Videos)));
        // By another browser of the same token; whatever was renewed is older than this.
        (await SignInTests.SignInAsync(left, GatewayHost.TokenOf("analyst"))).Dispose();
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(left, Everywhere, await CsrfAsync(left))).StatusCode);
        Assert.Equal("unauthenticated", await SlugAsync(await used.GetAsync(Videos)));
    }

    [Fact]
    public async Task Who_has_a_copy_of_the_database_can_make_no_cookie_of_it()
    {
        using var data = new TemporaryFolder();
        using var browser = await SignedInAsync(data.Path);
        await using (var same = await GatewayHost.StartAsync(dataDirectory: data.Path))
            Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(new Uri(same.Address, Videos))).StatusCode);
        // The same database, with the keys of cookies in it, and without the secret beside it.
        File.Delete(Path.Combine(data.Path, "session.key"));
        await using var copy = await GatewayHost.StartAsync(dataDirectory: data.Path);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync(new Uri(copy.Address, Videos))).StatusCode);

        static async Task<HttpClient> SignedInAsync(string data)
        {
            await using var host = await GatewayHost.StartAsync(dataDirectory: data);
            var browser = SignInTests.Browser(host);
            (await SignInTests.SignInAsync(browser, GatewayHost.TokenOf("analyst"))).Dispose();
            return browser;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("hls/")]
    public async Task Behind_a_proxy_with_a_path_prefix_that_it_takes_away_or_passes_on_all_of_it_works(string prefix)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n");
        origin.Serve("v/low.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n#EXT-X-ENDLIST\n");
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Gateway:PublicUrl"] = "https://video.example.com/hls",
            ["Gateway:KnownProxies:0"] = "127.0.0.1",
        });
        using var browser = SignInTests.Browser(host);
        browser.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
        browser.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        browser.DefaultRequestHeaders.Add("Origin", "https://video.example.com");
        Uri At(string address) => new(host.Address, prefix + address);
        using var entered = await browser.GetAsync(At($"studio/enter?code={host.Services.GetRequiredService<LoginLink>().Make()}"));
        Assert.Equal("./", entered.Headers.Location?.OriginalString);
        var cookie = Assert.Single(entered.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; path=/; secure; samesite=strict; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        using var page = await browser.GetAsync(At("studio/videos"));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var told = await browser.GetFromJsonAsync<JsonElement>(At("api/session"));
        Assert.Equal("admin", told.GetProperty("role").GetString());

        // Players too: what the playlist names is found below the same prefix.
        var master = await browser.GetStringAsync(At("watch/v/playlist.m3u8"));
        var child = new Uri(new Uri($"https://video.example.com/hls/watch/v/playlist.m3u8"), master.Split('\n').First(line => line.Length > 0 && line[0] != '#'));
        Assert.StartsWith("/hls/watch/", child.AbsolutePath, StringComparison.Ordinal);
        Assert.Contains("#EXTINF", await browser.GetStringAsync(At(child.PathAndQuery["/hls/".Length..])), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(browser, At("api/session?everywhere=true"), told.GetProperty("csrf").GetString())).StatusCode);
    }

    [Theory]
    [InlineData("watch/v/worker.js")]
    [InlineData("media/objects/worker.js")]
    [InlineData("api/videos")]
    [InlineData("studio/app/main.js")]
    public async Task No_service_worker_is_served(string address)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("v/worker.js", "self.addEventListener('fetch', () => {});", "text/javascript");
        await using var host = await GatewayHost.StartAsync(origin);
        foreach (var (header, value) in ((string, string)[])[("Service-Worker", "script"), ("Sec-Fetch-Dest", "serviceworker")])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, UriKind.Relative));
            request.Headers.Add(header, value);
            using var answer = await host.Client.SendAsync(request);
            Assert.False(answer.Headers.Contains("Service-Worker-Allowed"));
            Assert.Equal((HttpStatusCode.Forbidden, "no-service-worker"), (answer.StatusCode, await SlugAsync(answer)));
        }
        Assert.Equal(0, origin.Count("v/worker.js"));
    }

    [Fact]
    public async Task Players_are_nobody_whatever_cookie_their_browser_sends_along()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("v/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n");
        var clock = new ManualClock();
        await using var host = await GatewayHost.StartAsync(origin, configure: services => services.AddSingleton<TimeProvider>(clock));
        using var browser = SignInTests.Browser(host);
        (await SignInTests.SignInAsync(browser, GatewayHost.TokenOf("analyst"))).Dispose();
        // A player on a page of a neighbour, which is the same site to a browser; the cookie is old enough to be renewed.
        browser.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-site");
        clock.Advance(TimeSpan.FromDays(5));
        foreach (var address in (string[])["watch/v/playlist.m3u8", "healthz/live", "studio/videos"])
        {
            using var answer = await browser.GetAsync(new Uri(address, UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
        }
        // A player's event reports are no change of an editor's.
        using var body = new StringContent("x");
        using var report = await browser.PostAsync(new Uri("watch/v/playlist.m3u8/~cmcd", UriKind.Relative), body);
        using var plain = new StringContent("x");
        using var same = await host.Client.PostAsync(new Uri("watch/v/playlist.m3u8/~cmcd", UriKind.Relative), plain);
        Assert.Equal(same.StatusCode, report.StatusCode);
        Assert.NotEqual(HttpStatusCode.Forbidden, report.StatusCode);
    }

    [Fact]
    public async Task Who_is_signed_in_is_told_the_details_of_health_as_with_the_token()
    {
        await using var host = await GatewayHost.StartAsync();
        using var browser = SignInTests.Browser(host);
        var ready = new Uri("healthz/ready", UriKind.Relative);
        var stranger = await host.Client.GetStringAsync(ready);
        (await SignInTests.SignInAsync(browser, GatewayHost.TokenOf("analyst"))).Dispose();
        using var token = host.Api("analyst");
        static IEnumerable<string> Members(string json) => JsonDocument.Parse(json).RootElement.EnumerateObject().Select(member => member.Name);
        var trusted = await token.GetStringAsync(ready);
        Assert.NotEqual(stranger.Length, trusted.Length);
        Assert.Equal(Members(trusted), Members(await browser.GetStringAsync(ready)));
        Assert.True((await browser.GetStringAsync(ready)).Length > stranger.Length);
    }

    [Theory]
    [InlineData("studio")]
    [InlineData("studio/videos")]
    [InlineData("studio/sign-in?next=videos")]
    [InlineData("")]
    public async Task No_page_of_ours_can_be_framed(string address)
    {
        await using var host = await GatewayHost.StartAsync();
        using var page = await host.Client.GetAsync(new Uri(address, UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("DENY", Assert.Single(page.Headers.GetValues("X-Frame-Options")));
        Assert.Contains("frame-ancestors 'none'", Assert.Single(page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }

    internal static async Task<string?> CsrfAsync(HttpClient browser) => (await browser.GetFromJsonAsync<JsonElement>(Session)).GetProperty("csrf").GetString();

    internal static async Task<HttpResponseMessage> DeleteAsync(HttpClient browser, Uri where, string? csrf)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, where);
        request.Headers.Add("X-Csrf", csrf);
        return await browser.SendAsync(request);
    }

    internal static async Task<string> SlugAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
            return problem.GetProperty("type").GetString()!.Split('/')[^1];
        }
    }
}
