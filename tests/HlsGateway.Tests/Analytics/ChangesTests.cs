using System.Collections.Immutable;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using HlsGateway.Catalogue;
using HlsGateway.Counting;
using HlsGateway.Database;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Analytics;

public sealed class ChangesTests : ChangesContract;

[Collection("ledger-postgres")]
public sealed class PostgresChangesTests(LedgerPostgres postgres) : ChangesContract
{
    protected override Task<string> DatabaseAsync() => postgres.NewDatabaseAsync();
}

/// <summary>The same answers from both databases.</summary>
public abstract class ChangesContract : IAsyncLifetime
{
    private readonly string data = Directory.CreateTempSubdirectory("hlsgateway-test-").FullName;
    private Dictionary<string, string> settings = new(StringComparer.Ordinal);
    private GatewayHost host = null!;
    private HttpClient api = null!;

    /// <summary>Connection string of the ledger; empty for the embedded one.</summary>
    protected virtual Task<string> DatabaseAsync() => Task.FromResult("");

    public async Task InitializeAsync()
    {
        settings = new(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = await DatabaseAsync(), ["Ledger:QueueLimit"] = "1" };
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        api.Dispose();
        await host.DisposeAsync();
        TemporaryFolder.Delete(data);
    }

    [Fact]
    public async Task It_tells_what_was_changed_by_whom_and_a_video_sees_what_can_concern_it()
    {
        await CaptionAsync("mine", "de");
        await CaptionAsync("other", "de");
        Assert.True(await PublishAsync("mine", "r1"));
        Assert.True(await PublishAsync("mine", "r2"));
        await SendAsync(HttpMethod.Put, "editor", "/api/trailers/active", """{"trailer":null,"videos":"mi*"}""", "application/json");
        await SendAsync(HttpMethod.Put, "editor", "/api/trailers/active", """{"trailer":null,"videos":"oth*"}""", "application/json");
        await SendAsync(HttpMethod.Delete, "uploader", "/api/videos/mine");
        await SendAsync(HttpMethod.Delete, "editor", "/api/videos/mine/subtitles/de");

        var mine = (await ListAsync("video=mine")).Where(c => c.Kind is not "start").ToList();
        Assert.Equal(
            ["captions editor", "revision uploader", "trailer editor", "revision system", "revision system", "captions editor"],
            mine.Select(c => $"{c.Kind} {c.Actor}"));
        Assert.Equal([("r2", null), ("r1", "r2"), (null, "r1")], mine.Where(c => c.Kind == "revision").Select(c => (c.Before, c.After)));
        Assert.Contains("mi*", mine.Single(c => c.Kind == "trailer").Video, StringComparison.Ordinal);
        Assert.Equal(("de", null), (mine[0].Subject, mine[0].After));
        Assert.Equal(["trailer", "captions"], (await ListAsync("video=other")).Where(c => c.Kind is not "start").Select(c => c.Kind));
        Assert.Single(await ListAsync(), c => c.Kind == "start");
    }

    [Fact]
    public async Task What_was_not_done_is_not_told()
    {
        Assert.False(await PublishAsync("refused", "r1", refuse: true));
        await SendAsync(HttpMethod.Delete, "uploader", "/api/videos/nothing");
        Assert.DoesNotContain(await ListAsync(), c => c.Kind == "revision");
    }

