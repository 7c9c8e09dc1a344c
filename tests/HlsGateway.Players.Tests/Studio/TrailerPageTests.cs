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

    [Fact]
    public async Task Of_two_hundred_sessions_that_run_while_a_trailer_is_swapped_none_sees_both_and_the_count_is_that_of_the_ledger()
    {
        const int Running = 200;
        const int Fresh = 7;
        const string Video = "trailer-page/crowd";
        await stage.VideoAsync(Video);
        var page = await stage.PageAsync("admin");
        var address = $"trailers?video={Uri.EscapeDataString(Video)}&scope=video&trailer=";
        using var viewer = new HttpClient { BaseAddress = stage.Gateway.Address };
        foreach (var trailer in (string[])[StudioStage.Trailer, StudioStage.MuteTrailer])
        {
            // The rehearsal makes the copies that the video needs.
            await page.GotoAsync(new Uri(stage.Address, address + trailer).AbsoluteUri);
            await page.Locator("studio-player video").WaitForAsync();
            if (trailer != StudioStage.Trailer) break;
            await page.Keyboard.PressAsync("s");
            await page.GetByText("is on the air for new viewers.").First.WaitForAsync();
        }
        var running = new List<Uri>();
        for (var i = 0; i < Running; i++) running.Add(await BeginAsync());
        Assert.All(await ReadAsync(running), text => Assert.Contains($"~t/{StudioStage.Trailer}@", text, StringComparison.Ordinal));

        await page.Keyboard.PressAsync("s");
        await page.GetByText($"{StudioStage.MuteTrailer}").First.WaitForAsync();
        await page.Locator(".count").WaitForAsync();
        var fresh = new List<Uri>();
        for (var i = 0; i < Fresh; i++) fresh.Add(await BeginAsync());
        // Who began before goes on with what it began with, whatever of it is asked for again; who began after has the new one.
        Assert.All(await ReadAsync(running), text => Assert.True(text.Contains($"~t/{StudioStage.Trailer}@", StringComparison.Ordinal) && !text.Contains($"~t/{StudioStage.MuteTrailer}@", StringComparison.Ordinal)));
        Assert.All(await ReadAsync(fresh), text => Assert.True(text.Contains($"~t/{StudioStage.MuteTrailer}@", StringComparison.Ordinal) && !text.Contains($"~t/{StudioStage.Trailer}@", StringComparison.Ordinal)));
        await page.WaitForFunctionAsync("fresh => document.querySelector('.count')?.dataset.fresh === fresh", Fresh.ToString(System.Globalization.CultureInfo.InvariantCulture));
        for (var i = 0; i < 2; i++) (await stage.Gateway.Api.PostAsync("api/trailers/rollback", null)).Dispose();
        await stage.CleanAsync(page);

        static IEnumerable<string> Uris(string playlist) => playlist.Split('\n').Where(line => line.Length > 0 && line[0] != '#');

        async Task<Uri> BeginAsync()
        {
            var master = new Uri(stage.Gateway.Address, $"watch/{Video}/playlist.m3u8");
            return new Uri(master, Uris(await viewer.GetStringAsync(master)).First());
        }

        async Task<List<string>> ReadAsync(List<Uri> playlists)
        {
            var texts = new List<string>();
            foreach (var playlist in playlists) texts.Add(await viewer.GetStringAsync(playlist));
            return texts;
        }
    }

    [Fact]
    public async Task A_time_on_the_week_strip_that_overlaps_another_is_refused_with_the_reason_and_planned_only_when_it_is_meant()
    {
        const string Video = "trailers/overlap";
        await stage.VideoAsync(Video);
        var page = await stage.PageAsync("editor");
        await page.GotoAsync(new Uri(stage.Address, $"trailers?video={Uri.EscapeDataString(Video)}").AbsoluteUri);
        var strip = page.Locator("week-strip");
        await strip.Locator(".week").WaitForAsync();
        var day = DateTime.UtcNow.Date.AddYears(1);
        async Task PlanAsync(int from, int to)
        {
            await page.Keyboard.PressAsync("n");
            await strip.Locator("select[name=trailer]").SelectOptionAsync("");
            await strip.Locator("input[name=from]").FillAsync(day.AddDays(from).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
            await strip.Locator("input[name=to]").FillAsync(day.AddDays(to).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
            await strip.Locator("input[name=videos]").FillAsync(Video);
            await strip.Locator("dialog button[type=submit]").ClickAsync();
        }

        await PlanAsync(0, 2);
        var entries = strip.Locator("[data-entry]", new() { HasText = Video });
        await entries.First.WaitForAsync();
        await PlanAsync(1, 3);
        var refusal = strip.GetByRole(AriaRole.Alert);
        await refusal.WaitForAsync();
        Assert.Contains("at the same time", await refusal.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(1, await entries.CountAsync());
        Assert.Empty(await Axe.FaultsAsync(page, "studio-trailers-overlap"));
        await strip.Locator("dialog button[type=submit]").ClickAsync();
        await entries.Nth(1).WaitForAsync();
        for (var left = 2; left > 0; left--)
        {
            await entries.First.GetByRole(AriaRole.Button).ClickAsync();
            await page.WaitForFunctionAsync("([video, left]) => [...document.querySelectorAll('week-strip [data-entry]')].filter(entry => entry.textContent.includes(video)).length === left", new object[] { Video, left - 1 });
        }
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task Days_of_the_week_strip_are_as_long_as_clocks_make_them()
    {
        var model = Path.Combine(Places.Repository, "src", "HlsGateway", "Studio", "web", "studio", "parts", "wall-clock.js");
        // A test that fails ends the program with an error, and what it said is the message.
        var (output, _) = await Tool.RunAsync("env",
            [$"MODEL={model}", "sh", "-c", "node --test --test-reporter=spec \"$1\" >&2", "sh", Path.Combine(Places.Repository, "tests", "HlsGateway.Players.Tests", "Studio", "wall-clock.test.mjs")],
            TimeSpan.FromMinutes(1));
        Assert.Empty(output);
    }
}
