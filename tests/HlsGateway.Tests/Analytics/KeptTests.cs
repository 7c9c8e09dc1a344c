using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Counting;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Analytics;

public sealed class KeptTests : KeptContract;

[Collection("ledger-postgres")]
public sealed class PostgresKeptTests(LedgerPostgres postgres) : KeptContract
{
    protected override Task<string> DatabaseAsync() => postgres.NewDatabaseAsync();
}

/// <summary>Notes, saved views and shared links: who reads them, who changes them, and what they refuse.</summary>
public abstract class KeptContract : IAsyncLifetime
{
    private GatewayHost host = null!;
    private HttpClient analyst = null!;
    private HttpClient editor = null!;
    private HttpClient admin = null!;

    /// <summary>Connection string of the ledger; empty for the embedded one.</summary>
    protected virtual Task<string> DatabaseAsync() => Task.FromResult("");

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = await DatabaseAsync() });
        (analyst, editor, admin) = (host.Api("analyst"), host.Api("editor"), host.Api());
    }

    public async Task DisposeAsync()
    {
        foreach (var client in (HttpClient[])[analyst, editor, admin]) client.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task A_note_of_the_team_is_read_by_all_and_stands_among_the_changes_and_one_for_oneself_is_nobody_elses()
    {
        var team = await MakeAsync(editor, "api/notes", """{"text":"The film was on television.\nChannel 4","at":"2026-01-05T20:00:00Z","video":"a","shared":true}""");
        var own = await MakeAsync(editor, "api/notes", """{"text":"Ask Anna","at":"2026-01-05T21:00:00Z"}""");
        Assert.Equal([own, team], await IdsAsync(editor, "api/notes", "notes"));
        Assert.Equal([team], await IdsAsync(analyst, "api/notes", "notes"));
        Assert.Equal([team], await IdsAsync(analyst, "api/notes?from=2026-01-05&to=2026-01-06&video=a", "notes"));
        Assert.Empty(await IdsAsync(analyst, "api/notes?video=b", "notes"));
        Assert.Empty(await IdsAsync(analyst, "api/notes?to=2026-01-05", "notes"));
        var told = Assert.Single(await ChangesAsync());
        Assert.Equal((team, "2026-01-05T20:00:00.000Z", "editor", "a", "The film was on television.\nChannel 4"), (
            told.GetProperty("subject").GetString(), told.GetProperty("at").GetString(), told.GetProperty("actor").GetString(), told.GetProperty("video").GetString(), told.GetProperty("after").GetString()));

        await AssertRefusedAsync(analyst, HttpMethod.Patch, $"api/notes/{team}", """{"text":"no"}""", 403, "not-yours");
        await AssertRefusedAsync(analyst, HttpMethod.Delete, $"api/notes/{own}", null, 404, "no-such-note");
        using (var changed = await SendAsync(editor, HttpMethod.Patch, $"api/notes/{team}", """{"text":"It was on the radio."}"""))
            Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        told = Assert.Single(await ChangesAsync());
        Assert.Equal(("a", "It was on the radio."), (told.GetProperty("video").GetString(), told.GetProperty("after").GetString()));
        using (var hidden = await SendAsync(admin, HttpMethod.Patch, $"api/notes/{team}", """{"shared":false}"""))
            Assert.Equal(HttpStatusCode.OK, hidden.StatusCode);
        Assert.Empty(await ChangesAsync());
        Assert.Empty(await IdsAsync(analyst, "api/notes", "notes"));
        using (var gone = await SendAsync(editor, HttpMethod.Delete, $"api/notes/{team}", null))
            Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        Assert.Equal([own], await IdsAsync(editor, "api/notes", "notes"));
    }

    [Theory]
    [InlineData("""{"text":" "}""", "text")]
    [InlineData("""{"text":"a\u0000b"}""", "text")]
    [InlineData("""{"text":"a","at":"yesterday"}""", "at ")]
    [InlineData("""{"text":"a","at":"2999-01-01T00:00:00Z"}""", "passed")]
    public async Task A_note_that_cannot_be_kept_is_refused_in_words(string body, string word) =>
        Assert.Contains(word, await AssertRefusedAsync(editor, HttpMethod.Post, "api/notes", body, 400, "bad-note"), StringComparison.Ordinal);

    [Fact]
    public async Task A_saved_view_is_read_and_deleted_by_whom_it_is_for()
    {
        var team = await MakeAsync(analyst, "api/views", """{"name":"Last week","address":"studio/analytics?range=w&tz=Europe%2FBerlin","shared":true}""");
        var own = await MakeAsync(analyst, "api/views", """{"name":"Mine","address":"studio/sessions?player=tool"}""");
        Assert.Equal([team, own], await IdsAsync(analyst, "api/views", "views"));
        Assert.Equal([team], await IdsAsync(editor, "api/views", "views"));
        await AssertRefusedAsync(editor, HttpMethod.Delete, $"api/views/{team}", null, 403, "not-yours");
        await AssertRefusedAsync(editor, HttpMethod.Delete, $"api/views/{own}", null, 404, "no-such-view");
        using var gone = await SendAsync(admin, HttpMethod.Delete, $"api/views/{team}", null);
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
    }

    [Theory]
    [InlineData("https://evil.example/studio/")]
    [InlineData("//evil.example/studio/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("studio/../api/tokens")]
    [InlineData("studio/%2e%2e/api/tokens")]
    [InlineData("studio//evil.example")]
    [InlineData("studio/\\\\evil.example")]
    [InlineData("/studio/videos")]
    [InlineData("studio/a b")]
    [InlineData("")]
    public Task An_address_outside_the_Studio_is_not_saved(string address) =>
        AssertRefusedAsync(analyst, HttpMethod.Post, "api/views", $$"""{"name":"x","address":"{{address}}"}""", 400, "bad-view");

    [Fact]
    public async Task A_shared_link_shows_its_report_to_anybody_until_it_ends_and_nothing_else()
    {
        var at = DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeMilliseconds();
        var outbox = host.Services.GetRequiredService<Outbox>();
        foreach (var video in (string[])["a/b", "a/b", "other"])
            Assert.True(await outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(at)), 0, video: video, at: at)));
        using var made = await SendAsync(analyst, HttpMethod.Post, "api/shares", """{"video":"a/b","query":"days=7&tz=Europe/Berlin"}""");
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal("no-store", made.Headers.CacheControl?.ToString());
        var share = JsonDocument.Parse(await made.Content.ReadAsStringAsync()).RootElement;
        var url = share.GetProperty("url").GetString()!;
        Assert.StartsWith($"{host.Address}studio/shared/", url, StringComparison.Ordinal);
        var secret = url[(url.LastIndexOf('/') + 1)..];
        var listed = await analyst.GetStringAsync(Rel("api/shares"));
        Assert.Contains("days=7", listed, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, listed, StringComparison.Ordinal);

        using var answer = await host.Client.GetAsync(Rel($"api/shared/{secret}"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(("no-store", "no-referrer"), (answer.Headers.CacheControl?.ToString(), answer.Headers.GetValues("Referrer-Policy").Single()));
        var report = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(("a/b", "7", 2), (report.GetProperty("video").GetString(), report.GetProperty("filters").GetProperty("days").GetString(), report.GetProperty("report").GetProperty("sessions").GetInt32()));
        // Locked: what a reader adds is refused, and the secret opens no other call.
        using (var wider = await host.Client.GetAsync(Rel($"api/shared/{secret}?from=2020-01-01")))
            Assert.Equal(HttpStatusCode.BadRequest, wider.StatusCode);
        using (var thief = host.NewClient(secret))
        using (var refused = await thief.GetAsync(Rel("api/videos/other/analytics")))
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        await AssertRefusedAsync(editor, HttpMethod.Delete, $"api/shares/{share.GetProperty("id").GetString()}", null, 403, "forbidden");
        using (var ended = await SendAsync(analyst, HttpMethod.Delete, $"api/shares/{share.GetProperty("id").GetString()}", null))
            Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        await AssertRefusedAsync(host.Client, HttpMethod.Get, $"api/shared/{secret}", null, 404, "no-such-share");
    }

    [Theory]
    [InlineData("""{"video":"never"}""", 404, "no-video")]
    [InlineData("""{"video":"v","query":"explain=true"}""", 400, "bad-share")]
    [InlineData("""{"video":"v","query":"days=7&from=2026-01-01"}""", 400, "bad-share")]
    [InlineData("""{"video":"v","query":"player=abacus"}""", 400, "bad-share")]
    [InlineData("""{"video":"v","expires_at":"2020-01-01T00:00:00Z"}""", 400, "bad-share")]
    public Task A_link_that_could_not_be_read_is_not_made(string body, int status, string slug) => AssertRefusedAsync(analyst, HttpMethod.Post, "api/shares", body, status, slug);

    [Fact]
    public async Task Secrets_cannot_be_tried_out()
    {
        await Eventually.IsTrueAsync(async () =>
        {
            using var answer = await host.Client.GetAsync(Rel($"api/shared/{Guid.NewGuid():n}"));
            return answer.StatusCode == HttpStatusCode.TooManyRequests;
        }, "too many wrong secrets");
    }

    private async Task<List<JsonElement>> ChangesAsync() =>
        [.. (await analyst.GetFromJsonAsync<JsonElement>(Rel("api/changes"))).GetProperty("changes").EnumerateArray().Where(change => change.GetProperty("kind").GetString() == "note")];

    private static async Task<string> MakeAsync(HttpClient client, string path, string body)
    {
        using var answer = await SendAsync(client, HttpMethod.Post, path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Created, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("id").GetString()!;
    }

    private static async Task<List<string?>> IdsAsync(HttpClient client, string path, string list) =>
        [.. (await client.GetFromJsonAsync<JsonElement>(Rel(path))).GetProperty(list).EnumerateArray().Select(each => each.GetProperty("id").GetString())];

    private static async Task<string> AssertRefusedAsync(HttpClient client, HttpMethod method, string path, string? body, int status, string slug)
    {
        using var answer = await SendAsync(client, method, path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, text);
        Assert.Contains($"/problems/{slug}\"", text, StringComparison.Ordinal);
        return JsonDocument.Parse(text).RootElement.GetProperty("detail").GetString()!;
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, Rel(path));
        if (body is not null) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        return await client.SendAsync(request);
    }

    private static Uri Rel(string path) => new(path, UriKind.Relative);
}
