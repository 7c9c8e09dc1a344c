using System.Collections.Immutable;

namespace HlsGateway.Trailers;

/// <summary>What new sessions of a video get during one span of time.</summary>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive; null where nothing is planned to end it.</param>
/// <param name="Trailer">As the entry names it; null where no trailer plays.</param>
/// <param name="Version"><c>name@hash8</c>; null as above.</param>
/// <param name="Position">Null as above.</param>
/// <param name="Reason"><c>entry</c>: the entry's trailer plays; <c>entry-says-none</c>; <c>no-entry</c>: none covers the video; <c>not-in-library</c>: the entry's trailer was withdrawn or removed, or is not known.</param>
/// <param name="Entry">Which entry decides; null where none does.</param>
internal sealed record PlanSpan(DateTimeOffset From, DateTimeOffset? To, string? Trailer, string? Version, TrailerPosition? Position, string Reason, Guid? Entry)
{
    public bool IsAs(PlanSpan other) => (Version, Position, Reason, Entry) == (other.Version, other.Position, other.Reason, other.Entry);
}

/// <param name="Revision">Of the schedule as it is now; its ETag.</param>
/// <param name="Trailer">As <see cref="PlanSpan"/> has it, for the moment <paramref name="At"/>; so are version, position and reason.</param>
/// <param name="Why">The reason as a sentence.</param>
/// <param name="Entry">The entry that decides.</param>
/// <param name="Overruled">Entries that cover the video at that moment too, and stand below.</param>
/// <param name="Next">The next changes, at most ten.</param>
/// <param name="Spans">From <c>from</c> to <c>to</c>, where both were asked for; what was changed since is in it.</param>
/// <param name="MoreSpans">There were too many; ask for a shorter time.</param>
internal sealed record PlanView(
    string Video, DateTimeOffset At, long Revision, string? Trailer, string? Version, TrailerPosition? Position, string Reason, string Why,
    ScheduleEntryView? Entry, ImmutableArray<ScheduleEntryView> Overruled, ImmutableArray<PlanSpan> Next, ImmutableArray<PlanSpan> Spans, bool MoreSpans);

/// <summary>Tells what plays when, and why: the present and the future from the schedule, the past from its history.</summary>
internal sealed class TrailerForecast(TrailerSwitch state, TrailerLibrary library, TimeProvider time)
{
    private const int MostNext = 10;
    private const int MostSpans = 500;
    private const int MostHistory = 1000;

    private readonly record struct Step(DateTimeOffset Since, ImmutableArray<ActiveTrailer> Entries);

    /// <param name="at">Null: now.</param>
    /// <param name="from">Null: no spans are asked for; so with <paramref name="to"/>.</param>
    public async Task<PlanView> TellAsync(string video, DateTimeOffset? at, DateTimeOffset? from, DateTimeOffset? to, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var moment = at ?? now;
        var current = await state.ReadAsync(ct);
        var steps = await StepsAsync(current, moment, ct);
        var next = Spans(steps, video, moment, DateTimeOffset.MaxValue, now, MostNext + 1, out _);
        var more = false;
        var spans = from is { } start && to is { } end ? Spans(await StepsAsync(current, start, ct), video, start, end, now, MostSpans, out more) : [];

        var covering = At(steps, moment).Entries.Where(entry => entry.Covers(video, moment)).Select(entry => TrailerViews.Of(entry, library.Snapshot, moment)).ToImmutableArray();
        var what = next[0];
        return new PlanView(
            video, moment, current.Revision, what.Trailer, what.Version, what.Position, what.Reason, Why(what, covering), covering.FirstOrDefault(), covering.Length > 1 ? covering[1..] : [],
            next[1..], spans, more);
    }

    private static string Why(PlanSpan what, ImmutableArray<ScheduleEntryView> covering) => what.Reason switch
    {
        "no-entry" => "No entry of the schedule covers the video at that time.",
        "entry-says-none" => "The first entry that covers the video says that no trailer plays.",
        "not-in-library" => $"The first entry that covers the video selects {covering[0].Trailer}, which was withdrawn or removed, or is not in the library.",
        _ when covering.Length > 1 => $"Of {covering.Length} entries that cover the video at that time, the first one decides: {covering[0].Trailer}.",
        _ => $"One entry covers the video at that time: {covering[0].Trailer}.",
    };

    /// <summary>The entries that were in force from one time on; the last are those of now.</summary>
    private async Task<List<Step>> StepsAsync(TrailerState current, DateTimeOffset start, CancellationToken ct)
    {
        List<Step> steps = [];
        if (start < current.At)
        {
            steps.AddRange((await state.HistoryAsync(start, current.At, MostHistory, ct)).Select(row => new Step(row.At, row.Entries ?? library.Configured)));
            // What the history is too long for is told as far as it goes.
            if (steps.Count == MostHistory)
                return steps;
            if (steps.Count == 0 || steps[0].Since > start)
                steps.Insert(0, new(DateTimeOffset.MinValue, library.Configured));
        }

        steps.Add(new(current.At, current.Lines ?? library.Configured));
        return steps;
    }

    private static Step At(List<Step> steps, DateTimeOffset moment) => steps.FindLast(step => step.Since <= moment) is { Entries.IsDefault: false } step ? step : steps[0];

    private ImmutableArray<PlanSpan> Spans(List<Step> steps, string video, DateTimeOffset from, DateTimeOffset to, DateTimeOffset now, int most, out bool more)
    {
        var cut = steps.Count == MostHistory && steps[^1].Since > from && steps[^1].Since < to;
        if (cut)
            to = steps[^1].Since;
        var snapshot = library.Snapshot;
        var points = new SortedSet<DateTimeOffset> { from, now };
        points.UnionWith(snapshot.Versions.Select(version => version.Source.AddedAt));
        for (var at = 0; at < steps.Count; at++)
        {
            var end = at + 1 < steps.Count ? steps[at + 1].Since : DateTimeOffset.MaxValue;
            points.Add(steps[at].Since);
            foreach (var edge in steps[at].Entries.SelectMany(entry => new[] { entry.From, entry.Until }).OfType<DateTimeOffset>().Where(edge => edge > steps[at].Since && edge < end))
                points.Add(edge);
        }

        var spans = ImmutableArray.CreateBuilder<PlanSpan>();
        foreach (var point in points.Where(point => point >= from && point < to))
        {
            var span = Decide(At(steps, point).Entries, snapshot, video, point, now);
            if (spans.Count > 0 && spans[^1].IsAs(span))
                continue;
            if (spans.Count > 0)
                spans[^1] = spans[^1] with { To = point };
            if (spans.Count == most)
            {
                more = true;
                return spans.ToImmutable();
            }

            spans.Add(span);
        }

        more = cut;
        if (to != DateTimeOffset.MaxValue && spans.Count > 0)
            spans[^1] = spans[^1] with { To = to };
        return spans.ToImmutable();
    }

    private static PlanSpan Decide(ImmutableArray<ActiveTrailer> entries, TrailerSnapshot snapshot, string video, DateTimeOffset at, DateTimeOffset now)
    {
        if (entries.FirstOrDefault(entry => entry.Covers(video, at)) is not { } entry)
            return new(at, null, null, null, null, "no-entry", null);
        if (entry.Trailer is not { } selector)
            return new(at, null, null, null, null, "entry-says-none", entry.Id);
        return (at < now ? snapshot.FindAt(selector, at) : snapshot.Playable(selector)) is { } version
            ? new(at, null, selector, version.Label, entry.Position, "entry", entry.Id)
            : new(at, null, null, null, null, "not-in-library", entry.Id);
    }
}
