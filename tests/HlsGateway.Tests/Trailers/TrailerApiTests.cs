using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Trailers;

public class TrailerApiTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    [Fact]
    public async Task An_upload_becomes_an_immutable_version_and_the_same_bytes_make_no_second_one()
    {
        await using var host = await StartAsync();
        using var api = host.Api("editor");
        var first = await UploadAsync(api, "brand", await workshop.SourceAsync(seconds: 2), HttpStatusCode.Created);
        Assert.Matches("^brand@[0-9a-f]{8}$", first.GetProperty("version").GetString());
        Assert.Equal(2, first.GetProperty("duration_seconds").GetDouble());
        var again = await UploadAsync(api, "brand", await workshop.SourceAsync(seconds: 2), HttpStatusCode.OK);
        Assert.Equal(first.GetProperty("version").GetString(), again.GetProperty("version").GetString());

        await UploadAsync(api, "brand", await workshop.SourceAsync(seconds: 3), HttpStatusCode.Created);
        var list = await JsonAsync(await api.GetAsync("api/trailers"));
        var versions = list.GetProperty("trailers")[0].GetProperty("versions");
        Assert.Equal(2, versions.GetArrayLength());
        Assert.Equal((3, true), (versions[0].GetProperty("duration_seconds").GetDouble(), versions[0].GetProperty("current").GetBoolean()));
    }

    [Fact]
    public async Task Each_version_has_a_picture_that_is_made_once_and_may_be_kept_where_the_version_is_named()
    {
        await using var host = await StartAsync();
        using var api = host.Api("editor");
        var version = (await UploadAsync(api, "pictured", await workshop.SourceAsync(seconds: 2), HttpStatusCode.Created)).GetProperty("version").GetString();
        using var first = await api.GetAsync("api/trailers/pictured/poster");
        var picture = await first.Content.ReadAsByteArrayAsync();
        Assert.True(first.StatusCode == HttpStatusCode.OK, System.Text.Encoding.UTF8.GetString(picture));
        Assert.Equal(("image/jpeg", "no-cache, private"), (first.Content.Headers.ContentType?.MediaType, first.Headers.CacheControl?.ToString()));
        Assert.Equal([0xFF, 0xD8, 0xFF], picture[..3]);
        using var named = await api.GetAsync($"api/trailers/{version}/poster");
        Assert.Contains("immutable", named.Headers.CacheControl?.ToString(), StringComparison.Ordinal);
        Assert.Equal(picture, await named.Content.ReadAsByteArrayAsync());
        Assert.True(await host.Services.GetRequiredService<HlsGateway.Storage.BlobStore>().ExistsAsync($"trailers/pictured/{version!.Split('@')[1]}/poster.jpg", CancellationToken.None));
        using var none = await api.GetAsync("api/trailers/never/poster");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public async Task S4_A_swap_is_one_write_that_new_sessions_see_and_a_rollback_restores_what_was()
    {
        await using var host = await StartAsync();
        using var api = host.Api("editor");
        await UploadAsync(api, "a", await workshop.SourceAsync(seconds: 2), HttpStatusCode.Created);
        await UploadAsync(api, "b", await workshop.SourceAsync(seconds: 3), HttpStatusCode.Created);
        var library = host.Services.GetRequiredService<TrailerLibrary>();

        var first = await ActivateAsync(api, """{"trailer":"a"}""");
        Assert.Equal("a", library.ActiveFor("any/video")?.Name);
        await ActivateAsync(api, """{"trailer":"b","videos":"shows/*"}""");
        Assert.Equal(("b", "a"), (library.ActiveFor("shows/1")?.Name, library.ActiveFor("any/video")?.Name));

        using var stale = new HttpRequestMessage(HttpMethod.Put, "api/trailers/active") { Content = Json("""{"trailer":"b"}""") };
        stale.Headers.TryAddWithoutValidation("If-Match", first.Headers.ETag!.Tag);
        using var refused = await api.SendAsync(stale);
        Assert.Equal(HttpStatusCode.PreconditionFailed, refused.StatusCode);

        using var cleared = await api.DeleteAsync("api/trailers/active");
        Assert.Equal(HttpStatusCode.OK, cleared.StatusCode);
        Assert.Null(library.ActiveFor("shows/1"));

        await RollBackAsync(api, HttpStatusCode.OK);
        Assert.Equal(("b", "a"), (library.ActiveFor("shows/1")?.Name, library.ActiveFor("any/video")?.Name));
        await RollBackAsync(api, HttpStatusCode.OK);
        Assert.Equal("a", library.ActiveFor("shows/1")?.Name);
        await RollBackAsync(api, HttpStatusCode.OK);
        Assert.Null(library.ActiveFor("shows/1"));
        await RollBackAsync(api, HttpStatusCode.Conflict);

        var history = await JsonAsync(await api.GetAsync("api/trailers/history"));
        Assert.Equal(
            ["rollback", "rollback", "rollback", "clear", "activate", "activate"],
            history.EnumerateArray().Select(e => e.GetProperty("action").GetString()));
        Assert.All(history.EnumerateArray(), e => Assert.Equal("editor", e.GetProperty("actor").GetString()));
        var changes = await JsonAsync(await api.GetAsync("api/changes"));
        Assert.Equal(["editor", "editor"], changes.GetProperty("changes").EnumerateArray().Where(e => e.GetProperty("subject").GetString() == "upload").Select(e => e.GetProperty("actor").GetString()));
    }

    [Fact]
    public async Task The_apis_choice_wins_over_configuration_and_outlives_a_restart()
    {
        var data = Directory.CreateDirectory(workshop["api-data"]).FullName;
        await using (var host = await StartAsync(data, active: "a"))
        {
            using var api = host.Api("editor");
            await UploadAsync(api, "a", await workshop.SourceAsync(seconds: 2), HttpStatusCode.Created);
            await UploadAsync(api, "b", await workshop.SourceAsync(seconds: 3), HttpStatusCode.Created);
            Assert.Equal("a", host.Services.GetRequiredService<TrailerLibrary>().ActiveFor("v")?.Name);
            await ActivateAsync(api, """{"trailer":"b"}""");
        }
        await using (var host = await StartAsync(data, active: "a"))
            await Eventually.IsTrueAsync(() => host.Services.GetRequiredService<TrailerLibrary>().ActiveFor("v")?.Name == "b", "the choice is read back");
    }

    [Fact]
    public async Task A_second_gateway_sees_an_upload_and_a_swap_within_a_second()
    {
        var data = Directory.CreateDirectory(workshop["shared-data"]).FullName;
        await using var one = await StartAsync(data);
        using var api = one.Api("editor");
        // A gateway of its own over the same database and store, as a second machine has it: the ledger stays apart.
        var library = one.Services.GetRequiredService<TrailerLibrary>();
        var other = ActivatorUtilities.CreateInstance<TrailerLibrary>(one.Services);
        var state = ActivatorUtilities.CreateInstance<TrailerSwitch>(one.Services, other);
        using var watch = ActivatorUtilities.CreateInstance<TrailerRefresh>(one.Services, state, other);
        await watch.StartAsync(CancellationToken.None);
        await UploadAsync(api, "a", await workshop.SourceAsync(seconds: 2), HttpStatusCode.Created);
        await ActivateAsync(api, """{"trailer":"a"}""");
        await Eventually.IsTrueAsync(() => other.ActiveFor("v")?.Id == library.ActiveFor("v")?.Id && other.ActiveFor("v") is not null, "the other gateway swapped");
        await watch.StopAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData("""{"trailer":"nobody"}""", HttpStatusCode.NotFound)]
    [InlineData("""{"trailer":null,"from":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"trailer":null,"videos":""}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"name":"brand"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"trailer":null,"vidoes":"shows/*"}""", HttpStatusCode.BadRequest)]
    [InlineData("{}", HttpStatusCode.BadRequest)]
    public async Task A_swap_that_makes_no_sense_is_refused(string body, HttpStatusCode status)
    {
        await using var host = await StartAsync();
        using var api = host.Api("editor");
        using var answer = await api.PutAsync("api/trailers/active", Json(body));
        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("PUT", "api/trailers/brand", "analyst")]
    [InlineData("PUT", "api/trailers/active", "analyst")]
    [InlineData("DELETE", "api/trailers/active", "uploader")]
    [InlineData("POST", "api/trailers/rollback", "analyst")]
    [InlineData("POST", "api/trailers/brand/withdraw", "analyst")]
    public async Task Only_editors_change_what_is_on(string method, string path, string role)
    {
        await using var host = await StartAsync();
        using var api = host.Api(role);
        using var answer = await api.SendAsync(new HttpRequestMessage(new HttpMethod(method), path) { Content = Json("{}") });
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task S8_Why_a_session_goes_without_the_trailer_that_is_on_is_told()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("locked/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");
        origin.Serve("locked/v.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\"\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n");
        await using var host = await GatewayHost.StartAsync(origin);
        using var api = host.Api("editor");
        await UploadAsync(api, "a", await workshop.SourceAsync(seconds: 2), HttpStatusCode.Created);
        Assert.Equal(0, (await JsonAsync(await api.GetAsync("api/trailers"))).GetProperty("skipped").GetArrayLength());
        await ActivateAsync(api, """{"trailer":"a"}""");
        var latest = await Eventually.GetAsync<object>(
            async () =>
            {
                Assert.DoesNotContain("&p=v-", await host.Client.GetStringAsync("watch/locked/playlist.m3u8"), StringComparison.Ordinal);
                var skipped = (await JsonAsync(await api.GetAsync("api/trailers"))).GetProperty("skipped");
                return skipped[0].GetProperty("reason").GetString() == "encrypted" ? skipped : null;
            },
            "the content was looked at");
        var told = ((JsonElement)latest)[0];
        Assert.Equal(("locked", true), (told.GetProperty("video").GetString(), told.GetProperty("sessions").GetInt64() >= 1));
        Assert.InRange(told.GetProperty("at").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow);
        Assert.Equal("facts_pending", ((JsonElement)latest)[1].GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nnone.ts\n#EXT-X-ENDLIST\n", "404")]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://elsewhere.example/a.ts\n#EXT-X-ENDLIST\n", "Gateway:Origin:AllowedHosts")]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nnoise.ts\n#EXT-X-ENDLIST\n", "cannot be read as video or sound")]
    [InlineData(null, "Media Playlist could not be read")]
    public async Task S8_Content_that_cannot_be_read_is_not_said_to_be_pending_for_ever(string? media, string why)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("broken/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");
        if (media is not null)
            origin.Serve("broken/v.m3u8", media);
        // It begins like MPEG-TS and holds nothing.
        var noise = new byte[188 * 20];
        for (var at = 0; at < noise.Length; at += 188)
            noise[at] = 0x47;
        origin.Serve("broken/noise.ts", noise);
        await using var host = await GatewayHost.StartAsync(origin);
        using var api = host.Api("editor");
        await UploadAsync(api, "a", await workshop.SourceAsync(seconds: 2), HttpStatusCode.Created);
        await ActivateAsync(api, """{"trailer":"a"}""");
        var told = (JsonElement)await Eventually.GetAsync<object>(
            async () =>
            {
                await host.Client.GetStringAsync("watch/broken/playlist.m3u8");
                var skipped = (await JsonAsync(await api.GetAsync("api/trailers"))).GetProperty("skipped");
                return skipped.EnumerateArray().FirstOrDefault(each => each.GetProperty("reason").GetString() == "content_unreadable") is { ValueKind: JsonValueKind.Object } found ? found : null;
            },
            "the content was tried");
        Assert.Equal("broken", told.GetProperty("video").GetString());
        Assert.Contains(why, told.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("..", told.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preview_plays_a_trailer_that_is_not_on_and_starts_no_session()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("show/x/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Trailers:Folder"] = "" });
        using var api = host.Api("editor");
        var version = await UploadAsync(api, "a", await workshop.SourceAsync(seconds: 2), HttpStatusCode.Created);
        using var answer = await api.PostAsync("api/preview", Json("""{"video":"show/x","trailer":"a"}"""));
        var preview = await JsonAsync(answer);
        Assert.Equal(version.GetProperty("version").GetString(), preview.GetProperty("trailer").GetString());
        using var playlist = await host.Client.GetAsync(preview.GetProperty("playlist_url").GetString());
        Assert.Equal(HttpStatusCode.OK, playlist.StatusCode);
        var token = new Uri(preview.GetProperty("playlist_url").GetString()!).Query["?session_id=".Length..];
        Assert.Contains($"session_id={token}", await playlist.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> UploadAsync(HttpClient api, string name, string file, HttpStatusCode status)
    {
        using var answer = await api.PutAsync($"api/trailers/{name}", new ByteArrayContent(await File.ReadAllBytesAsync(file)));
        Assert.True(status == answer.StatusCode, await answer.Content.ReadAsStringAsync());
        return await JsonAsync(answer);
    }

    private static async Task<HttpResponseMessage> ActivateAsync(HttpClient api, string body)
    {
        var answer = await api.PutAsync("api/trailers/active", Json(body));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return answer;
    }

    private static async Task RollBackAsync(HttpClient api, HttpStatusCode status)
    {
        using var answer = await api.PostAsync("api/trailers/rollback", null);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task A_configured_trailer_that_is_missing_degrades_health_until_a_trailer_of_that_name_arrives()
    {
        await using var host = await StartAsync(active: "brand");
        Assert.Equal("degraded", await HealthAsync(host, "degraded"));
        using var api = host.Api("editor");
        await UploadAsync(api, "other", await workshop.SourceAsync(seconds: 3), HttpStatusCode.Created);
        Assert.Equal("degraded", await HealthAsync(host, "degraded"));
        await UploadAsync(api, "brand", await workshop.SourceAsync(seconds: 2), HttpStatusCode.Created);
        Assert.Equal("healthy", await HealthAsync(host, "healthy"));
    }

    /// <summary>What the check of trailers says; asked until it says what is expected, since answers are kept for a second.</summary>
    private static async Task<string?> HealthAsync(GatewayHost host, string expected)
    {
        using var api = host.Api("analyst");
        string? status = null;
        await Eventually.IsTrueAsync(async () =>
        {
            var checks = (await JsonAsync(await api.GetAsync("healthz/ready"))).GetProperty("checks").EnumerateArray();
            var check = checks.FirstOrDefault(one => one.GetProperty("name").GetString() == "trailers");
            status = check.ValueKind == JsonValueKind.Object ? check.GetProperty("status").GetString() : null;
            return status == expected;
        }, $"the check of trailers is {expected}");
        return status;
    }

    private static StringContent Json(string body) => new(body, System.Text.Encoding.UTF8, "application/json");

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) => await answer.Content.ReadFromJsonAsync<JsonElement>();

    private static Task<GatewayHost> StartAsync(string? data = null, string active = "") => GatewayHost.StartAsync(
        settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Trailers:Folder"] = "", ["Trailers:Active"] = active }, dataDirectory: data);
}

[Collection(OnPostgres.Name)]
public sealed class TrailerApiOnPostgresTests : TrailerApiTests
{
    public TrailerApiOnPostgresTests(TrailerWorkshop workshop, PostgresFixture postgres)
        : base(workshop) => GatewayHost.Database.Value = postgres.NewDatabase();
}
