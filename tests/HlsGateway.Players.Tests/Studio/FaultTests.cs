using System.Text.Json;
using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>Nothing fails in silence: each answer that a page needs, and each action, is refused in turn, and what the gateway said of it stands there to read.</summary>
[Collection(StudioStage.Name)]
public sealed class FaultTests(StudioStage stage, ITestOutputHelper output)
{
    private const string Video = "faults/film";
    private const string Reason = "A planted fault.";
    private const string Remedy = "Do this and try again.";

    /// <summary>
    /// What each page cannot do without. Not here is what it can: flags on charts, posters, the wave and the ticks under a curve, moments beside it, versions of captions, names to choose
    /// from, and the pulse, which says that it is away. A list, and not what a page was seen to ask: that would depend on when it is looked at.
    /// </summary>
    private static readonly (string Path, string[] Calls)[] Needed =
    [
        ("overview", ["/api/analytics", "/api/analytics/videos"]),
        ("videos", ["/api/analytics/videos", "/api/videos"]),
        ("videos/{video}", ["/api/trailers/plan", "/api/videos/{id}", "/api/videos/{id}/analytics"]),
        ("videos/{video}/analytics", ["/api/videos/{id}/analytics"]),
        ("videos/{video}/captions", ["/api/videos/{id}/subtitles", "/api/videos/{id}/subtitles/automatic"]),
        ("videos/{video}/captions/en", ["/api/videos/{id}/subtitles/en"]),
        ("trailers", ["/api/trailers", "/api/trailers/active", "/api/trailers/history"]),
        ("sessions?video={video}", ["/api/sessions", "/api/videos/{id}/analytics"]),
        ("inspect?url={video}", ["/api/inspect"]),
        ("kept", ["/api/notes", "/api/shares", "/api/views"]),
        ("tokens", ["/api/tokens"]),
    ];

    [Fact]
    public async Task Each_answer_that_a_page_needs_is_refused_in_turn_and_the_page_says_what_and_why()
    {
        await PrepareAsync();
        var silent = new List<string>();
        var page = await stage.PageAsync("admin");
        var refused = "";
        await page.RouteAsync("**/api/**", route => CallOf(route.Request) == Volatile.Read(ref refused) ? RefuseAsync(route) : route.ContinueAsync());
        foreach (var (path, calls) in Needed)
        {
            var address = new Uri(stage.Address, path.Replace("{video}", Uri.EscapeDataString(Video), StringComparison.Ordinal)).AbsoluteUri;
            foreach (var call in calls)
            {
                Volatile.Write(ref refused, $"GET {call}");
                await page.GotoAsync(address);
                try
                {
                    await SaysAsync(page);
                    output.WriteLine($"{path}: without {call} it says so");
                }
                catch (TimeoutException)
                {
                    silent.Add($"{path}: {call}");
                }
            }
        }
        await page.Context.CloseAsync();
        Assert.Empty(silent);
    }

    [Fact]
    public async Task Each_action_that_is_refused_says_what_was_wrong_and_what_to_do()
    {
        await PrepareAsync();
        var at = Uri.EscapeDataString(Video);
        (string Path, string Ready, Func<IPage, Task> Act)[] actions =
        [
            ($"videos/{at}", "studio-player video", page => page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync()),
            ($"videos/{at}/captions", "[data-track=en]", page => page.Locator("[data-track=en] .actions button").ClickAsync()),
            ($"videos/{at}/captions/en", "textarea.cue-text", async page =>
            {
                await page.Locator("textarea.cue-text").First.FillAsync("Another.");
                await page.Keyboard.PressAsync("Control+s");
                await page.Locator("dialog.review").GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
            }),
            ("trailers", "[data-trailer]", page => page.Keyboard.PressAsync("s")),
            ("trailers", "[data-trailer]", page => page.Keyboard.PressAsync("b")),
            ("trailers", "[data-trailer]", page => page.Locator("[data-trailer] .version .actions button").First.ClickAsync()),
            ("overview", "[data-figure]", async page =>
            {
                await page.Keyboard.PressAsync("n");
                await page.Locator("dialog.keep textarea").FillAsync("A note.");
                await page.Locator("dialog.keep button.primary").ClickAsync();
            }),
            ("overview", "[data-figure]", async page =>
            {
                await page.Keyboard.PressAsync("b");
                await page.Locator("dialog.keep input[name=name]").FillAsync("A view");
                await page.Locator("dialog.keep button.primary").ClickAsync();
            }),
            ($"videos/{at}/analytics", "[data-figure]", async page =>
            {
                await page.Keyboard.PressAsync("h");
                await page.Locator("dialog.keep button.primary").ClickAsync();
            }),
            ("tokens", "[data-token]", async page =>
            {
                await page.GetByLabel("Name").FillAsync("nobody");
                await page.GetByRole(AriaRole.Button, new() { Name = "Make token" }).ClickAsync();
            }),
            ("videos", ".video-row", page => page.Locator(".me summary").First.ClickAsync().ContinueWith(_ => page.GetByRole(AriaRole.Button, new() { Name = "Sign out", Exact = true }).ClickAsync(), TaskScheduler.Default).Unwrap()),
        ];
        foreach (var (path, ready, act) in actions)
        {
            var page = await stage.PageAsync("admin");
            // Drafts are kept in this browser as well: they are asked for again and again, and are no action of anybody's.
            await page.RouteAsync("**/api/**", route => route.Request.Method is "GET" || route.Request.Url.Contains("draft=true", StringComparison.Ordinal) ? route.ContinueAsync() : RefuseAsync(route));
            await page.GotoAsync(new Uri(stage.Address, path).AbsoluteUri);
            await page.Locator(ready).First.WaitForAsync();
            await act(page);
            await page.Locator("toast-list [role=alert]", new() { HasText = Reason }).First.WaitForAsync();
            var told = await page.Locator("toast-list [role=alert]").First.TextContentAsync() ?? "";
            Assert.Contains(Remedy, told, StringComparison.Ordinal);
            Assert.Contains("503", told, StringComparison.Ordinal);
            output.WriteLine($"{path}: refused aloud");
            await page.Context.CloseAsync();
        }
    }

    private async Task PrepareAsync()
    {
        await stage.VideoAsync(Video);
        using var captions = new StringContent("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nA line.\n");
        (await stage.Gateway.Api.PutAsync($"api/videos/{Uri.EscapeDataString(Video)}/subtitles/en", captions)).Dispose();
    }

    private static async Task SaysAsync(IPage page)
    {
        await page.GetByText(Reason).First.WaitForAsync();
        await page.GetByText(Remedy).First.WaitForAsync();
        await page.GetByText("HTTP 503").First.WaitForAsync();
    }

    private static Task RefuseAsync(IRoute route) => route.FulfillAsync(new RouteFulfillOptions
    {
        Status = 503,
        ContentType = "application/problem+json",
        Body = JsonSerializer.Serialize(new { type = "http://localhost/problems/ledger-away", title = Reason, status = 503, detail = Remedy, trace_id = "0af7651916cd43dd8448eb211c80319c" }),
    });

    /// <summary>Method and path of a call, its id as <c>{id}</c>; null for what is none.</summary>
    private static string? CallOf(IRequest request)
    {
        var path = new Uri(request.Url).AbsolutePath;
        return path.StartsWith("/api/", StringComparison.Ordinal) ? $"{request.Method} {path.Replace(Uri.EscapeDataString(Video), "{id}", StringComparison.Ordinal)}" : null;
    }
}
