using System.Collections.Immutable;
using System.Text.Json;
using Dapper;
using HlsGateway.Catalogue;
using HlsGateway.Database;
using HlsGateway.Jobs;

namespace HlsGateway.Transcoding;

/// <summary>How long jobs take here: the median of the last ones that ended well, by the amount of pictures that they made.</summary>
internal sealed class EarlierJobs(CatalogueDatabase database)
{
    private const int Most = 20;

    /// <returns>Seconds that a plan's job usually takes, from its start to the publication; null where no job has ended yet.</returns>
    public async Task<double?> UsualAsync(EncodePlan plan, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var rows = await connection.QueryAsync<EndedRow>(
            $"""
            SELECT j.changed_at - j.started_at AS took_ms, r.duration_ms, r.renditions FROM job j JOIN revision r ON r.video = j.video AND r.revision = j.revision
            WHERE j.kind = '{JobKind.Video}' AND j.state = 'ready' ORDER BY j.changed_at DESC LIMIT {Most}
            """);
        var (num, den) = Media.MediaProbe.Fraction(plan.FrameRate);
        return Usual(
            rows.Select(row => (row.TookMs / 1000.0, Work(row.DurationMs / 1000.0, JsonSerializer.Deserialize<ImmutableArray<PublishedRendition>>(row.Renditions)))),
            Work(plan.KnownSeconds, (double)num / den, plan.Rungs.Select(rung => (long)rung.Width * rung.Height)));
    }

    /// <param name="ended">Seconds that each took, and its work.</param>
    internal static double? Usual(IEnumerable<(double Seconds, double Work)> ended, double work)
    {
        var paces = ended.Where(job => job is { Seconds: > 0, Work: > 0 }).Select(job => job.Seconds / job.Work).Order().ToArray();
        return paces.Length == 0 ? null : paces[paces.Length / 2] * work;
    }

    private static double Work(double seconds, ImmutableArray<PublishedRendition> made) =>
        made.IsDefaultOrEmpty ? 0 : Work(seconds, made[0].FrameRate, made.Select(rendition => (long)rendition.Width * rendition.Height));

    /// <summary>Pixels encoded: the cost of all else is small beside it.</summary>
    internal static double Work(double seconds, double rate, IEnumerable<long> pixels) => seconds * rate * pixels.Sum();

    private sealed record EndedRow
    {
        public long TookMs { get; init; }

        public long DurationMs { get; init; }

        public string Renditions { get; init; } = "[]";
    }
}
