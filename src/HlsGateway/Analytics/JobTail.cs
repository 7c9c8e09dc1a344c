using System.Data.Common;
using Dapper;
using HlsGateway.Database;

namespace HlsGateway.Analytics;

/// <summary>How an upload gets on, as the live tail tells it.</summary>
/// <param name="Status">queued, probing, transcoding, publishing; at last ready, failed or cancelled.</param>
/// <param name="Progress">0 to 1 in hundredths.</param>
/// <param name="EtaSeconds">Until it is ready; null while nobody knows.</param>
internal sealed record LiveJob(string Video, string Status, double Progress, double? EtaSeconds);

/// <summary>Uploads on their way, for one client that follows them live: first each of them, then each that has moved, and how it ended.</summary>
internal sealed class JobTail(CatalogueDatabase database, TimeProvider time)
{
    private const string Moving = "('queued', 'probing', 'transcoding', 'publishing')";

    private const string Query = $"""
        SELECT id, video, state, progress, eta_at FROM job WHERE kind = 'video' AND (state IN {Moving} OR changed_at >= @since) ORDER BY created_at, id
        """;

    /// <summary>Milliseconds. Clocks of other processes differ, and what they write is visible a little later than its time says.</summary>
    private const long Overlap = 60_000;

    /// <summary>Those on their way, by the job's id.</summary>
    private readonly Dictionary<string, LiveJob> told = new(StringComparer.Ordinal);
    private Task<(List<JobRow> Rows, long At)>? looking;
    private long looked = time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>What has moved. A database that does not answer at once delays its answer to a later call, and nothing is lost.</summary>
    public async Task<IReadOnlyList<LiveJob>> NextAsync(TimeSpan patience, CancellationToken ct)
    {
        looking ??= Task.Run(() => LookAsync(looked - Overlap, ct), ct);
        List<JobRow> rows;
        try
        {
            (rows, looked) = await looking.WaitAsync(patience, time, ct);
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
        var moved = new List<LiveJob>();
        foreach (var row in rows)
        {
            var job = Tell(row);
            if (row.State is "queued" or "probing" or "transcoding" or "publishing")
            {
                if (!told.TryGetValue(row.Id, out var before) || before != job)
                    moved.Add(job);
                told[row.Id] = job;
            }
            else if (told.Remove(row.Id))
            {
                moved.Add(job);
            }
        }
        return moved;
    }

    private LiveJob Tell(JobRow row) => new(
        row.Video, row.State,
        row.State == "ready" ? 1 : Math.Min(Math.Floor(Math.Clamp(row.Progress, 0, 1) * 100) / 100, 0.99),
        row is { EtaAt: { } eta, State: "probing" or "transcoding" or "publishing" } ? Math.Round(Math.Max(0, eta - time.GetUtcNow().ToUnixTimeMilliseconds()) / 1000.0, 1) : null);

    private async Task<(List<JobRow> Rows, long At)> LookAsync(long since, CancellationToken ct)
    {
        var at = time.GetUtcNow().ToUnixTimeMilliseconds();
        await using var connection = await database.OpenAsync(ct);
        return ((await connection.QueryAsync<JobRow>(new CommandDefinition(Query, new { since }, commandTimeout: 10, cancellationToken: ct))).AsList(), at);
    }

    private sealed record JobRow
    {
        public string Id { get; init; } = "";

        public string Video { get; init; } = "";

        public string State { get; init; } = "";

        public double Progress { get; init; }

        public long? EtaAt { get; init; }
    }
}
