using System.Data.Common;
using Dapper;
using HlsGateway.Database;
using HlsGateway.Playback;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace HlsGateway.Fleet;

/// <summary>
/// Whether the gateways on one database know each other's session keys. Each tells fingerprints of its own there. Two that know
/// nothing of each other are unhealthy: whoever is balanced from one to the other loses the session, and is not counted. Where only one
/// of two does not know the other's (keys are being changed), they are degraded: playback goes on.
/// </summary>
internal sealed class KeyAgreement(SigningKeys keys, CatalogueDatabase database, IOptions<GatewayOptions> gateway, IHostEnvironment environment, TimeProvider time)
    : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>By the database's own clock: a gateway that is silent for longer is gone.</summary>
    private const int SilentSeconds = 60;

    private readonly string name = $"{Environment.MachineName}:{gateway.Value.DataPath(environment)}";
    private volatile IReadOnlyList<Other> others = [];

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var seen = others;
        var apart = seen.Where(other => !other.KnowsUs && !other.IsKnown).ToList();
        var oneWay = seen.Where(other => other.KnowsUs != other.IsKnown).ToList();
        var data = new Dictionary<string, object>(StringComparer.Ordinal) { ["gateways"] = seen.Count + 1 };
        if (apart.Count + oneWay.Count > 0)
            data[Readiness.Detail] = $"Set the same Gateway:Sessions:Keys at all of them: {string.Join("; ", apart.Concat(oneWay).Select(other => other.Gateway))}";
        return Task.FromResult(
            apart.Count > 0 ? HealthCheckResult.Unhealthy("Another gateway on this database signs sessions with other keys: who is sent from one to the other is not counted.", data: data)
            : oneWay.Count > 0 ? HealthCheckResult.Degraded("Another gateway on this database has other session keys beside a common one; give all of them the same.", data: data)
            : HealthCheckResult.Healthy("All gateways on this database have the same session keys.", data));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
                await LookAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            await LeaveAsync();
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            var own = keys.Fingerprints;
            others = await database.WriteAsync(
                async (connection, transaction) =>
                {
                    await connection.ExecuteAsync(new CommandDefinition(
                        """
                        INSERT INTO gateway_keys (gateway, signs, verifies, seen_at) VALUES (@name, @signs, @verifies, now())
                        ON CONFLICT (gateway) DO UPDATE SET signs = excluded.signs, verifies = excluded.verifies, seen_at = excluded.seen_at
                        """,
                        new { name, signs = own[0], verifies = string.Join(' ', own) }, transaction, cancellationToken: ct));
                    var rows = await connection.QueryAsync<(string Gateway, string Signs, string Verifies)>(new CommandDefinition(
                        "SELECT gateway, signs, verifies FROM gateway_keys WHERE gateway <> @name AND seen_at > now() - make_interval(secs => @SilentSeconds) ORDER BY gateway",
                        new { name, SilentSeconds }, transaction, cancellationToken: ct));
                    return rows.Select(row => new Other(row.Gateway, KnowsUs: row.Verifies.Split(' ').Contains(own[0], StringComparer.Ordinal), IsKnown: own.Contains(row.Signs, StringComparer.Ordinal))).ToList();
                },
                ct);
        }
        catch (Exception e) when (e is DbException or IOException or TimeoutException)
        {
            // What was seen last stands: the ledger's own check tells that the database is away.
        }
    }

    /// <summary>So that one that comes back elsewhere with other keys is not compared with itself.</summary>
    private async Task LeaveAsync()
    {
        try
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await database.WriteAsync((connection, transaction) => connection.ExecuteAsync("DELETE FROM gateway_keys WHERE gateway = @name", new { name }, transaction), bound.Token);
        }
        catch (Exception e) when (e is DbException or IOException or TimeoutException or OperationCanceledException)
        {
            // It counts as gone after a minute.
        }
    }

    /// <param name="KnowsUs">It verifies what we sign.</param>
    /// <param name="IsKnown">We verify what it signs.</param>
    private sealed record Other(string Gateway, bool KnowsUs, bool IsKnown);
}
