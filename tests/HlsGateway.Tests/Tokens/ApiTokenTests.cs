using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Tokens;

/// <summary>Tokens that are made, used, refused and revoked while the gateway runs.</summary>
public sealed class ApiTokenTests
{
    private static readonly Uri Tokens = new("api/tokens", UriKind.Relative);
    private static readonly Uri Videos = new("api/videos", UriKind.Relative);

    [Fact]
    public async Task A_token_works_at_once_and_its_secret_is_told_this_once_and_kept_nowhere()
    {
        await using var host = await GatewayHost.StartAsync();
        var (id, secret) = await MakeAsync(host, "Anna", "editor");
        Assert.StartsWith("hlsgw_", secret, StringComparison.Ordinal);
        using (var anna = host.NewClient(secret))
            Assert.Equal(HttpStatusCode.OK, (await anna.GetAsync(Videos)).StatusCode);

        using var admin = host.Api();
        var list = await admin.GetStringAsync(Tokens);
        Assert.DoesNotContain(secret, list, StringComparison.Ordinal);
        var told = Told(list, id);
        Assert.Equal(("Anna", "editor", "api", "active", "admin"), (Text(told, "name"), Text(told, "role"), Text(told, "source"), Text(told, "state"), Text(told, "created_by")));
        Assert.DoesNotContain(secret, await admin.GetStringAsync(new Uri("api/changes", UriKind.Relative)), StringComparison.Ordinal);
        var kept = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Path.Combine(host.DataDirectory, "catalogue.db")));
        Assert.Contains(id, kept, StringComparison.Ordinal);
        Assert.DoesNotContain(secret["hlsgw_".Length..], kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_token_stops_and_its_holder_is_told_since_when()
    {
        await using var host = await GatewayHost.StartAsync();
        var (id, secret) = await MakeAsync(host, "Anna", "editor");
        using var admin = host.Api();
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync(new Uri($"api/tokens/{id}", UriKind.Relative))).StatusCode);
        // Again changes nothing, for a client that did not see the first answer.
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync(new Uri($"api/tokens/{id}", UriKind.Relative))).StatusCode);

        var told = Told(await admin.GetStringAsync(Tokens), id);
        Assert.Equal(("revoked", "admin"), (Text(told, "state"), Text(told, "revoked_by")));
        using var anna = host.NewClient(secret);
        await RefusedAsync(anna, "revoked-token", told.GetProperty("revoked_at").GetDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture));
        var changes = await ChangesAsync(admin);
        Assert.Equal([(null, "Anna (editor)"), ("Anna (editor)", null)], changes.Where(change => Text(change, "kind") == "token" && Text(change, "subject") == id)
            .Reverse().Select(change => ((string?)change.GetProperty("before").GetString(), (string?)change.GetProperty("after").GetString())));
    }

    [Fact]
    public async Task A_live_tail_ends_with_the_token_that_opened_it()
    {
        await using var host = await GatewayHost.StartAsync();
        var (id, secret) = await MakeAsync(host, "Anna", "analyst");
        using var anna = host.NewClient(secret);
        await using var tail = await anna.GetStreamAsync(new Uri("api/live", UriKind.Relative));
        var buffer = new byte[4096];
        Assert.True(await tail.ReadAsync(buffer) > 0);
        using var admin = host.Api();
        (await admin.DeleteAsync(new Uri($"api/tokens/{id}", UriKind.Relative))).EnsureSuccessStatusCode();
        using var hangs = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await tail.ReadAsync(buffer, hangs.Token) > 0) continue;
            throw new IOException("The tail has ended.");
        });
    }

    [Fact]
    public async Task An_expired_token_of_the_api_or_the_configuration_is_told_since_when()
    {
        var clock = new ManualClock();
        await using var host = await GatewayHost.StartAsync(
            settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:ApiTokens:1:ExpiresAt"] = "2026-01-01T01:30:00+01:00" },
            configure: services => services.AddSingleton<TimeProvider>(clock));
        var (_, secret) = await MakeAsync(host, "Anna", "editor", "2026-01-01T00:30:00Z");
        using var anna = host.NewClient(secret);
        using var configured = host.Api("editor");
        Assert.Equal(HttpStatusCode.OK, (await anna.GetAsync(Videos)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await configured.GetAsync(Videos)).StatusCode);

        clock.Advance(TimeSpan.FromMinutes(30));
        await RefusedAsync(anna, "expired-token", "2026-01-01T00:30:00.000Z");
        await RefusedAsync(configured, "expired-token", "2026-01-01T00:30:00.000Z");
    }

    [Fact]
    public async Task A_wrong_token_is_told_from_none()
    {
        await using var host = await GatewayHost.StartAsync();
        using (var wrong = host.NewClient("hlsgw_that-nobody-made"))
            await RefusedAsync(wrong, "wrong-token", "GET /api/tokens");
        using var none = await host.Client.GetAsync(Videos);
        Assert.Equal("Bearer realm=\"hlsgateway\"", none.Headers.WwwAuthenticate.Single().ToString());
        Assert.EndsWith("unauthenticated", Text(await none.Content.ReadFromJsonAsync<JsonElement>(), "type"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_403_names_the_role_that_the_call_needs_and_the_one_that_the_token_has()
    {
        await using var host = await GatewayHost.StartAsync();
        var (_, secret) = await MakeAsync(host, "Uwe", "uploader");
        using var uwe = host.NewClient(secret);
        using var answer = await uwe.GetAsync(new Uri("api/changes", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("error=\"insufficient_scope\", scope=\"analyst editor admin\"", answer.Headers.WwwAuthenticate.Single().ToString(), StringComparison.Ordinal);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("This call needs the role analyst or editor or admin; the token 'Uwe' has the role uploader.", Text(problem, "detail"));
        Assert.Equal(["analyst", "editor", "admin"], problem.GetProperty("needed_roles").EnumerateArray().Select(role => role.GetString()));
        Assert.Equal("uploader", Text(problem, "role"));
    }

    [Fact]
    public async Task Tokens_of_the_configuration_are_listed_and_a_409_says_where_they_are_taken_away()
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:ApiTokens:1:Name"] = "Eva" });
        using var admin = host.Api();
        var list = await admin.GetStringAsync(Tokens);
        Assert.DoesNotContain("token-for-tests", list, StringComparison.Ordinal);
        var eva = JsonDocument.Parse(list).RootElement.GetProperty("tokens").EnumerateArray().Single(token => Text(token, "name") == "Eva");
        Assert.Equal(("configuration", "editor", "active"), (Text(eva, "source"), Text(eva, "role"), Text(eva, "state")));
        using var refused = await admin.DeleteAsync(new Uri($"api/tokens/{Text(eva, "id")}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("Gateway:ApiTokens:1", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var unknown = await admin.DeleteAsync(new Uri("api/tokens/nothing-of-this-name", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task The_last_admin_cannot_lock_everybody_out()
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:ApiTokens:3:Role"] = "analyst" });
        var store = host.Services.GetRequiredService<TokenStore>();
        var (first, secret) = (await store.CreateAsync(new TokenWish("first", "admin", null), Actor.CommandLine, CancellationToken.None))!.Value;
        await host.Services.GetRequiredService<TokenRefresh>().RefreshAsync(CancellationToken.None);
        using var admin = host.NewClient(secret);
        using (var refused = await admin.DeleteAsync(new Uri($"api/tokens/{first.Id}", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
            Assert.Contains("last-admin", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        var (second, _) = await MakeAsync(admin, "second", "admin");
        // Both at once: one of them stays.
        var answers = await Task.WhenAll(((string[])[first.Id, second]).Select(id => store.RevokeAsync(id, otherAdmin: false, Actor.CommandLine, CancellationToken.None)));
        Assert.Equal([TokenRevoked.Done, TokenRevoked.LastAdmin], answers.Order());
    }

    [Fact]
    public async Task Name_and_role_stand_wherever_somebody_changed_something_and_editors_may_read_it()
    {
        await using var host = await GatewayHost.StartAsync();
        using var anna = host.NewClient((await MakeAsync(host, "Anna", "editor")).Secret);
        using var captions = new StringContent("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n");
        (await anna.PutAsync(new Uri("api/videos/v/subtitles/en", UriKind.Relative), captions)).EnsureSuccessStatusCode();
        (await anna.DeleteAsync(new Uri("api/trailers/active", UriKind.Relative))).EnsureSuccessStatusCode();

        Assert.Equal("Anna (editor)", Text((await anna.GetFromJsonAsync<JsonElement>(new Uri("api/videos/v/subtitles", UriKind.Relative))).GetProperty("tracks")[0], "actor"));
        Assert.Equal("Anna (editor)", Text((await anna.GetFromJsonAsync<JsonElement>(new Uri("api/trailers/history", UriKind.Relative)))[0], "actor"));
        Assert.Equal(["Anna (editor)", "Anna (editor)"], (await ChangesAsync(anna)).Where(change => Text(change, "kind") is "captions" or "trailer").Select(change => Text(change, "actor")));
    }

    [Theory]
    [InlineData("""{"role":"editor"}""", "The name says whose token it is")]
    [InlineData("""{"name":" Anna","role":"editor"}""", "The name says whose token it is")]
    [InlineData("""{"name":"Anna\u202e","role":"editor"}""", "direction overrides")]
    [InlineData("""{"name":"Anna","role":"editr"}""", "did you mean 'editor'?")]
    [InlineData("""{"name":"Anna"}""", "analyst, editor, uploader, admin")]
    [InlineData("""{"name":"Anna","role":"editor","expires_at":"2999-01-01"}""", "has no time of day and no offset")]
    [InlineData("""{"name":"Anna","role":"editor","expires_at":"2999-01-01T00:00:00"}""", "has no offset")]
    [InlineData("""{"name":"Anna","role":"editor","expires_at":"2001-01-01T00:00:00Z"}""", "has passed already")]
    public async Task A_token_that_cannot_be_made_is_refused_with_what_to_write(string body, string expected)
    {
        await using var host = await GatewayHost.StartAsync();
        using var admin = host.Api();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await admin.PostAsync(Tokens, content);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(expected, Text(await answer.Content.ReadFromJsonAsync<JsonElement>(), "detail"), StringComparison.Ordinal);
    }

    internal static async Task<(string Id, string Secret)> MakeAsync(GatewayHost host, string name, string role, string? expiresAt = null)
    {
        using var admin = host.Api();
        return await MakeAsync(admin, name, role, expiresAt);
    }

    internal static string Text(JsonElement of, string name) => of.GetProperty(name).GetString() ?? "";

    private static async Task<(string Id, string Secret)> MakeAsync(HttpClient admin, string name, string role, string? expiresAt = null)
    {
        using var answer = await admin.PostAsJsonAsync(Tokens, new { name, role, expires_at = expiresAt });
        var made = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(answer.StatusCode == HttpStatusCode.Created, made.ToString());
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Equal($"/api/tokens/{Text(made, "id")}", answer.Headers.Location?.ToString());
        return (Text(made, "id"), Text(made, "token"));
    }

    private static async Task RefusedAsync(HttpClient client, string slug, string detail)
    {
        using var answer = await client.GetAsync(Videos);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.StartsWith("Bearer realm=\"hlsgateway\", error=\"invalid_token\", error_description=\"", answer.Headers.WwwAuthenticate.Single().ToString(), StringComparison.Ordinal);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.EndsWith("/problems/" + slug, Text(problem, "type"), StringComparison.Ordinal);
        Assert.Contains(detail, Text(problem, "detail"), StringComparison.Ordinal);
    }

    private static async Task<List<JsonElement>> ChangesAsync(HttpClient client) =>
        [.. (await client.GetFromJsonAsync<JsonElement>(new Uri("api/changes", UriKind.Relative))).GetProperty("changes").EnumerateArray()];

    private static JsonElement Told(string list, string id) =>
        JsonDocument.Parse(list).RootElement.GetProperty("tokens").EnumerateArray().Single(token => Text(token, "id") == id);
}
