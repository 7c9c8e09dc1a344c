using System.Text.Json;
using HlsGateway.Tests.Hosting;
using Npgsql;

namespace HlsGateway.Tests.Database;

/// <summary>Gateways on one database that sign sessions with keys of which the others know nothing are unhealthy, and say so.</summary>
[Collection(OnPostgres.Name)]
public sealed class KeyAgreementTests(PostgresFixture postgres)
{
    private const string First = "the-first-key-of-thirty-two-bytes-or-more";
    private const string Second = "the-second-key-of-thirty-two-bytes-or-more";

    [Fact]
    public async Task Gateways_with_keys_of_their_own_are_unhealthy_until_one_of_them_is_gone()
    {
        var ledger = postgres.NewDatabase();
        await using var one = await StartAsync(ledger);
        await StandsAsync(one, "healthy", 1);
        await using (var other = await StartAsync(ledger))
        {
            await StandsAsync(one, "unhealthy", 2);
            await StandsAsync(other, "unhealthy", 2);
        }

        await StandsAsync(one, "healthy", 1);
        // One that was killed, and is silent since.
        await ExecuteAsync(ledger, "INSERT INTO gateway_keys VALUES ('gone:/data', 'another', 'another', now() - interval '2 minutes')");
        await StandsAsync(one, "healthy", 1);
        await ExecuteAsync(ledger, "UPDATE gateway_keys SET seen_at = now() + interval '1 hour' WHERE gateway = 'gone:/data'");
        await StandsAsync(one, "unhealthy", 2);
    }

    [Fact]
    public async Task Gateways_with_the_same_keys_agree_and_while_keys_are_changed_they_are_degraded()
    {
        var ledger = postgres.NewDatabase();
        await using var one = await StartAsync(ledger, First);
        await using var other = await StartAsync(ledger, First);
        await StandsAsync(one, "healthy", 2);
        await StandsAsync(other, "healthy", 2);
        await using var changed = await StartAsync(ledger, Second, First);
        await StandsAsync(one, "degraded", 3);
        await StandsAsync(changed, "degraded", 3);
        // Nobody can read a key from what they tell.
        Assert.Equal(0L, await ExecuteAsync(ledger, "SELECT count(*) FROM gateway_keys WHERE signs LIKE '%key%' OR verifies LIKE '%key%' OR length(signs) <> 32"));
    }

    private static Task<GatewayHost> StartAsync(string ledger, params string[] keys)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = ledger };
        for (var i = 0; i < keys.Length; i++) settings[$"Gateway:Sessions:Keys:{i}"] = keys[i];
        return GatewayHost.StartAsync(settings: settings);
    }

    private static async Task StandsAsync(GatewayHost host, string status, int gateways)
    {
        using var api = host.Api("analyst");
        var latest = "";
        await Eventually.IsTrueAsync(async () =>
        {
            using var answer = await api.GetAsync(new Uri("/healthz/ready", UriKind.Relative));
            latest = await answer.Content.ReadAsStringAsync();
            var check = JsonDocument.Parse(latest).RootElement.GetProperty("checks").EnumerateArray().FirstOrDefault(one => one.GetProperty("name").GetString() == "session_keys");
            return check.ValueKind == JsonValueKind.Object && check.GetProperty("status").GetString() == status && check.GetProperty("data").GetProperty("gateways").GetInt32() == gateways;
        }, () => $"session_keys is {status} with {gateways} gateways: {latest}", TimeSpan.FromSeconds(60));
    }

    private static async Task<object?> ExecuteAsync(string ledger, string sql)
    {
        await using var connection = new NpgsqlConnection(ledger);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
