using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>Signing in, in a real browser, and what pages of others get of it: nothing.</summary>
[Collection(StudioStage.Name)]
public sealed class SignInTests(StudioStage stage)
{
    private const string Script = "document.title = 'taken over'; fetch('/api/session').then(a => a.json()).then(a => fetch('/api/trailers/active', { method: 'DELETE', headers: { 'X-Csrf': a.csrf } }));";

    /// <summary>What an origin, or an uploader, may put at an address of ours, and anybody at one of their own.</summary>
    internal static readonly (string Name, string Text)[] HostileFiles =
    [
        ("page.html", $"<!doctype html><title>quiet</title><img src='/api/videos'><img src='x' onerror=\"{Script.Replace('"', '\'')}\"><script>{Script}</script><script src='page.js'></script><iframe src='/api/session'></iframe><form action='/api/session' method='post'><input autofocus onfocus=\"this.form.submit()\"></form>"),
        ("page.js", Script),
        ("picture.svg", $"<svg xmlns='http://www.w3.org/2000/svg'><title>quiet</title><script>{Script}</script></svg>"),
        ("page.xhtml", $"<html xmlns='http://www.w3.org/1999/xhtml'><head><title>quiet</title></head><body><script>{Script}</script></body></html>"),
        ("worker.js", "self.addEventListener('fetch', event => event.respondWith(new Response('taken over')));"),
    ];

    [Fact]
    public async Task Who_is_not_signed_in_is_asked_for_a_token_and_led_on_and_can_sign_out()
    {
        var page = await stage.PageAsync(role: null);
        await page.GotoAsync(new Uri(stage.Address, "videos?q=a").AbsoluteUri);
        var field = page.Locator("input[type=password]");
        await field.FillAsync("a-wrong-token");
        await field.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not known");
        await field.FillAsync(StudioStage.TokenOf("analyst"));
        await field.PressAsync("Enter");
        // Asked of the page itself: an address that changes without a load may be missed by who waits for a navigation.
        await page.WaitForFunctionAsync("() => location.href.endsWith('/studio/videos?q=a')");
        // The page's own scripts come to who has a cookie too.
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("h1")).ToBeVisibleAsync();
        // A script of the page sees neither the cookie nor the token.
        Assert.Equal("", await page.EvaluateAsync<string>("document.cookie"));
        Assert.Equal(0, await page.EvaluateAsync<int>("localStorage.length + sessionStorage.length"));

        Assert.Equal(403, await page.EvaluateAsync<int>("fetch('../api/trailers/active', { method: 'DELETE' }).then(a => a.status)"));
        Assert.Equal(204, await page.EvaluateAsync<int>("fetch('../api/session').then(a => a.json()).then(a => fetch('../api/session', { method: 'DELETE', headers: { 'X-Csrf': a.csrf } })).then(a => a.status)"));
        await page.ReloadAsync();
        await Assertions.Expect(field).ToBeVisibleAsync();
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_used_link_leads_to_the_sign_in_with_a_sentence()
    {
        var page = await stage.PageAsync(role: null);
        await page.GotoAsync(new Uri(stage.Address, "enter?code=used-before").AbsoluteUri);
        await Assertions.Expect(page.GetByRole(AriaRole.Status).Filter(new LocatorFilterOptions { HasText = "link" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("input[type=password]")).ToBeVisibleAsync();
        await stage.CleanAsync(page);
    }

    [Theory]
    [InlineData("page.html")]
    [InlineData("picture.svg")]
    [InlineData("page.xhtml")]
    public async Task A_page_of_an_origin_at_an_address_of_ours_runs_nothing_and_reads_nothing(string file)
    {
        var page = await stage.PageAsync();
        var asked = Asked(page);
        var answer = await page.GotoAsync(new Uri(stage.Gateway.Address, $"watch/hostile/{file}").AbsoluteUri);
        Assert.Equal(200, answer!.Status);
        Assert.StartsWith(stage.Gateway.Address.AbsoluteUri, page.Url, StringComparison.Ordinal);
        Assert.NotEqual("taken over", await page.TitleAsync());
        Assert.DoesNotContain(asked, call => call.StartsWith('2'));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_page_of_another_site_gets_no_answer_makes_no_change_and_cannot_frame_us()
    {
        var before = await HistoryAsync();
        var page = await stage.PageAsync();
        var asked = Asked(page);
        var sent = 0;
        page.Request += (_, request) => sent += request.Url.StartsWith(stage.Gateway.Address.AbsoluteUri, StringComparison.Ordinal) ? 1 : 0;
        await page.GotoAsync(new Uri(stage.Elsewhere, "hostile/page.js").AbsoluteUri);
        // Another port of the same machine is the same site to a browser: it sends the cookie along, and the gateway refuses. Not even an
        // answer that nobody may look into comes through (Cross-Origin-Resource-Policy).
        Assert.Equal("TypeError TypeError TypeError TypeError blocked", await page.EvaluateAsync<string>(
            """
            async gateway => {
              const tried = [];
              for (const [path, options] of [
                ["api/session", { credentials: "include" }],
                ["api/trailers/active", { method: "DELETE", credentials: "include", headers: { "X-Csrf": "x" } }],
                ["api/session", { method: "POST", mode: "no-cors", credentials: "include", body: '{"token":"x"}' }],
                ["api/uploads", { method: "POST", mode: "no-cors", credentials: "include", body: "x" }],
              ])
                tried.push(await fetch(gateway + path, options).then(answer => answer.type, error => error.name));
              const frame = document.createElement("iframe");
              frame.src = gateway + "studio";
              const framed = new Promise(done => { frame.onload = done; });
              document.body.append(frame);
              await framed;
              tried.push(frame.contentDocument === null ? "blocked" : "framed");
              return tried.join(" ");
            }
            """, stage.Gateway.Address.AbsoluteUri));
        Assert.Contains(page.Frames, frame => frame.Url.StartsWith("chrome-error:", StringComparison.Ordinal));
        Assert.True(sent >= 5, "what was tried was sent");
        Assert.DoesNotContain(asked, call => call.StartsWith('2'));
        Assert.Equal(before, await HistoryAsync());
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task No_service_worker_of_an_origin_takes_over()
    {
        var page = await stage.PageAsync();
        // The one page of ours that lets a script name a worker's address as text.
        await page.GotoAsync(stage.Gateway.Address.AbsoluteUri);
        Assert.Equal("TypeError", await page.EvaluateAsync<string>(
            "navigator.serviceWorker.register('/watch/hostile/worker.js', { scope: '/watch/hostile/' }).then(() => 'registered', error => error.name)"));
        Assert.Equal(0, await page.EvaluateAsync<int>("navigator.serviceWorker.getRegistrations().then(all => all.length)"));
        await page.Context.CloseAsync();
    }

    /// <summary>Answers of the API that the page got: status and address.</summary>
    private static ConcurrentQueue<string> Asked(IPage page)
    {
        var asked = new ConcurrentQueue<string>();
        page.Response += (_, answer) =>
        {
            if (answer.Url.Contains("/api/", StringComparison.Ordinal)) asked.Enqueue($"{answer.Status} {answer.Request.Method} {answer.Url}");
        };
        return asked;
    }

    private async Task<string> HistoryAsync() => (await stage.Gateway.Api.GetFromJsonAsync<JsonElement>("api/trailers/history")).GetRawText();
}
