using System.Collections.Immutable;

namespace HlsGateway.Trailers;

/// <summary>What an editor should know about an entry of the schedule, although it can be taken.</summary>
/// <param name="Code"><c>window-over</c>, <c>overlap</c>, <c>never-plays</c>, <c>no-ready-copies</c>, <c>no-such-video</c> or <c>entries-removed</c>.</param>
/// <param name="Message">One or two sentences.</param>
/// <param name="Entry">The other entry that it is about; null where it is about none.</param>
internal sealed record ScheduleWarning(string Code, string Message, Guid? Entry = null);

/// <summary>Looks at one entry of the schedule among the others. Pure.</summary>
internal static class ScheduleReview
{
    /// <param name="entry">One of <paramref name="entries"/>.</param>
    /// <param name="entries">The first that covers a video decides.</param>
    public static ImmutableArray<ScheduleWarning> Of(ActiveTrailer entry, ImmutableArray<ActiveTrailer> entries, TrailerSnapshot library, DateTimeOffset now)
    {
        if (entry.IsOver(now))
            return [new("window-over", $"Its time ended at {Rfc3339.Text(entry.Until ?? now)}, so it never plays. Give it a later 'to'.")];
        var warnings = ImmutableArray.CreateBuilder<ScheduleWarning>();
        var place = entries.IndexOf(entry);
        for (var at = 0; at < entries.Length; at++)
        {
            if (at != place && !entries[at].IsOver(now) && Between(entries[Math.Min(at, place)], entries[Math.Max(at, place)], now) is { } found)
                warnings.Add(new(found.Code, found.Message, entries[at].Id));
        }

        if (entry.Trailer is { } selector && library.Find(selector) is { } version && (library.ById(version.Id) ?? version).Copies.Count == 0)
        {
            warnings.Add(new("no-ready-copies",
                $"No copy of {version.Label} is ready yet. The first session of each shape of content plays without it while its copy is made; POST /api/preview with one of the videos has it made now."));
        }

        return warnings.ToImmutable();
    }

    /// <param name="higher">Decides where both cover a video.</param>
    private static (string Code, string Message)? Between(ActiveTrailer higher, ActiveTrailer lower, DateTimeOffset now)
    {
        if (!MeetInTime(higher, lower, now) || !VideoGlob.Meet(higher.Videos, lower.Videos))
            return null;
        if (!(higher.From > Later(lower.From, now)) && !(higher.Until < (lower.Until ?? DateTimeOffset.MaxValue)) && VideoGlob.Includes(higher.Videos, lower.Videos))
            return ("never-plays", $"'{lower}' never plays: '{higher}' stands above it and covers its videos for all of its time.");
        // What has no window is what plays when nothing else does: an entry above it is its exception, and meant.
        return lower.IsStanding ? null : ("overlap", $"'{higher}' and '{lower}' cover the same videos at the same time. The first of them plays then, since it stands above.");
    }

    private static bool MeetInTime(ActiveTrailer one, ActiveTrailer other, DateTimeOffset now) =>
        Later(Later(one.From, now), other.From ?? now) < Earlier(one.Until, other.Until);

    private static DateTimeOffset Later(DateTimeOffset? one, DateTimeOffset other) => one > other ? one.Value : other;

    private static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null ? other ?? DateTimeOffset.MaxValue : other is null || one < other ? one.Value : other.Value;
}
