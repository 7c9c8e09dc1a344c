using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using HlsGateway.Subtitles;
using HlsGateway.Tests.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Subtitles;

public sealed class CaptionHistoryTests(SubtitlesGateway gateway) : CaptionHistoryContract(gateway), IClassFixture<SubtitlesGateway>;

[Collection(OnPostgres.Name)]
public sealed class CaptionHistoryOnPostgresTests(SubtitlesOnPostgres gateway) : CaptionHistoryContract(gateway), IClassFixture<SubtitlesOnPostgres>;

/// <summary>The list of versions of captions, and the way back.</summary>
public abstract class CaptionHistoryContract(SubtitlesGateway gateway) : IAsyncLifetime
{
    private readonly HttpClient editor = gateway.Host.Api("editor");
    private readonly string video = $"video_{Guid.NewGuid():N}";

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        editor.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_rollback_publishes_the_version_before_as_a_new_one_and_the_next_goes_further_back()
    {
        foreach (var word in (string[])["one", "two", "three"])
            await PutAsync(word);
        Assert.Equal("two", await BackAsync());
        Assert.Equal("one", await BackAsync());
        using (var none = await RollBackAsync())
            Assert.Equal((HttpStatusCode.Conflict, "no-earlier-captions"), (none.StatusCode, await SlugAsync(none)));

        var versions = await VersionsAsync();
        Assert.Equal(
            [(5, "rollback", true), (4, "rollback", false), (3, "publish", false), (2, "publish", false), (1, "publish", false)],
            versions.Select(version => (version.GetProperty("number").GetInt32(), Text(version, "action"), version.GetProperty("active").GetBoolean())));
        Assert.Equal(Text(versions[4], "version"), Text(versions[0], "version"));
        Assert.All(versions, version => Assert.Equal((1, "editor", false), (version.GetProperty("cues").GetInt32(), Text(version, "actor"), version.GetProperty("draft").GetBoolean())));
        Assert.Equal(Vtt("one").Length, versions[0].GetProperty("bytes").GetInt32());

        // What is published after a rollback goes back to what it replaced.
        await PutAsync("four");
        Assert.Equal("one", await BackAsync());
    }

    [Fact]
    public async Task A_version_that_somebody_names_is_published_again_and_the_next_rollback_undoes_that()
    {
        foreach (var word in (string[])["one", "two", "three"])
            await PutAsync(word);
        var first = Text((await VersionsAsync())[2], "version");
        Assert.Equal("one", await BackAsync(version: first));
        Assert.Equal("three", await BackAsync());
        using var unknown = await RollBackAsync(version: "00000000");
        Assert.Equal((HttpStatusCode.NotFound, "no-captions"), (unknown.StatusCode, await SlugAsync(unknown)));
        using var never = await editor.PostAsync(new Uri($"/api/videos/{video}/subtitles/fr/rollback", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.NotFound, never.StatusCode);
    }

    [Fact]
    public async Task A_rollback_brings_deleted_captions_back_with_their_name_and_marks()
    {
        await PutAsync("one", "?name=Words&sdh=true&default=true");
        using (var deleted = await editor.DeleteAsync(Of("")))
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.DoesNotContain(await VersionsAsync(), version => version.GetProperty("active").GetBoolean());
        Assert.Equal("one", await BackAsync());
        var track = Assert.Single(gateway.Host.Services.GetRequiredService<SubtitleIndex>().Tracks(video));
        Assert.Equal(("Words", true, true), (track.Name, track.Sdh, track.Default));
    }

    [Fact]
    public async Task A_rollback_of_what_somebody_else_has_changed_is_refused_and_a_draft_outlives_one()
    {
        await PutAsync("one");
        var seen = await PutAsync("two");
        await PutAsync("three");
        using (var draft = await editor.PutAsync(Of("?draft=true"), new StringContent("WEBVTT\n\nhalf a wo")))
            Assert.Equal(HttpStatusCode.OK, draft.StatusCode);
        using (var late = await RollBackAsync(match: seen))
            Assert.Equal(HttpStatusCode.PreconditionFailed, late.StatusCode);
        Assert.Equal("two", await BackAsync(match: (await TracksAsync())[0].GetProperty("etag").GetString()));
        var newest = (await VersionsAsync())[0];
        Assert.Equal((true, JsonValueKind.Null, JsonValueKind.Null), (newest.GetProperty("draft").GetBoolean(), newest.GetProperty("number").ValueKind, newest.GetProperty("cues").ValueKind));
    }

    [Fact]
    public async Task An_analyst_reads_versions_and_cannot_roll_back()
    {
        await PutAsync("one");
        using var analyst = gateway.Host.Api("analyst");
        Assert.Equal(HttpStatusCode.OK, (await analyst.GetAsync(Of("/versions"))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await analyst.PostAsync(Of("/rollback"), null)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await analyst.GetAsync(Of("/versions?limit=0"))).StatusCode);
    }

    protected static string Text(JsonElement of, string name) => of.GetProperty(name).GetString() ?? "";

    private static string Vtt(string word) => $"WEBVTT\n\n00:01.000 --> 00:02.000\n{word}\n";

    private static async Task<string> SlugAsync(HttpResponseMessage answer) => Text(await answer.Content.ReadFromJsonAsync<JsonElement>(), "type").Split('/')[^1];

    private Uri Of(string rest) => new($"/api/videos/{video}/subtitles/en{rest}", UriKind.Relative);

    private async Task<string> PutAsync(string word, string query = "")
    {
        using var put = await editor.PutAsync(Of(query), new StringContent(Vtt(word)));
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
        return put.Headers.ETag!.Tag;
    }

    private Task<HttpResponseMessage> RollBackAsync(string? version = null, string? match = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Of("/rollback")) { Content = version is null ? null : JsonContent.Create(new { version }) };
        if (match is not null)
            request.Headers.TryAddWithoutValidation("If-Match", match);
        return editor.SendAsync(request);
    }

