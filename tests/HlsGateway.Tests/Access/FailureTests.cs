using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using HlsGateway.Database;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Access;

public sealed class FailureTests
{
    [Fact]
    public async Task A_failure_on_our_side_is_found_in_the_log_by_the_trace_id_of_its_answer()
    {
        using var log = new LogLines();
        await using var host = await GatewayHost.StartAsync(configure: log.AddTo);
        using var api = host.Api("admin");
        await using (var connection = await host.Services.GetRequiredService<CatalogueDatabase>().OpenAsync(CancellationToken.None))
            await connection.ExecuteAsync("ALTER TABLE revision RENAME TO elsewhere");

        using var answer = await api.GetAsync(new Uri("/api/videos/secret-name", UriKind.Relative));
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.EndsWith("/problems/internal", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("revision", problem.ToString(), StringComparison.Ordinal);

        var line = Assert.Single(log.Lines, line => line.Id == 8007);
        Assert.Contains($"GET /api/videos/{{video}} failed, trace_id {problem.GetProperty("trace_id").GetString()}: SqliteException", line.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-name", line.Text, StringComparison.Ordinal);
    }
}
