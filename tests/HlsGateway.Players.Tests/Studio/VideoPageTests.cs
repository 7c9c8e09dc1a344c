using System.Net;
using System.Text.Json;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>Deletions count at once and can be taken back.</summary>
[Collection(StudioStage.Name)]
public sealed class VideoPageTests(StudioStage stage)
{
    [Fact]
    public async Task A_deletion_counts_at_once_and_is_taken_back_by_one_key()
    {
        await stage.VideoAsync("pages/gone");
        var page = await stage.PageAsync("uploader");
        await page.GotoAsync(new Uri(stage.Address, "videos/pages%2Fgone").AbsoluteUri);
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.GetByText("pages/gone is deleted for new viewers.").WaitForAsync();
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync());
        await page.Keyboard.PressAsync("z");
        await page.GetByText("Undone.").WaitForAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());
        // Back where it was deleted.
        await page.Locator("h1", new() { HasText = "pages/gone" }).WaitForAsync();
        await stage.CleanAsync(page);

        async Task<HttpStatusCode> StatusAsync()
        {
            using var answer = await stage.Gateway.Api.GetAsync("api/videos/pages%2Fgone");
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task An_upload_that_failed_is_tried_again_by_the_button_in_its_row_where_that_can_help()
    {
        var (status, asked) = ("failed", new TaskCompletionSource<IRequest>());
        var page = await stage.PageAsync("uploader");
        // A fault of the machine: what the API answers to it is held by its own tests.
        await page.RouteAsync("**/api/videos", route => route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = $"[{Row("pages/tired", status, status == "failed")},{Row("pages/refused", "failed", false)}]" }));
        await page.RouteAsync("**/api/videos/*/retry", route =>
        {
            asked.TrySetResult(route.Request);
            status = "queued";
            return route.FulfillAsync(new RouteFulfillOptions { Status = 202, ContentType = "application/json", Body = Row("pages/tired", status, false) });
        });
        await page.GotoAsync(new Uri(stage.Address, "videos").AbsoluteUri);
        await page.Locator("[data-video='pages/refused']").WaitForAsync();
        Assert.Equal(0, await page.Locator("[data-video='pages/refused'] button").CountAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Try pages/tired again" }).ClickAsync();
        await page.Locator("[data-video='pages/tired'][data-status=queued]").WaitForAsync();
        var request = await asked.Task;
        Assert.Equal(("POST", "/api/videos/pages%2Ftired/retry"), (request.Method, new Uri(request.Url).AbsolutePath));
        Assert.NotEmpty(await request.HeaderValueAsync("x-csrf") ?? "");
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = "Try pages/tired again" }).CountAsync());
        await stage.CleanAsync(page);

        static string Row(string video, string status, bool canRetry) => JsonSerializer.Serialize(new
        {
            video,
            status,
            progress = 0,
            eta_seconds = (double?)null,
            queue_position = status == "queued" ? 1 : (int?)null,
            error = status == "failed" ? "The store was away." : null,
            duration_seconds = (double?)null,
            renditions = Array.Empty<object>(),
            playlist_url = (string?)null,
            poster_url = (string?)null,
            created_at = "2026-11-01T00:00:00Z",
            can_retry = canRetry,
        });
    }
}
