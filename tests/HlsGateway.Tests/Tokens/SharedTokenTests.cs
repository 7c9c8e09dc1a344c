using System.Net;
using HlsGateway.Tests.Counting.Crash;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Tokens;

/// <summary>Gateways that share a PostgreSQL share the tokens in it.</summary>
[Collection(OnPostgres.Name)]
public sealed class SharedTokenTests(PostgresFixture postgres)
{
    private static readonly Uri Limits = new("api/limits", UriKind.Relative);

    [Fact]
    public async Task A_token_that_one_gateway_makes_or_revokes_is_known_to_the_other()
    {
        GatewayHost.Database.Value = postgres.NewDatabase();
        await using var one = await GatewayHost.StartAsync();
        await using var other = await GatewayHost.StartAsync();
        var (id, secret) = await ApiTokenTests.MakeAsync(one, "Anna", "editor");
        using var anna = other.NewClient(secret);
        await Eventually.IsTrueAsync(async () => await StatusAsync(anna) == HttpStatusCode.OK, "the other gateway knows the token");
        using var admin = one.Api();
        (await admin.DeleteAsync(new Uri($"api/tokens/{id}", UriKind.Relative))).EnsureSuccessStatusCode();
        // A request that is let in just before and then takes over a second is cut off.
        await Eventually.IsTrueAsync(async () =>
        {
            try
            {
                return await StatusAsync(anna) == HttpStatusCode.Unauthorized;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, "the other gateway refuses the token");
    }

    [Fact]
    public async Task While_the_database_is_away_known_tokens_work_and_a_gateway_that_starts_says_that_it_cannot_tell()
    {
        var relay = new PostgresRelay(postgres.NewDatabase());
        GatewayHost.Database.Value = relay.Database;
        await using var host = await GatewayHost.StartAsync();
        var (_, secret) = await ApiTokenTests.MakeAsync(host, "Anna", "editor");
        relay.Dispose();
        using (var anna = host.NewClient(secret))
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(anna));
            using var videos = await anna.GetAsync(new Uri("api/videos", UriKind.Relative));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, videos.StatusCode);
            Assert.Contains("/problems/database-away", await videos.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await using var late = await GatewayHost.StartAsync();
        using (var anna = late.NewClient(secret))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(anna));
        using (var configured = late.Api("editor"))
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(configured));
        using (var wrong = late.NewClient("that-nobody-made"))
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(wrong));
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client)
    {
        using var answer = await client.GetAsync(Limits);
        return answer.StatusCode;
    }
}