    /// <returns>What new viewers read.</returns>
    private async Task<string> BackAsync(string? version = null, string? match = null)
    {
        using var back = await RollBackAsync(version, match);
        var track = await back.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(back.StatusCode == HttpStatusCode.OK, track.ToString());
        Assert.Equal(back.Headers.ETag?.Tag, Text(track, "etag"));
        return Assert.Single(gateway.Host.Services.GetRequiredService<SubtitleIndex>().Tracks(video)).File.Cues[0].Text;
    }

    private async Task<List<JsonElement>> VersionsAsync() =>
        [.. (await editor.GetFromJsonAsync<JsonElement>(Of("/versions"))).GetProperty("versions").EnumerateArray()];

    private async Task<List<JsonElement>> TracksAsync() =>
        [.. (await editor.GetFromJsonAsync<JsonElement>(new Uri($"/api/videos/{video}/subtitles", UriKind.Relative))).GetProperty("tracks").EnumerateArray()];
}

/// <summary>A database from before there were numbered versions.</summary>
public sealed class CaptionHistoryUpgradeTests
{
    [Fact]
    public async Task Versions_that_an_earlier_release_kept_are_listed_and_can_be_rolled_back_to()
    {
        using var data = new TemporaryFolder();
        await using (var before = await GatewayHost.StartAsync(dataDirectory: data.Path))
        {
            using var editor = before.Api("editor");
            foreach (var word in (string[])["one", "two"])
                (await editor.PutAsync(new Uri("api/videos/v/subtitles/en", UriKind.Relative), new StringContent($"WEBVTT\n\n00:01.000 --> 00:02.000\n{word}\n"))).EnsureSuccessStatusCode();
        }

        await using (var file = new SqliteConnection($"Data Source={Path.Combine(data.Path, "catalogue.db")};Pooling=False"))
            await file.ExecuteAsync("DROP TABLE caption_history; ALTER TABLE caption_track DROP COLUMN number; DELETE FROM catalogue_migration WHERE name = '0430-caption-history.sql'; UPDATE caption_version SET saved_at = saved_at + 1000 WHERE content LIKE '%two%';");

        await using var after = await GatewayHost.StartAsync(dataDirectory: data.Path);
        using var api = after.Api("editor");
        var versions = (await api.GetFromJsonAsync<JsonElement>(new Uri("api/videos/v/subtitles/en/versions", UriKind.Relative))).GetProperty("versions");
        Assert.Equal([(2, true), (1, false)], versions.EnumerateArray().Select(version => (version.GetProperty("number").GetInt32(), version.GetProperty("active").GetBoolean())));
        (await api.PostAsync(new Uri("api/videos/v/subtitles/en/rollback", UriKind.Relative), null)).EnsureSuccessStatusCode();
        Assert.Equal("one", after.Services.GetRequiredService<SubtitleIndex>().Tracks("v")[0].File.Cues[0].Text);
    }
}
