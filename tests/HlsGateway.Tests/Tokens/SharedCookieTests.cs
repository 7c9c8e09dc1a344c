using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using HlsGateway.Database;
using HlsGateway.Tests.Counting.Crash;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Tokens;

/// <summary>Gateways that share a PostgreSQL read each other's cookies.</summary>
[Collection(OnPostgres.Name)]
public sealed class SharedCookieTests(PostgresFixture postgres)
{
    private static readonly Uri Videos = new("api/videos", UriKind.Relative);
    private static readonly Uri Session = new("api/session", UriKind.Relative);

    private static readonly Dictionary<string, string> SameSecret = new(StringComparer.Ordinal) { ["Gateway:Sessions:Keys:0"] = "a-secret-of-all-gateways-for-tests-0123456789" };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cookie_of_one_gateway_works_at_the_other_and_so_does_signing_out_everywhere(bool haveKeys)
    {
        GatewayHost.Database.Value = postgres.NewDatabase();
        var settings = haveKeys ? SameSecret : null;
        // Together, on a database without a key yet: they must agree on one.
        var hosts = await Task.WhenAll(GatewayHost.StartAsync(settings: settings), GatewayHost.StartAsync(settings: settings));
        await using var one = hosts[0];
        await using var other = hosts[1];
        await using (var connection = await one.Services.GetRequiredService<CatalogueDatabase>().OpenAsync(CancellationToken.None))
            Assert.Equal(1, await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM protection_key"));

        using var browser = SignInTests.Browser(one);
        (await SignInTests.SignInAsync(browser, GatewayHost.TokenOf("editor"))).Dispose();
        using (var there = await browser.GetAsync(new Uri(other.Address, Videos)))
            Assert.Equal(HttpStatusCode.OK, there.StatusCode);
        // The page's own value too: one gateway tells it, the other asks for it.
        var csrf = await CookieTests.CsrfAsync(browser);
        using (var change = await CookieTests.DeleteAsync(browser, new Uri(other.Address, "api/trailers/active"), csrf))
            Assert.Equal(HttpStatusCode.OK, change.StatusCode);

        using var second = SignInTests.Browser(other);
        (await SignInTests.SignInAsync(second, GatewayHost.TokenOf("editor"))).Dispose();
        using (var signOut = await CookieTests.DeleteAsync(browser, new Uri(one.Address, "api/session?everywhere=true"), csrf))
            Assert.Equal(HttpStatusCode.NoContent, signOut.StatusCode);
        await Eventually.IsTrueAsync(async () =>
        {
            using var answer = await second.GetAsync(Videos);
            return answer.StatusCode == HttpStatusCode.Unauthorized;
        }, "the other gateway has learnt of it");
        // A sign-in at the gateway that knows of it is good at both.
        (await SignInTests.SignInAsync(second, GatewayHost.TokenOf("editor"))).Dispose();
        foreach (var host in hosts)
        {
            using var answer = await second.GetAsync(new Uri(host.Address, Videos));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task While_the_database_is_away_cookies_work_on_and_a_gateway_that_starts_takes_none_and_ends_none()
    {
        var relay = new PostgresRelay(postgres.NewDatabase());
        GatewayHost.Database.Value = relay.Database;
        await using var host = await GatewayHost.StartAsync();
        using var browser = SignInTests.Browser(host);
        (await SignInTests.SignInAsync(browser, GatewayHost.TokenOf("editor"))).Dispose();
        relay.Dispose();
        using (var known = await browser.GetAsync(Session))
            Assert.Equal(HttpStatusCode.OK, known.StatusCode);

        await using var late = await GatewayHost.StartAsync();
        using (var unread = await browser.GetAsync(new Uri(late.Address, Session)))
        {
            Assert.False(unread.Headers.Contains("Set-Cookie"));
            Assert.Equal("tokens-unread", await CookieTests.SlugAsync(unread));
        }
        using var newcomer = SignInTests.Browser(late);
        Assert.Equal("tokens-unread", await CookieTests.SlugAsync(await SignInTests.SignInAsync(newcomer, GatewayHost.TokenOf("editor"))));
        using (var program = late.Api("editor"))
            Assert.Equal(HttpStatusCode.OK, (await program.GetAsync(new Uri("api/limits", UriKind.Relative))).StatusCode);
        using (var again = await browser.GetAsync(Session))
            Assert.Equal("editor", (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("role").GetString());
    }
}
