using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Access;

public sealed class StartTests
{
    [Fact]
    public async Task Without_tokens_one_admin_token_is_made_kept_for_the_owner_alone_and_used_again()
    {
        using var data = new TemporaryFolder();
        string token;
        await using (var first = await GatewayProcess.StartAsync(data.Path))
        {
            var path = Path.Combine(data.Path, "api-token");
            token = (await File.ReadAllTextAsync(path)).Trim();
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            // Its output is a file or a pipe, and may be kept for years: only a terminal is shown the token (StartOutputTests).
            Assert.DoesNotContain(token, first.Output, StringComparison.Ordinal);
        }
        await using var second = await GatewayProcess.StartAsync(data.Path);
        Assert.Equal(token, (await File.ReadAllTextAsync(Path.Combine(data.Path, "api-token"))).Trim());
        Assert.DoesNotContain(token, second.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Gateway:ApiTokens:0:Role", "owner", "Gateway:ApiTokens:0:Role is 'owner'")]
    [InlineData("Gateway:ApiTokens:0:Token", "short", "Gateway:ApiTokens:0:Token must have")]
    [InlineData("Gateway:ApiTokens:0:Name", " Anna", "Gateway:ApiTokens:0:Name must have")]
    [InlineData("Gateway:ApiTokens:0:ExpiresAt", "2027-01-31T00:00:00", "Gateway:ApiTokens:0:ExpiresAt is '2027-01-31T00:00:00'; it has no offset")]
    [InlineData("Gateway:ApiTokens:0:Token", "editor-token-for-tests", "Gateway:ApiTokens:1:Token is the same as Gateway:ApiTokens:0:Token")]
    [InlineData("Gateway:KnownProxies:0", "proxy.example", "Gateway:KnownProxies:0 is 'proxy.example'")]
    [InlineData("Gateway:DataDirectory", "", "Gateway:DataDirectory is ''; it must not be empty, for example data.")]
    [InlineData("Gateway:Roles:0", "gatway", "Gateway:Roles:0 is 'gatway'")]
    [InlineData("Gateway:PublicUrl", "video.example", "Gateway:PublicUrl is 'video.example'")]
    [InlineData("Gateway:Origin:AllowedHosts:0", "http://media.example/", "Gateway:Origin:AllowedHosts:0 is 'http://media.example/'")]
    [InlineData("Transcode:Ladder:0", "-5", "Transcode:Ladder:0 is -5")]
    [InlineData("Transcode:Ladder:0", "361", "Transcode:Ladder:0 is 361; H.264 wants even numbers of pixels, for example 360.")]
    [InlineData("Transcode:Ladder:1", "720", "Transcode:Ladder:1 is 720, as Transcode:Ladder:0 is; each rung must have a size of its own")]
    [InlineData("Transcode:Concurrency", "-1", "Transcode:Concurrency is -1; it must be 1 to 64, for example 1.")]
    [InlineData("Ledger:ReportTimeout", "00:02:00", "Ledger:ReportTimeout is 00:02:00")]
    public async Task A_wrong_value_stops_the_start_with_the_keys_name_and_the_reason(string key, string value, string expected)
    {
        var failure = await Assert.ThrowsAnyAsync<WrongStartException>(() =>
            GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Transcode:Ladder:0"] = "720", [key] = value }));
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("token-for-tests", failure.Message, StringComparison.Ordinal);
    }
}