    [Fact]
    public async Task Pages_hold_each_change_once_though_new_ones_come_meanwhile()
    {
        for (var i = 0; i < 12; i++) Assert.True(await PublishAsync("clip", $"r{i:00}"));
        var seen = new List<string?>();
        string? cursor = null;
        do
        {
            var page = await GetAsync($"/api/changes?video=clip&limit=5{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("changes").EnumerateArray().Where(c => c.GetProperty("kind").GetString() == "revision").Select(c => c.GetProperty("subject").GetString()));
            cursor = page.GetProperty("next_cursor").GetString();
            Assert.True(await PublishAsync("clip", $"later{seen.Count}"));
        }
        while (cursor is not null);
        // Two changes of one millisecond have no order, so what counts is that each is there once.
        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"r{i:00}"), seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Restarts_and_gaps_in_the_counting_are_told_once_each()
    {
        var outbox = host.Services.GetRequiredService<Outbox>();
        var session = Guid.CreateVersion7();
        // One request may wait for the disk and no more: a crowd is lost.
        await Eventually.IsTrueAsync(
            async () =>
            {
                await Task.WhenAll(Enumerable.Range(0, 50).Select(i => outbox.RecordAsync(TestLedger.Segment(session, i)).AsTask()));
                return outbox.Lost > 0;
            }, "a loss");
        await Eventually.IsTrueAsync(async () => (await ListAsync()).Any(c => c.Kind == "gap" && c.After!.StartsWith($"{outbox.Lost} requests answered and not counted", StringComparison.Ordinal)), "the gap");
        for (var i = 0; i < 2; i++)
        {
            api.Dispose();
            await host.DisposeAsync();
            await StartAsync();
        }
        await Eventually.IsTrueAsync(async () => (await ListAsync()).Count(c => c.Kind == "start") == 3, "the third start");
        var all = await ListAsync();
        Assert.Equal(["start", "stop", "start", "stop", "gap", "start"], all.Select(c => c.Kind));
        Assert.StartsWith("stopped at", all[0].Before, StringComparison.Ordinal);
        Assert.Null(all[^1].Before);
        Assert.Single(all.Select(c => c.Subject).Distinct());
    }

    [Fact]
    public async Task Whoever_follows_hears_of_a_change_that_any_gateway_makes_and_of_what_was_made_while_it_was_away()
    {
        // With a database of its own each gateway is alone.
        await using var neighbour = settings["ConnectionStrings:Ledger"].Length > 0 ? await GatewayHost.StartAsync(settings: settings) : null;
        using var editor = (neighbour ?? host).Api("editor");
        async Task ActivateAsync(string videos)
        {
            using var answer = await editor.PutAsync(new Uri("/api/trailers/active", UriKind.Relative), new StringContent($$"""{"trailer":null,"videos":"{{videos}}"}""", Encoding.UTF8, "application/json"));
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var (asked, seen) = (false, default(SseItem<string>));
        await foreach (var item in FollowAsync("/api/live?video=mine", null, patience.Token))
        {
            if (item.EventType == "heartbeat" && !asked)
            {
                asked = true;
                await ActivateAsync("oth*");
                await ActivateAsync("mine");
            }
            if (item.EventType != "change" || !item.Data.Contains("\"trailer\"", StringComparison.Ordinal))
                continue;
            seen = item;
            break;
        }
        var listed = (await GetAsync("/api/changes?video=mine")).GetProperty("changes").EnumerateArray().Single(change => change.GetProperty("kind").GetString() == "trailer");
        Assert.True(JsonElement.DeepEquals(listed, JsonDocument.Parse(seen.Data).RootElement), seen.Data);

        await ActivateAsync("mi*");
        await foreach (var item in FollowAsync("/api/live", seen.EventId, patience.Token))
        {
            if (item.EventType == "change" && item.Data.Contains("mi*", StringComparison.Ordinal))
                return;
        }
        Assert.Fail("The change that was made between two connections is not told.");
    }

    [Fact]
    public async Task Who_comes_back_after_days_is_told_that_changes_are_missing()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        await foreach (var item in FollowAsync("/api/live", ".1000", patience.Token))
        {
            Assert.Equal("gap", item.EventType);
            Assert.Contains("/api/changes", item.Data, StringComparison.Ordinal);
            return;
        }
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("from=x", "from")]
    [InlineData("from=2026-02-01&to=2026-01-01", "to")]
    [InlineData("cursor=12", "cursor")]
    public async Task A_wrong_parameter_is_told_by_name(string query, string name)
    {
        using var response = await api.GetAsync(new Uri($"/api/changes?{query}", UriKind.Relative));
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains($"'{name}'", JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private async Task StartAsync()
    {
        host = await GatewayHost.StartAsync(settings: settings, dataDirectory: data);
        api = host.Api("analyst");
        await Eventually.IsTrueAsync(async () => (await ListAsync()).Any(c => c.Kind == "start"), "the start is told");
    }

    private Task CaptionAsync(string video, string language) =>
        SendAsync(HttpMethod.Put, "editor", $"/api/videos/{video}/subtitles/{language}", "WEBVTT\n\n00:01.000 --> 00:02.000\nHallo\n", "text/vtt");

    private async Task SendAsync(HttpMethod method, string role, string path, string? body = null, string type = "")
    {
        using var client = host.Api(role);
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, type);
        using var response = await client.SendAsync(request);
        Assert.True((int)response.StatusCode is < 300 or 404, $"{path}: {response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }

    private Task<bool> PublishAsync(string video, string revision, bool refuse = false) => host.Services.GetRequiredService<CatalogueStore>().PublishAsync(
        new Publication(video, revision, TimeSpan.FromSeconds(24), ImmutableArray<PublishedRendition>.Empty, [], null, null), (_, _) => Task.FromResult(!refuse), CancellationToken.None);

    private async Task<List<(string Kind, string Actor, string Subject, string Video, string? Before, string? After)>> ListAsync(string query = "") =>
        [.. (await GetAsync($"/api/changes?{query}")).GetProperty("changes").EnumerateArray().Select(c => (
            c.GetProperty("kind").GetString()!, c.GetProperty("actor").GetString()!, c.GetProperty("subject").GetString()!, c.GetProperty("video").GetString()!,
            c.GetProperty("before").GetString(), c.GetProperty("after").GetString()))];

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await api.GetAsync(new Uri(path, UriKind.Relative));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement;
    }

    private async IAsyncEnumerable<SseItem<string>> FollowAsync(string path, string? after, [EnumeratorCancellation] CancellationToken patience)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (after is not null) request.Headers.Add("Last-Event-ID", after);
        using var response = await api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience);
        await using var stream = await response.Content.ReadAsStreamAsync(patience);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(patience)) yield return item;
    }
}
