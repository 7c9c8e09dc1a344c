using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using HlsGateway.CommandLine;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.CommandLine;

/// <summary><c>hlsgateway tokens</c>, at a running gateway and without one.</summary>
public sealed class TokensVerbTests
{
    private static readonly Uri Videos = new("/api/videos", UriKind.Relative);

    [Fact]
    public async Task A_token_is_made_listed_and_revoked_at_a_running_gateway()
    {
        await using var host = await GatewayHost.StartAsync();
        (string, string)[] there = [("HLSGATEWAY_URL", host.Address.AbsoluteUri), ("HLSGATEWAY_TOKEN", GatewayHost.TokenOf("admin"))];
        var (code, secret, told) = await Child.RunAsync(["tokens", "create", "anna", "--role", "editor"], there);
        Assert.True(code == ExitCode.Done, told);
        Assert.Matches("^hlsgw_[A-Za-z0-9_-]+\n$", secret);
        Assert.DoesNotContain(secret.Trim(), told, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, secret.Trim()));

        (code, var listed, _) = await Child.RunAsync(["tokens", "list", "--json"], there);
        Assert.Equal(ExitCode.Done, code);
        var tokens = listed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToArray();
        Assert.Equal(["id", "name", "role", "source", "state", "created_at", "created_by", "expires_at", "revoked_at", "revoked_by"], tokens[0].EnumerateObject().Select(member => member.Name));
        var anna = Assert.Single(tokens, token => token.GetProperty("name").GetString() == "anna");
        Assert.Equal(("editor", "active", "api"), (anna.GetProperty("role").GetString(), anna.GetProperty("state").GetString(), anna.GetProperty("source").GetString()));
        Assert.DoesNotContain(secret.Trim(), listed, StringComparison.Ordinal);

        var id = anna.GetProperty("id").GetString()!;
        (code, var revoked, _) = await Child.RunAsync(["tokens", "revoke", id], there);
        Assert.Equal((ExitCode.Done, $"Token {id} is revoked.\n"), (code, revoked));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, secret.Trim()));

        (code, _, told) = await Child.RunAsync(["tokens", "revoke", "nobody"], there);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("GET /api/tokens", told, StringComparison.Ordinal);
        (code, _, told) = await Child.RunAsync(["tokens", "list", "--token", GatewayHost.TokenOf("editor")], there);
        Assert.Equal(ExitCode.Unreachable, code);
        Assert.Contains("needs the role admin", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_made_in_the_data_directory_is_good_at_the_gateway_that_starts_on_it()
    {
        using var data = new TemporaryFolder();
        var (code, output, told) = await Child.RunAsync(["tokens", "create", "first", "--role", "analyst", "--expires", "2999-01-01T00:00:00Z", "--json", "--data", data.Path]);
        Assert.True(code == ExitCode.Done, told);
        var made = JsonSerializer.Deserialize<JsonElement>(output);
        Assert.Equal("2999-01-01T00:00:00.000Z", made.GetProperty("expires_at").GetString());
        await using (var host = await GatewayHost.StartAsync(dataDirectory: data.Path))
        {
            await Eventually.IsTrueAsync(async () => await StatusAsync(host, made.GetProperty("token").GetString()!) == HttpStatusCode.OK, "the gateway has read its tokens");
            // While it runs too.
            (code, _, told) = await Child.RunAsync(["tokens", "revoke", made.GetProperty("id").GetString()!, "--data", data.Path]);
            Assert.True(code == ExitCode.Done, told);
            // A request that is let in just before and then takes over a second is cut off.
            await Eventually.IsTrueAsync(async () =>
            {
                try
                {
                    return await StatusAsync(host, made.GetProperty("token").GetString()!) == HttpStatusCode.Unauthorized;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            }, "the gateway learns of it");
        }

        (code, output, _) = await Child.RunAsync(["tokens", "list", "--data", data.Path]);
        Assert.Equal(ExitCode.Done, code);
        Assert.Contains(" revoked  analyst   first, revoked ", output, StringComparison.Ordinal);
        (code, _, told) = await Child.RunAsync(["tokens", "create", "x", "--role", "editr", "--data", data.Path]);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("did you mean 'editor'?", told, StringComparison.Ordinal);
        (code, _, told) = await Child.RunAsync(["tokens", "list", "--ledger", "Host=127.0.0.1;Port=1;Database=none;Username=nobody"]);
        Assert.Equal(ExitCode.Unreachable, code);
        Assert.Contains("cannot be used", told, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusAsync(GatewayHost host, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Videos) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var answer = await host.Client.SendAsync(request);
        return answer.StatusCode;
    }
}
