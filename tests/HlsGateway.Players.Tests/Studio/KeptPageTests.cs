using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>What people keep of pages: notes on charts, views by name, links that others read without a token; and the tokens themselves.</summary>
[Collection(StudioStage.Name)]
public sealed class KeptPageTests(StudioStage stage)
{
    private const string Video = "kept/film";

    [Fact]
    public async Task A_note_stands_on_the_charts_of_its_reader_and_is_taken_back_by_one_key()
    {
        await stage.VideoAsync(Video);
        await WatchAsync();
        var page = await stage.PageAsync("analyst");
        await page.GotoAsync(At($"videos/{Uri.EscapeDataString(Video)}/analytics"));
        await page.Locator("#days canvas").WaitForAsync();
        await page.Keyboard.PressAsync("n");
        // The dialog has the focus where one writes.
        await page.Locator("dialog.keep textarea:focus").WaitForAsync();
        await page.Keyboard.TypeAsync("It was on television.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await page.WaitForFunctionAsync("() => document.querySelector('#days').flags.some(flag => flag.kind === 'note' && flag.text.startsWith('It was on television.'))");

        // What it says of others' figures is its author's alone.
        var other = await stage.PageAsync("editor");
        await other.GotoAsync(At("kept"));
        await other.Locator("[data-kept=notes]").WaitForAsync();
        Assert.Equal(0, await other.GetByText("It was on television.").CountAsync());
        await stage.CleanAsync(other);

        await page.Keyboard.PressAsync("z");
        await page.WaitForFunctionAsync("() => !document.querySelector('#days').flags.some(flag => flag.kind === 'note')");
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_saved_view_is_a_link_to_what_was_seen_and_its_deletion_is_undone()
    {
        var page = await stage.PageAsync("analyst");
        await page.GotoAsync(At("overview?range=w&audience=people"));
        await page.Locator("[data-figure=views]").WaitForAsync();
        await page.Keyboard.PressAsync("b");
        await page.Locator("dialog.keep input:focus").WaitForAsync();
        await page.Keyboard.TypeAsync("People this week");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("The view is saved.").WaitForAsync();

        await page.GotoAsync(At("kept"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete People this week" }).ClickAsync();
        await page.GetByText("Deleted.").WaitForAsync();
        await page.Keyboard.PressAsync("z");
        await page.GetByRole(AriaRole.Link, new() { Name = "People this week" }).ClickAsync();
        await page.Locator("[data-figure=views]").WaitForAsync();
        var query = new Uri(page.Url).Query;
        Assert.Contains("range=w", query, StringComparison.Ordinal);
        Assert.Contains("audience=people", query, StringComparison.Ordinal);
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_shared_link_shows_its_report_to_a_stranger_and_nothing_else_until_it_is_ended()
    {
        await stage.VideoAsync(Video);
        await WatchAsync();
        var page = await stage.PageAsync("analyst");
        await page.GotoAsync(At($"videos/{Uri.EscapeDataString(Video)}/analytics?player=tool"));
        await page.Locator("[data-figure=views]").WaitForAsync();
        await page.Keyboard.PressAsync("h");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the link" }).ClickAsync();
        var link = await page.GetByLabel("Link", new() { Exact = true }).InputValueAsync();
        Assert.StartsWith(At("shared/"), link, StringComparison.Ordinal);

        var stranger = await stage.PageAsync(null);
        var asked = new List<string>();
        stranger.Request += (_, request) => { if (new Uri(request.Url).AbsolutePath.StartsWith("/api/", StringComparison.Ordinal)) asked.Add(new Uri(request.Url).AbsolutePath); };
        // What a reader adds to the address changes nothing.
        await stranger.GotoAsync(link + "?player=vlc&from=2020-01-01");
        await stranger.Locator("#retention canvas").WaitForAsync();
        Assert.Contains("tool", await stranger.Locator(".chips").TextContentAsync(), StringComparison.Ordinal);
        var report = await stage.Gateway.Api.GetFromJsonAsync<JsonElement>($"api/videos/{Uri.EscapeDataString(Video)}/analytics?player=tool");
        Assert.Equal(report.GetProperty("views").GetRawText(), await stranger.Locator("[data-figure=views]").GetAttributeAsync("data-value"));
        Assert.Equal(0, await stranger.Locator("nav, range-bar, button[data-figure]").CountAsync());
        Assert.All(asked, path => Assert.StartsWith("/api/shared/", path, StringComparison.Ordinal));

        await page.Keyboard.PressAsync("Escape");
        await page.GotoAsync(At("kept"));
        await page.Locator("[data-kept=shares]").GetByRole(AriaRole.Button, new() { Name = "End the link" }).First.ClickAsync();
        await page.Locator("ask-first").GetByRole(AriaRole.Button, new() { Name = "End the link" }).ClickAsync();
        await page.GetByText("Deleted.").WaitForAsync();
        await stranger.ReloadAsync();
        await stranger.Locator(".failed").WaitForAsync();
        await stage.CleanAsync(stranger);
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_token_is_made_shown_once_opens_the_api_and_is_revoked_after_a_question()
    {
        var page = await stage.PageAsync("admin");
        await page.GotoAsync(At("tokens"));
        await page.GetByLabel("Name").FillAsync("the night shift");
        await page.GetByLabel("Role").SelectOptionAsync("analyst");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make token" }).ClickAsync();
        var secret = (await page.Locator("[data-made] code").TextContentAsync())!;
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(secret));

        await page.ReloadAsync();
        var row = page.Locator("[data-token='the night shift']").First;
        await row.WaitForAsync();
        Assert.DoesNotContain(secret, await page.ContentAsync(), StringComparison.Ordinal);
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.Keyboard.PressAsync("Escape");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(secret));
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.Locator("ask-first").GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await page.GetByText("the night shift is revoked.").WaitForAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(secret));
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task Before_and_after_a_change_are_set_by_its_flag_and_a_slider_moves_what_counts_as_watched()
    {
        await stage.VideoAsync(Video);
        await WatchAsync();
        using (var made = await stage.Gateway.Api.PostAsJsonAsync("api/notes", new { text = "The change", video = Video, shared = true, at = DateTimeOffset.UtcNow.AddDays(-2) }))
            Assert.True(made.IsSuccessStatusCode);
        var page = await stage.PageAsync("analyst");
        await page.GotoAsync(At($"videos/{Uri.EscapeDataString(Video)}/analytics"));
        await page.Locator("#days .chart-flag", new() { HasText = "The change" }).First.DispatchEventAsync("click");
        await page.WaitForFunctionAsync("() => document.querySelector('[data-figure=views] .figure-trend') !== null");
        Assert.Contains("compare=1", page.Url, StringComparison.Ordinal);

        var slider = page.Locator(".least input");
        await slider.FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await page.WaitForURLAsync("**watched_from=0.05**");
        Assert.Equal("5%", await page.Locator(".least output").TextContentAsync());
        await stage.CleanAsync(page);
    }

    private string At(string path) => new Uri(stage.Address, path).AbsoluteUri;

    private async Task<HttpStatusCode> StatusAsync(string token)
    {
        using var client = new HttpClient { BaseAddress = stage.Gateway.Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        using var answer = await client.GetAsync("api/sessions?limit=1");
        return answer.StatusCode;
    }

    /// <summary>One session, of a program that shows nothing to anybody.</summary>
    private async Task WatchAsync()
    {
        using var viewer = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        viewer.DefaultRequestHeaders.UserAgent.ParseAdd("curl/8.5.0");
        static IEnumerable<string> Uris(string playlist) => playlist.Split('\n').Where(line => line.Length > 0 && line[0] != '#');
        var master = new Uri(stage.Gateway.Address, $"watch/{Video}/playlist.m3u8");
        var media = new Uri(master, Uris(await viewer.GetStringAsync(master)).First());
        foreach (var segment in Uris(await viewer.GetStringAsync(media))) (await viewer.GetAsync(new Uri(media, segment))).Dispose();
    }
}
