using System.Net;
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
}
