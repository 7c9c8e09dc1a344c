using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using Dapper;
using HlsGateway.Database;
using HlsGateway.Telemetry;

namespace HlsGateway.Content;

/// <summary>
/// The rows of measured facts: the newest <see cref="MostVersions"/> of each video, for <see cref="Lifetime"/>. They save work and
/// nothing else: a row that is gone, or a database that is away, only costs measuring again.
/// </summary>
internal sealed class ContentFactsStore(CatalogueDatabase database, TimeProvider time, ILogger<ContentFactsStore> log)
{
    private const int MostVersions = 8;

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(90);

    public async Task<ImmutableArray<RenditionFacts>?> FindAsync(string video, string version, CancellationToken ct)
    {
        try
        {
            await using var connection = await database.OpenAsync(ct);
            var json = await connection.QuerySingleOrDefaultAsync<string>(
                "SELECT facts FROM content_facts WHERE video = @video AND version = @version AND measured_at >= @oldest", new { video, version, oldest = Oldest });
            return json is null ? null : JsonSerializer.Deserialize<ImmutableArray<RenditionFacts>>(json);
        }
        catch (Exception e) when (e is DbException or TimeoutException or JsonException)
        {
            log.ContentFactsUnreadable(e.GetType().Name);
            return null;
        }
    }

    public async Task KeepAsync(string video, string version, ImmutableArray<RenditionFacts> facts, CancellationToken ct)
    {
        try
        {
            await database.WriteAsync(
                (connection, transaction) => connection.ExecuteAsync(
                    """
                    INSERT INTO content_facts (video, version, facts, measured_at) VALUES (@video, @version, @json, @now)
                    ON CONFLICT (video, version) DO UPDATE SET facts = excluded.facts, measured_at = excluded.measured_at;
                    DELETE FROM content_facts WHERE video = @video AND version NOT IN (SELECT version FROM content_facts WHERE video = @video ORDER BY measured_at DESC, version LIMIT @most);
                    DELETE FROM content_facts WHERE measured_at < @oldest
                    """,
                    new { video, version, json = JsonSerializer.Serialize(facts), now = time.GetUtcNow().ToUnixTimeMilliseconds(), most = MostVersions, oldest = Oldest }, transaction),
                ct);
        }
        catch (Exception e) when (e is DbException or TimeoutException)
        {
            log.ContentFactsUnreadable(e.GetType().Name);
        }
    }

    private long Oldest => (time.GetUtcNow() - Lifetime).ToUnixTimeMilliseconds();
}
