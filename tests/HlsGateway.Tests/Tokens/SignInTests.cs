using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Tokens;

/// <summary>The cookie of the Studio: what it stands for, what it is worth without the page's own value, and how it ends.</summary>
public sealed class SignInTests
{
    private static readonly Uri Session = new("api/session", UriKind.Relative);
    private static readonly Uri Everywhere = new("api/session?everywhere=true", UriKind.Relative);
    private static readonly Uri Videos = new("api/videos", UriKind.Relative);
    private static readonly Uri Trailers = new("api/trailers/active", UriKind.Relative);

    [Fact]
    public async Task A_token_is_given_for_a_cookie_that_scripts_and_other_sites_do_not_get()
    {
        await using var host = await GatewayHost.StartAsync();
        using var browser = Browser(host);
        using var answer = await SignInAsync(browser, GatewayHost.TokenOf("analyst"));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; path=/; samesite=strict; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(GatewayHost.TokenOf("analyst"), cookie, StringComparison.Ordinal);

        var told = await browser.GetFromJsonAsync<JsonElement>(Session);
        Assert.Equal("analyst", told.GetProperty("role").GetString());
        Assert.True(told.GetProperty("csrf").GetString()!.Length > 20);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(Videos)).StatusCode);
    }

    [Theory]
    [InlineData("Gateway:PublicUrl", "https://video.example.com/hls", "")]
    [InlineData("Gateway:KnownProxies:0", "127.0.0.1", "https")]
    public async Task Behind_a_proxy_that_ends_tls_the_cookie_goes_over_tls_alone(string key, string value, string forwarded)
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value });
        using var browser = Browser(host);
        if (forwarded.Length > 0)
        {
            browser.DefaultRequestHeaders.Add("X-Forwarded-Proto", forwarded);
            browser.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
        }
        using var answer = await SignInAsync(browser, GatewayHost.TokenOf("analyst"));
        Assert.Contains("secure", Assert.Single(answer.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_change_needs_the_pages_own_value_and_the_role()
    {
        await using var host = await GatewayHost.StartAsync();
        using var thief = Browser(host);
        (await SignInAsync(thief, GatewayHost.TokenOf("editor"))).Dispose();
        // The cookie alone, as a page of another site would have it sent.
        Assert.Equal("missing-csrf", await RefusalAsync(await thief.DeleteAsync(Trailers)));
        var csrf = (await thief.GetFromJsonAsync<JsonElement>(Session)).GetProperty("csrf").GetString();
        // A value made up from it: one character in its middle is another, whatever it was (the last one's bits need not all count).
        var middle = csrf!.Length / 2;
        var madeUp = csrf[..middle] + (csrf[middle] == 'A' ? 'B' : 'A') + csrf[(middle + 1)..];
        Assert.Equal("missing-csrf", await RefusalAsync(await SendAsync(thief, HttpMethod.Delete, Trailers, madeUp)));
        Assert.Equal("missing-csrf", await RefusalAsync(await SendAsync(thief, HttpMethod.Delete, Session, null)));
        using (var editor = await SendAsync(thief, HttpMethod.Delete, Trailers, csrf))
            Assert.Equal(HttpStatusCode.OK, editor.StatusCode);
        using (var api = host.Api())
        {
            var changes = await api.GetFromJsonAsync<JsonElement>(new Uri("api/trailers/history", UriKind.Relative));
            Assert.Contains("editor", changes.ToString(), StringComparison.Ordinal);
        }

        using var analyst = Browser(host);
        (await SignInAsync(analyst, GatewayHost.TokenOf("analyst"))).Dispose();
        var own = (await analyst.GetFromJsonAsync<JsonElement>(Session)).GetProperty("csrf").GetString();
        Assert.Equal("forbidden", await RefusalAsync(await SendAsync(analyst, HttpMethod.Delete, Trailers, own)));
        // Nor does another one's value serve.
        Assert.Equal("missing-csrf", await RefusalAsync(await SendAsync(analyst, HttpMethod.Delete, Session, csrf)));
    }

    [Theory]
    [InlineData("cross-site")]
    [InlineData("same-site")]
    public async Task What_a_page_of_another_site_asks_for_is_refused_even_with_the_cookie(string site)
    {
        await using var host = await GatewayHost.StartAsync();
        using var browser = Browser(host);
        (await SignInAsync(browser, GatewayHost.TokenOf("editor"))).Dispose();
        var csrf = (await browser.GetFromJsonAsync<JsonElement>(Session)).GetProperty("csrf").GetString();
        browser.DefaultRequestHeaders.Add("Sec-Fetch-Site", site);
        Assert.Equal("cross-site", await RefusalAsync(await browser.GetAsync(Videos)));
        Assert.Equal("cross-site", await RefusalAsync(await SendAsync(browser, HttpMethod.Delete, Trailers, csrf)));
        // A form of another page can send text, never JSON: the sign-in takes nothing else.
        using var form = new StringContent("{\"token\":\"x\"}", new MediaTypeHeaderValue("text/plain"));
        using var nobody = Browser(host);
        nobody.DefaultRequestHeaders.Add("Sec-Fetch-Site", site);
        using var answer = await nobody.PostAsync(Session, form);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    [Fact]
    public async Task The_pages_own_files_are_served_to_who_is_signed_in_too()
    {
        await using var host = await GatewayHost.StartAsync();
        using var browser = Browser(host);
        (await SignInAsync(browser, GatewayHost.TokenOf("analyst"))).Dispose();
        browser.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");
        browser.DefaultRequestHeaders.Add("Sec-Fetch-Dest", "script");
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(new Uri("studio/app/main.js", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(new Uri("studio/videos", UriKind.Relative))).StatusCode);
        // Answers of the API are data, never a script.
        Assert.Equal("cross-site", await RefusalAsync(await browser.GetAsync(Videos)));
    }

    [Fact]
    public async Task A_bearer_token_needs_no_page_and_wins_over_the_cookie()
    {
        await using var host = await GatewayHost.StartAsync();
        using var browser = Browser(host);
        (await SignInAsync(browser, GatewayHost.TokenOf("analyst"))).Dispose();
        browser.DefaultRequestHeaders.Authorization = new("Bearer", GatewayHost.TokenOf("editor"));
        using var swap = await browser.DeleteAsync(Trailers);
        Assert.Equal(HttpStatusCode.OK, swap.StatusCode);
        var told = await browser.GetFromJsonAsync<JsonElement>(Session);
        Assert.Equal(("editor", JsonValueKind.Null), (told.GetProperty("role").GetString(), told.GetProperty("csrf").ValueKind));
        browser.DefaultRequestHeaders.Authorization = new("Bearer", "none-of-them");
        Assert.Equal("wrong-token", await RefusalAsync(await browser.GetAsync(Videos)));
    }

    [Fact]
    public async Task A_cookie_is_worth_what_its_token_is_and_no_longer()
    {
        await using var host = await GatewayHost.StartAsync();
        var (id, secret) = await ApiTokenTests.MakeAsync(host, "Anna", "editor");
        using var anna = Browser(host);
        (await SignInAsync(anna, secret)).Dispose();
        Assert.Equal("Anna", (await anna.GetFromJsonAsync<JsonElement>(Session)).GetProperty("name").GetString());
        using var admin = host.Api();
        (await admin.DeleteAsync(new Uri($"api/tokens/{id}", UriKind.Relative))).EnsureSuccessStatusCode();
        Assert.Equal("unauthenticated", await RefusalAsync(await anna.GetAsync(Videos)));
        Assert.Equal("revoked-token", await RefusalAsync(await SignInAsync(anna, secret)));
    }

    [Fact]
    public async Task Signing_out_ends_one_browser_and_everywhere_ends_all_of_them_but_those_that_come_after()
    {
        await using var host = await GatewayHost.StartAsync();
        HttpClient[] browsers = [Browser(host), Browser(host), Browser(host)];
        foreach (var browser in browsers) (await SignInAsync(browser, GatewayHost.TokenOf("analyst"))).Dispose();
        await OutAsync(browsers[0], Session);
        Assert.Equal("401 200 200", await StatusesAsync());
        await OutAsync(browsers[1], Everywhere);
        Assert.Equal("401 401 401", await StatusesAsync());
        // The token itself is as good as before, and so is a cookie that is given now.
        (await SignInAsync(browsers[2], GatewayHost.TokenOf("analyst"))).Dispose();
        Assert.Equal("401 401 200", await StatusesAsync());
        foreach (var browser in browsers) browser.Dispose();

        async Task<string> StatusesAsync() => string.Join(" ", await Task.WhenAll(browsers.Select(async browser => (int)(await browser.GetAsync(Videos)).StatusCode)));
    }

    [Fact]
    public async Task A_cookie_survives_a_restart_and_a_changed_one_is_worth_nothing()
    {
        using var data = new TemporaryFolder();
        string cookie;
        await using (var host = await GatewayHost.StartAsync(dataDirectory: data.Path))
        {
            using var browser = Browser(host);
            using var answer = await SignInAsync(browser, GatewayHost.TokenOf("analyst"));
            cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie")).Split(';')[0];
        }
        await using var again = await GatewayHost.StartAsync(dataDirectory: data.Path);
        Assert.Equal(HttpStatusCode.OK, await WithAsync(cookie));
        var middle = cookie.Length / 2;
        Assert.Equal(HttpStatusCode.Unauthorized, await WithAsync($"{cookie[..middle]}{(cookie[middle] == 'A' ? 'B' : 'A')}{cookie[(middle + 1)..]}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithAsync(cookie[..^20]));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithAsync($"{cookie.Split('=')[0]}="));

        async Task<HttpStatusCode> WithAsync(string value)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(again.Address, "api/videos"));
            request.Headers.Add("Cookie", value);
            using var answer = await again.Client.SendAsync(request);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Wrong_guesses_cost_their_network_and_a_right_token_still_passes()
    {
        await using var host = await GatewayHost.StartAsync();
        using var browser = Browser(host);
        var refusals = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 400 && !refusals.Contains("too-many-wrong-tokens"); i++)
            refusals.Add(await RefusalAsync(await SignInAsync(browser, $"a-guess-{i}")));
        Assert.Equal(["too-many-wrong-tokens", "wrong-token"], refusals.Order(StringComparer.Ordinal));
        using var right = await SignInAsync(browser, GatewayHost.TokenOf("uploader"));
        Assert.Equal(HttpStatusCode.NoContent, right.StatusCode);
    }

    [Fact]
    public async Task The_link_on_the_terminal_signs_in_once_within_a_quarter_of_an_hour()
    {
        var clock = new ManualClock();
        await using var host = await GatewayHost.StartAsync(configure: services => services.AddSingleton<TimeProvider>(clock));
        var link = host.Services.GetRequiredService<LoginLink>();
        using var first = Browser(host);
        using var second = Browser(host);
        var code = link.Make();
        Assert.Equal("sign-in?link=used", await EnterAsync(second, "another-code"));
        using (var ahead = await second.SendAsync(new HttpRequestMessage(HttpMethod.Head, new Uri($"studio/enter?code={code}", UriKind.Relative))))
            Assert.False(ahead.Headers.Contains("Set-Cookie"));
        Assert.Equal("./", await EnterAsync(first, code));
        Assert.Equal("admin", (await first.GetFromJsonAsync<JsonElement>(Session)).GetProperty("role").GetString());
        Assert.Equal("sign-in?link=used", await EnterAsync(second, code));
        Assert.Equal(HttpStatusCode.Unauthorized, (await second.GetAsync(Session)).StatusCode);

        var late = link.Make();
        clock.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal("sign-in?link=used", await EnterAsync(second, late));
        Assert.Equal("sign-in?link=used", await EnterAsync(second, ""));
    }

    internal static HttpClient Browser(GatewayHost host) => new(new CookieJar()) { BaseAddress = host.Address, Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Keeps cookies as a browser does, but never by the machine's clock: the gateway's own may be another.</summary>
    private sealed class CookieJar : DelegatingHandler
    {
        private readonly Dictionary<string, string> cookies = new(StringComparer.Ordinal);

        public CookieJar() => InnerHandler = new HttpClientHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false };

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (cookies.Count > 0) request.Headers.Add("Cookie", string.Join("; ", cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
            var answer = await base.SendAsync(request, cancellationToken);
            foreach (var given in answer.Headers.TryGetValues("Set-Cookie", out var all) ? all : [])
            {
                var pair = given.Split(';')[0].Split('=', 2);
                if (pair[1].Length == 0) cookies.Remove(pair[0]);
                else cookies[pair[0]] = pair[1];
            }
            return answer;
        }
    }

    internal static Task<HttpResponseMessage> SignInAsync(HttpClient browser, string token) => browser.PostAsJsonAsync(Session, new { token });

    private static async Task OutAsync(HttpClient browser, Uri where)
    {
        var csrf = (await browser.GetFromJsonAsync<JsonElement>(Session)).GetProperty("csrf").GetString();
        using var answer = await SendAsync(browser, HttpMethod.Delete, where, csrf);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient browser, HttpMethod method, Uri where, string? csrf)
    {
        using var request = new HttpRequestMessage(method, where);
        if (csrf is not null) request.Headers.Add("X-Csrf", csrf);
        return await browser.SendAsync(request);
    }

    private static async Task<string> RefusalAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
            return problem.GetProperty("type").GetString()!.Split('/')[^1];
        }
    }

    private static async Task<string?> EnterAsync(HttpClient browser, string? code)
    {
        using var answer = await browser.GetAsync(new Uri($"studio/enter{(code?.Length > 0 ? $"?code={code}" : "")}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location?.OriginalString;
    }
}
