using System.Data.Common;
using Dapper;
using HlsGateway.Database;

namespace HlsGateway.Analytics;

/// <summary>
/// What is written into <c>change</c> from now on, or since a moment, for one client that follows it live. Other processes write there too, with
/// clocks of their own, and a change is visible a little later than its time says: each look therefore goes back a minute and tells only what
/// was not told before.
/// </summary>
/// <param name="since">What the client has seen, Unix milliseconds; null begins with the next change.</param>
internal sealed class ChangeTail(CatalogueDatabase database, TimeProvider time, long? since)
{
    internal const string Query = """
        SELECT id, at_ms, actor, kind, subject, video, "before", "after" FROM change WHERE at_ms >= @from ORDER BY at_ms, id
        """;

    /// <summary>How far back a client can come back to.</summary>
    internal static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    private const long Overlap = 60_000;

    /// <summary>Milliseconds. A client that comes back gets what is at most this much older than the last change that it saw: that may have been written later.</summary>
    private const long Again = 5_000;

    private readonly Dictionary<string, long> told = new(StringComparer.Ordinal);
    private readonly bool comesBack = since is not null;
    private readonly long came = time.GetUtcNow().ToUnixTimeMilliseconds();
    private long seen = Math.Max(since ?? time.GetUtcNow().ToUnixTimeMilliseconds(), (time.GetUtcNow() - Kept).ToUnixTimeMilliseconds());
    private bool first = true;
    private Task<List<ChangeRow>>? looking;

    /// <summary>Some of what followed is older than what can be come back to.</summary>
    public bool Missed { get; } = since is { } at && at < (time.GetUtcNow() - Kept).ToUnixTimeMilliseconds();

    /// <summary>Unix milliseconds: where this client can come back to.</summary>
    public long Position => seen;

    /// <summary>What is new. A database that does not answer at once delays its answer to a later call, and nothing is lost.</summary>
    public async Task<IReadOnlyList<ChangeRow>> NextAsync(TimeSpan patience, CancellationToken ct)
    {
        looking ??= Task.Run(() => LookAsync(Math.Max(0, seen - Overlap), ct), ct);
        List<ChangeRow> rows;
        try
        {
            rows = await looking.WaitAsync(patience, time, ct);
        }
        catch (TimeoutException) when (!looking.IsCompleted)
        {
            return [];
        }
        catch (Exception failure) when (failure is DbException or TimeoutException or IOException or InvalidOperationException)
        {
            looking = null;
            return [];
        }
        looking = null;
        // The first look also learns what was there before the client came, or before it left.
        var from = !first ? 0 : comesBack ? seen - Again : came;
        var fresh = rows.Where(row => told.TryAdd(row.Id, row.AtMs) && row.AtMs >= from).ToList();
        first = false;
        seen = Math.Max(seen, rows.Count > 0 ? rows[^1].AtMs : 0);
        foreach (var (id, at) in told)
        {
            if (at < seen - Overlap)
                told.Remove(id);
        }
        return fresh;
    }

    private async Task<List<ChangeRow>> LookAsync(long from, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return (await connection.QueryAsync<ChangeRow>(new CommandDefinition(Query, new { from }, commandTimeout: 10, cancellationToken: ct))).AsList();
    }
}
