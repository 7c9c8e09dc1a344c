using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>The library of trailers: what a stranger's file is called does nothing, each version has its picture, and what is taken away comes back.</summary>
[Collection(StudioStage.Name)]
public sealed class TrailerPageTests(StudioStage stage)
{
    [Fact]
    public async Task A_trailer_with_a_hostile_file_name_is_stored_by_a_plain_name_shows_its_picture_and_comes_back_by_one_key()
    {
        var page = await stage.PageAsync("editor");
        await page.GotoAsync(new Uri(stage.Address, "trailers").AbsoluteUri);
        await page.Locator("[data-trailer]").First.WaitForAsync();
        await page.Locator("trailers-page input[type=file]").SetInputFilesAsync(new FilePayload
        {
            Name = "<img src=x onerror=hit=1>.mp4",
            MimeType = "video/mp4",
            Buffer = await File.ReadAllBytesAsync(await TestMedia.MakeTrailerAsync(hasSound: false)),
        });
        var version = page.Locator("[data-trailer='img-src-x-onerror-hit-1'] .version");
        await version.WaitForAsync();
        await version.ScrollIntoViewIfNeededAsync();
        await page.WaitForFunctionAsync("() => document.querySelector(\"[data-trailer='img-src-x-onerror-hit-1'] img.still\").naturalWidth > 0");
        Assert.False(await page.EvaluateAsync<bool>("() => 'hit' in window"));

        await version.GetByRole(AriaRole.Button).ClickAsync();
        var restore = version.GetByRole(AriaRole.Button, new() { Name = "Put back" });
        await restore.WaitForAsync();
        await page.Keyboard.PressAsync("z");
        await page.GetByText("Undone.").WaitForAsync();
        await restore.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        Assert.Equal(1, await version.GetByRole(AriaRole.Button).CountAsync());
        await stage.CleanAsync(page);
    }
}
