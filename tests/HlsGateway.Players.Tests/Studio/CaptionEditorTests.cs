using System.Text;
using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>The editor of captions beyond its common tasks: hostile text, all languages at once, drafts that met another's work, files.</summary>
[Collection(StudioStage.Name)]
public sealed class CaptionEditorTests(StudioStage stage)
{
    private const string Hostile = "<img src=x onerror=\"window.hit=1\"><script>window.hit=1</script><i onclick=\"window.hit=1\">{{window.hit=1}}</i>";

    [Fact]
    public async Task The_model_of_captions_reads_writes_compares_and_merges_as_told()
    {
        var model = Path.Combine(Places.Repository, "src", "HlsGateway", "Studio", "web", "studio", "captions", "model.js");
        // A test that fails ends the program with an error, and what it said is the message.
        var (output, _) = await Tool.RunAsync("env",
            [$"MODEL={model}", "sh", "-c", "node --test --test-reporter=spec \"$1\" >&2", "sh", Path.Combine(Places.Repository, "tests", "HlsGateway.Players.Tests", "Studio", "caption-model.test.mjs")],
            TimeSpan.FromMinutes(1));
        Assert.Empty(output);
    }

    [Fact]
    public async Task Script_in_captions_does_nothing_in_the_list_the_changes_the_search_and_the_player()
    {
        const string Video = "captions/hostile";
        await stage.VideoAsync(Video);
        await PutAsync(Video, "en", Vtt(Hostile, "Good."), "<img src=x onerror=window.hit=1>");
        var page = await stage.PageAsync("editor");
        await page.GotoAsync(At(Video));
        await page.Locator("[data-track=en]").WaitForAsync();
        await page.GotoAsync(At(Video, "en"));
        var text = page.Locator("textarea.cue-text");
        await text.First.WaitForAsync();
        var before = await text.First.InputValueAsync();
        await text.Nth(1).FillAsync(Hostile);
        await page.Keyboard.PressAsync("Control+f");
        await page.GetByLabel("Find in all languages").FillAsync("window");
        await page.Locator("dialog.find .changes tr").First.WaitForAsync();
        var faults = new List<string>(await Axe.FaultsAsync(page, "studio-captions-find"));
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("Control+s");
        await page.Locator("dialog.review .changes tr").First.WaitForAsync();
        faults.AddRange(await Axe.FaultsAsync(page, "studio-captions-changes"));
        await page.Locator("dialog.review").GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        await page.GetByText("for new sessions").WaitForAsync();
        Assert.Equal(before, await text.First.InputValueAsync());

        await page.GotoAsync(new Uri(stage.Address, $"videos/{Uri.EscapeDataString(Video)}").AbsoluteUri);
        await page.WaitForFunctionAsync("() => [...document.querySelector('studio-player video')?.textTracks ?? []].some(track => track.kind === 'subtitles' && track.label.length > 0)");
        await page.EvaluateAsync("""
            () => {
              const video = document.querySelector("studio-player video");
              const track = [...video.textTracks].find(each => each.kind === "subtitles" && each.label.length > 0);
              track.mode = "showing";
              video.muted = true;
              const look = () => { if (track.cues?.length > 0 && video.currentTime > 0.2) window.read = true; else setTimeout(look, 50); };
              look();
              return video.play();
            }
            """);
        await page.WaitForFunctionAsync("() => window.read === true");
        Assert.False(await page.EvaluateAsync<bool>("() => 'hit' in window"));
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_word_is_replaced_in_all_languages_with_a_look_before_and_put_back_by_one_key()
    {
        const string Video = "captions/words";
        await stage.VideoAsync(Video);
        await PutAsync(Video, "en", Vtt("Acme is here.", "Nothing.", "Acme, Acme."));
        await PutAsync(Video, "de", Vtt("Acme ist hier."));
        await PutAsync(Video, "fr", Vtt("Rien."));
        var page = await stage.PageAsync("editor");
        await page.GotoAsync(At(Video, "en"));
        var text = page.Locator("textarea.cue-text");
        await text.First.WaitForAsync();
        // The sound of the test's video, a tone, under the captions.
        await page.WaitForFunctionAsync("() => (document.querySelector('cue-lane .wave path')?.getAttribute('d') ?? '').split('M').length > 10");
        await page.Keyboard.PressAsync("Control+f");
        await page.GetByLabel("Find in all languages").FillAsync("Acme");
        await page.GetByLabel("Replace with").FillAsync("$& Corp");
        await page.GetByText("en: 2 · de: 1 · fr: 0").Or(page.GetByText("en: 2 · fr: 0 · de: 1")).WaitForAsync();
        await page.Locator("dialog.find .added").GetByText("$& Corp ist hier.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Replace all" }).ClickAsync();
        await page.GetByText("Replaced in 2 languages.").WaitForAsync();
        Assert.Equal("$& Corp, $& Corp.", await text.Nth(2).InputValueAsync());
        Assert.Contains("$& Corp ist hier.", (await GetAsync(Video, "de")).Replace("&amp;", "&", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("Acme is here.", await GetAsync(Video, "en"), StringComparison.Ordinal);

        await page.Keyboard.PressAsync("z");
        await page.GetByText("Undone.").WaitForAsync();
        Assert.Equal("Acme, Acme.", await text.Nth(2).InputValueAsync());
        Assert.Contains("Acme ist hier.", await GetAsync(Video, "de"), StringComparison.Ordinal);
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_draft_that_is_older_than_anothers_publication_meets_it_and_takes_nothing_back()
    {
        const string Video = "captions/late";
        await stage.VideoAsync(Video);
        await PutAsync(Video, "en", Vtt("One.", "Two.", "Three."));
        var page = await stage.PageAsync("editor");
        await page.GotoAsync(At(Video, "en"));
        await page.Locator("textarea.cue-text").Nth(2).FillAsync("Three, mine.");
        await page.Locator("[data-saved=true]").WaitForAsync();
        await PutAsync(Video, "en", Vtt("One, theirs.", "Two.", "Three."));
        await page.ReloadAsync();
        await page.Locator(".offer .added").GetByText("Three, mine.").WaitForAsync();
        // What the other published is no change of this draft.
        Assert.Equal(1, await page.Locator(".offer .changes tr").CountAsync());
        var faults = new List<string>(await Axe.FaultsAsync(page, "studio-captions-offer"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on with it" }).ClickAsync();
        await page.Keyboard.PressAsync("Control+s");
        await page.Locator("dialog.review").GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        await page.Locator("dialog.meet").GetByText("published meanwhile").WaitForAsync();
        faults.AddRange(await Axe.FaultsAsync(page, "studio-captions-meet"));
        await page.Locator("dialog.meet").GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await page.Locator("dialog.review").GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        await page.GetByText("for new sessions").WaitForAsync();
        var live = await GetAsync(Video, "en");
        Assert.All(["One, theirs.", "Two.", "Three, mine."], line => Assert.Contains(line, live, StringComparison.Ordinal));
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task A_language_is_added_from_a_file_or_written_by_the_keyboard_and_has_the_name_that_it_was_given()
    {
        const string Video = "captions/new";
        await stage.VideoAsync(Video);
        var page = await stage.PageAsync("editor");
        await page.GotoAsync(At(Video));
        await page.GetByLabel("Language tag").FillAsync("pt-BR");
        await page.GetByLabel("Name in players").FillAsync("Brasileiro");
        await page.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = "a.srt", MimeType = "application/x-subrip", Buffer = Encoding.UTF8.GetBytes("1\r\n00:00:01,000 --> 00:00:02,000\r\nOlá.\r\n") });
        await page.GetByRole(AriaRole.Button, new() { Name = "Add" }).ClickAsync();
        await page.Locator("textarea.cue-text").First.WaitForAsync();
        Assert.Equal("Olá.", await page.Locator("textarea.cue-text").First.InputValueAsync());

        await page.GotoAsync(At(Video));
        await page.GetByLabel("Language tag").FillAsync("cs");
        await page.GetByLabel("Name in players").FillAsync("Moje čeština");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add" }).ClickAsync();
        await page.GetByText("No captions yet: play").WaitForAsync();
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Locator("textarea.cue-text:focus").WaitForAsync();
        await page.Keyboard.TypeAsync("Dobrý den");
        for (var i = 0; i < 3; i++) await page.Keyboard.PressAsync("ArrowLeft");
        await page.Keyboard.PressAsync("Control+Enter");
        Assert.Equal(2, await page.Locator("textarea.cue-text").CountAsync());
        await page.Keyboard.PressAsync("Control+m");
        Assert.Equal("Dobrý\nden", await page.Locator("textarea.cue-text").First.InputValueAsync());
        await page.Keyboard.PressAsync("Control+s");
        await page.Locator("dialog.review").GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        await page.GetByText("Moje čeština is live for new sessions").WaitForAsync();
        await page.GotoAsync(At(Video));
        await page.Locator("[data-track=cs]").GetByText("Moje čeština").WaitForAsync();
        await page.Locator("[data-track='pt-BR']").GetByText("Brasileiro").WaitForAsync();
        await stage.CleanAsync(page);
    }

    [Fact]
    public async Task Captions_are_written_from_the_sound_where_a_program_is_configured_and_nowhere_else()
    {
        const string Video = "captions/new";
        await stage.VideoAsync(Video);
        var page = await stage.PageAsync("editor");
        await page.GotoAsync(At(Video));
        await page.GetByRole(AriaRole.Button, new() { Name = "Add" }).WaitForAsync();
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = "from the sound" }).CountAsync());

        // A gateway that has one, as the API tells.
        var jobs = "";
        var asked = new List<string>();
        await page.RouteAsync("**/subtitles/automatic*", async route =>
        {
            if (route.Request.Method == "POST")
            {
                asked.Add(new Uri(route.Request.Url).Query);
                jobs = """{"language":"sv","status":"listening","progress":0.4}""";
                await route.FulfillAsync(new RouteFulfillOptions { Status = 202, ContentType = "application/json", Body = jobs });
                return;
            }
            await route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = $$"""{"video":"captions/new","configured":true,"jobs":[{{jobs}}]}""" });
        });
        await page.ReloadAsync();
        await page.GetByLabel("Language tag").FillAsync("sv");
        await page.GetByRole(AriaRole.Button, new() { Name = "from the sound" }).ClickAsync();
        await page.Locator("[data-job=sv]").GetByText("is being written, 40%").WaitForAsync();
        Assert.Equal(["?language=sv"], asked);
        var faults = await Axe.FaultsAsync(page, "studio-captions-machine");
        jobs = """{"language":"sv","status":"failed","progress":1,"error":"<b>no speech</b>"}""";
        await page.Locator("[data-job=sv]").GetByText("not written: <b>no speech</b>").WaitForAsync();
        Assert.True(!faults.Any(), string.Join('\n', faults));
        await stage.CleanAsync(page);
    }

    private static string Vtt(params string[] lines) => "WEBVTT\n\n" + string.Concat(lines.Select((line, i) => $"00:00:0{i * 2}.000 --> 00:00:0{(i * 2) + 2}.000\n{line}\n\n"));

    private string At(string video, string? language = null) => new Uri(stage.Address, $"videos/{Uri.EscapeDataString(video)}/captions{(language is null ? "" : "/" + language)}").AbsoluteUri;

    private Task<string> GetAsync(string video, string language) => stage.Gateway.Api.GetStringAsync($"api/videos/{Uri.EscapeDataString(video)}/subtitles/{language}");

    private async Task PutAsync(string video, string language, string text, string? name = null)
    {
        using var content = new StringContent(text);
        using var answer = await stage.Gateway.Api.PutAsync($"api/videos/{Uri.EscapeDataString(video)}/subtitles/{language}{(name is null ? "" : "?name=" + Uri.EscapeDataString(name))}", content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
