using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HlsGateway.Content;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Trailers;

/// <summary>The library as an editor keeps it in order.</summary>
public sealed class TrailerRemovalTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    [Fact]
    public async Task One_trailer_is_told_in_full_with_its_versions_and_where_it_is_on_or_planned()
    {
        await using var host = await GatewayHost.StartAsync();
        using var api = host.Api("editor");
        var old = await UploadAsync(api, "brand", seconds: 2);
        var current = await UploadAsync(api, "brand", seconds: 3);
        await ExpectAsync(api, HttpMethod.Put, "api/trailers/active", HttpStatusCode.OK, """{"trailer":"brand"}""");
        await ExpectAsync(api, HttpMethod.Post, "api/trailers/schedule", HttpStatusCode.Created, $$"""{"trailer":"{{old}}","from":"2999-01-01T00:00:00Z"}""");
        var told = await ExpectAsync(api, HttpMethod.Get, "api/trailers/brand", HttpStatusCode.OK);
        Assert.Equal(("brand", current), (told.GetProperty("name").GetString(), told.GetProperty("current").GetString()));
        Assert.Equal([current, old], Each(told, "versions").Select(version => version.GetProperty("version").GetString()));
        Assert.Equal([("waiting", true), ("waiting", true)], Each(told, "versions").Select(version => (version.GetProperty("status").GetString(), version.GetProperty("active").GetBoolean())));
        Assert.Equal("brand", Assert.Single(Each(told, "active")).GetProperty("trailer").GetString());
        Assert.Equal(old, Assert.Single(Each(told, "scheduled")).GetProperty("version").GetString());

        var unknown = await ExpectAsync(api, HttpMethod.Get, "api/trailers/brnd", HttpStatusCode.NotFound);
        Assert.Contains("Did you mean brand?", unknown.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removed_trailer_is_gone_for_new_sessions_stays_for_running_ones_and_can_be_restored()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "kept", ["-r", "25"], []);
        var data = Directory.CreateDirectory(workshop[Guid.NewGuid().ToString("n")]).FullName;
        string child, media, segment;
        string? label;
        await using (var host = await StartAsync(origin, data))
        {
            using var api = host.Api("editor");
            label = await UploadAsync(api, "brand", seconds: 2);
            await ExpectAsync(api, HttpMethod.Put, "api/trailers/active", HttpStatusCode.OK, """{"trailer":"brand"}""");
            child = await Eventually.GetAsync(
                async () => Viewer.Uris(await host.Client.GetStringAsync("watch/kept/playlist.m3u8")).SingleOrDefault(u => u.Contains("&p=v-", StringComparison.Ordinal)), "a session gets the trailer");
            media = await host.Client.GetStringAsync("watch/kept/" + child);
            segment = "watch/kept/" + Viewer.Uris(media).First(u => u.StartsWith("~t/", StringComparison.Ordinal));

            var refused = await ExpectAsync(api, HttpMethod.Delete, "api/trailers/brand", HttpStatusCode.Conflict);
            Assert.Contains("force=true", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
            var removed = await ExpectAsync(api, HttpMethod.Delete, "api/trailers/brand?force=true", HttpStatusCode.OK);
            Assert.Equal(("removed", 0), (Each(removed, "versions").Single().GetProperty("status").GetString(), removed.GetProperty("active").GetArrayLength()));
            Assert.Empty(Each(await ExpectAsync(api, HttpMethod.Get, "api/trailers", HttpStatusCode.OK), "trailers"));
            Assert.Single(Each(await ExpectAsync(api, HttpMethod.Get, "api/trailers?removed=true", HttpStatusCode.OK), "trailers"));
            await ExpectAsync(api, HttpMethod.Put, "api/trailers/active", HttpStatusCode.Conflict, """{"trailer":"brand"}""");
            await ExpectAsync(api, HttpMethod.Put, "api/trailers/active", HttpStatusCode.Conflict, $$"""{"trailer":"{{label}}"}""");
            // What was on when it was removed does not bring it back.
            await ExpectAsync(api, HttpMethod.Post, "api/trailers/rollback", HttpStatusCode.OK);
            Assert.Null(host.Services.GetRequiredService<TrailerLibrary>().ActiveFor("kept"));
        }

        await using var again = await StartAsync(origin, data);
        using var editor = again.Api("editor");
        var library = again.Services.GetRequiredService<TrailerLibrary>();
        await Eventually.IsTrueAsync(() => library.Snapshot.Versions is [var version] && library.Snapshot.IsRemoved(version), "the removal outlives a restart");
        Assert.Equal(media, await again.Client.GetStringAsync("watch/kept/" + child));
        using (var shown = await again.Client.GetAsync(segment))
            Assert.Equal(302, (int)shown.StatusCode);

        await ExpectAsync(editor, HttpMethod.Post, "api/trailers/brand/restore", HttpStatusCode.OK);
        Assert.Equal(label, library.ActiveFor("kept")?.Label);
        var history = await ExpectAsync(editor, HttpMethod.Get, "api/trailers/history", HttpStatusCode.OK);
        Assert.Equal(["restore", "rollback", "remove", "activate"], history.EnumerateArray().Select(row => row.GetProperty("action").GetString()));
    }

    [Fact]
    public async Task A_plain_name_means_the_version_before_when_the_latest_one_is_removed_and_an_upload_brings_one_back()
    {
        await using var host = await GatewayHost.StartAsync();
        using var api = host.Api("editor");
        var old = await UploadAsync(api, "brand", seconds: 2);
        var current = await UploadAsync(api, "brand", seconds: 3);
        var library = host.Services.GetRequiredService<TrailerLibrary>();
        await ExpectAsync(api, HttpMethod.Put, "api/trailers/active", HttpStatusCode.OK, """{"trailer":"brand"}""");
        await ExpectAsync(api, HttpMethod.Delete, $"api/trailers/{current}", HttpStatusCode.Conflict);
        await ExpectAsync(api, HttpMethod.Delete, $"api/trailers/{current}?force=true", HttpStatusCode.OK);
        Assert.Equal(old, library.ActiveFor("v")?.Label);
        await ExpectAsync(api, HttpMethod.Delete, $"api/trailers/{current}", HttpStatusCode.OK);
        Assert.Equal(current, await UploadAsync(api, "brand", seconds: 3));
        Assert.Equal(current, library.ActiveFor("v")?.Label);
    }

    [Theory]
    [InlineData("active", 415, "Content-Type: application/json")]
    [InlineData("schedule", 422, "schedule")]
    [InlineData("plan", 422, "plan")]
    [InlineData("history", 422, "history")]
    [InlineData("rollback", 422, "rollback")]
    public async Task A_name_that_the_api_uses_itself_is_no_trailers_and_a_swap_without_its_content_type_is_no_upload(string name, int status, string words)
    {
        await using var host = await GatewayHost.StartAsync();
        using var api = host.Api("editor");
        using var answer = await api.PutAsync($"api/trailers/{name}", new ByteArrayContent(Encoding.UTF8.GetBytes("""{"trailer":null}""")));
        Assert.Equal(status, (int)answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Contains(words, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        using var form = await api.PutAsync($"api/trailers/{name}", new StringContent("""{"trailer":null}""", Encoding.UTF8, "text/plain"));
        Assert.Equal(status, (int)form.StatusCode);
        Assert.Empty(Each(await ExpectAsync(api, HttpMethod.Get, "api/trailers?removed=true", HttpStatusCode.OK), "trailers"));
    }

    private static JsonElement.ArrayEnumerator Each(JsonElement body, string name) => body.GetProperty(name).EnumerateArray();

    private static async Task<JsonElement> ExpectAsync(HttpClient api, HttpMethod method, string path, HttpStatusCode status, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await api.SendAsync(request);
        Assert.True(status == answer.StatusCode, $"{method} {path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<string?> UploadAsync(HttpClient api, string name, int seconds)
    {
        using var answer = await api.PutAsync($"api/trailers/{name}", new ByteArrayContent(await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: seconds))));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("version").GetString();
    }

    private static async Task<GatewayHost> StartAsync(LoopbackOrigin origin, string data)
    {
        var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Sessions:Keys:0"] = "a key of forty bytes that two hosts share" }, dataDirectory: data);
        host.Services.GetRequiredService<PinnedTrailers>().Patience = host.Services.GetRequiredService<ContentFacts>().Patience = TimeSpan.FromSeconds(60);
        return host;
    }
}
