using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests;

/// <summary>What a stranger sees after `make run`: the demo is made, the page waits for it, plays it, and its count grows.</summary>
public sealed class DemoPageTests
{
    [Fact]
    public async Task The_page_plays_the_demo_and_shows_the_count_of_its_own_session_growing()
    {
        var folder = Directory.CreateTempSubdirectory("hlsgateway-demo-").FullName;
        await using var gateway = await GatewayProcess.StartAsync(folder,
        [
            ("Demo:Enabled", "true"), ("Trailers:Active", "demo"), ("Trailers:Folder", Path.Combine(Places.Repository, "trailers")),
            // A disk that is slow for a moment must not look like a miscount.
            ("Ledger:CommitTimeout", "00:00:10"),
            ("Ledger:ReportTimeout", "00:00:30"),
        ]);
        await using var players = await Rig.Players.StartAsync(gateway.Address);
        await using var context = await players.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1200, Height = 1000 } });
        var page = await context.NewPageAsync();
        var complaints = new List<string>();
        var elsewhere = new List<string>();
        page.Console += (_, message) =>
        {
            // A playlist that is not there yet is told in the console as a failed load.
            if (message.Type.Equals("error", StringComparison.Ordinal) && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)) complaints.Add(message.Text);
        };
        page.PageError += (_, error) => complaints.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(gateway.Address.AbsoluteUri, StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal)) elsewhere.Add(request.Url);
        };

        await page.GotoAsync(gateway.Address.AbsoluteUri);
        await WaitAsync(page, "() => document.getElementById('session-id').textContent.length === 40");
        // The very first session may be without trailer: its copies are made when they are first wanted (rule S8).
        await Until.TrueAsync(
            async () => (await gateway.Api.GetStringAsync("watch/demo/playlist.m3u8")).Contains("&p=v-ts-", StringComparison.Ordinal), "the demo has its trailer", TimeSpan.FromMinutes(3));
        // The rest of the film is held back until the page has shown what the begin counts: however slow the page is, it counts from there.
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var segments = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        await page.RouteAsync(url => url.Contains("&duration=", StringComparison.Ordinal), async route =>
        {
            segments.TryAdd(new Uri(route.Request.Url).AbsolutePath, true);
            if (segments.Count > 3) await seen.Task;
            await route.ContinueAsync();
        });
        await page.ReloadAsync();
        await WaitAsync(page, "() => document.querySelectorAll('#captions option').length === 4");
        await page.GetByLabel("Captions", new PageGetByLabelOptions { Exact = true }).SelectOptionAsync("English");
        await page.EvaluateAsync("""
            () => {
              const video = document.getElementById("video");
              // A cue may come and go between two looks from outside.
              const look = () => {
                if ([...video.textTracks].some(track => track.mode === "showing" && track.activeCues?.length > 0)) window.cueSeen = true;
                else setTimeout(look, 20);
              };
              look();
              video.playbackRate = 2;
              return video.play();
            }
            """);
        await WaitAsync(page, "() => parseFloat(document.querySelector('[data-seconds=watch_seconds]').textContent) > 0 && document.getElementById('video').currentTime > 2");
        var early = await SecondsAsync(page, "watch_seconds");
        seen.SetResult();
        await WaitAsync(page, "() => window.cueSeen === true");
        Assert.Empty(await Axe.FaultsAsync(page, "demo"));
        Assert.True(await page.EvaluateAsync<bool>("""
            () => [...document.querySelectorAll("#steps li")].every(step =>
              step.querySelector("button").getBoundingClientRect().bottom <= step.querySelector("pre").getBoundingClientRect().top)
            """), "no button covers its command");
        // What the page says holds for the gateway that serves it: here its tokens are in the configuration.
        Assert.Equal("TOKEN='one of them'", await page.Locator("#steps code").First.TextContentAsync());
        await WaitAsync(page, "() => document.getElementById('status').textContent.startsWith('Played to the end')");
        await WaitAsync(page, "() => parseFloat(document.querySelector('[data-seconds=trailer_seconds]').textContent) > 1");

        // Whatever the first report proved, which may be half a second: the end had not come.
        Assert.InRange(early, double.Epsilon, 23);
        // The player reports what it plays, so what is proven leads: all of it but what lies between two reports as the rate changes.
        Assert.InRange(await SecondsAsync(page, "watch_seconds"), 22, 24.1);
        Assert.True(await CountAsync(page, "segments_fetched") >= 6);
        await page.SetViewportSizeAsync(320, 640);
        Assert.InRange(await page.EvaluateAsync<double>("() => Math.max(...[...document.querySelectorAll('main *')].filter(e => !e.closest('pre')).map(e => e.getBoundingClientRect().right))"), 1, 320);
        Assert.Empty(complaints);
        Assert.Empty(elsewhere);
        await AssertOnlyAHolderSeesASessionAsync(gateway, await page.Locator("#session-id").TextContentAsync() ?? "");
    }

    private static async Task AssertOnlyAHolderSeesASessionAsync(GatewayProcess gateway, string token)
    {
        using var viewer = new HttpClient { BaseAddress = gateway.Address };
        string With(int at) => $"{token[..at]}{(token[at] == 'A' ? 'B' : 'A')}{token[(at + 1)..]}";
        foreach (var wrong in new[] { "", "demo", new string('A', 40), With(token.Length - 1), With(8) })
        {
            using var answer = await viewer.GetAsync($"demo/session?session_id={wrong}");
            // A parameter without a value is refused as on every call.
            Assert.Equal(wrong.Length == 0 ? HttpStatusCode.BadRequest : HttpStatusCode.NotFound, answer.StatusCode);
        }
        using var right = await viewer.GetAsync($"demo/session?session_id={token}");
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.True(right.Headers.CacheControl?.NoStore);
        using var api = await viewer.GetAsync($"api/sessions/{token}");
        Assert.Equal(HttpStatusCode.Unauthorized, api.StatusCode);
    }

    // The demo is made first: minutes on a machine that has more to do.
    private static async Task WaitAsync(IPage page, string condition) =>
        await page.WaitForFunctionAsync(condition, null, new PageWaitForFunctionOptions { Timeout = 240_000, PollingInterval = 100 });

    /// <summary>As the page words it once the player has told of its playing: one number, no range.</summary>
    private static async Task<double> SecondsAsync(IPage page, string name)
    {
        await WaitAsync(page, $"() => /^[0-9.]+ s$/.test(document.querySelector('[data-seconds={name}]').textContent)");
        return double.Parse((await page.Locator($"[data-seconds={name}]").TextContentAsync() ?? "")[..^2], CultureInfo.InvariantCulture);
    }

    private static async Task<double> CountAsync(IPage page, string name) =>
        double.Parse(await page.Locator($"[data-count={name}]").TextContentAsync() ?? "", CultureInfo.InvariantCulture);
}
