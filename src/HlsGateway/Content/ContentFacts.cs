using System.Collections.Concurrent;
using System.Collections.Immutable;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Caching.Memory;

namespace HlsGateway.Content;

/// <summary>Whether where a content ends is to be measured too: it costs the origin its last segments.</summary>
internal delegate bool WantsEnd(IReadOnlyList<RenditionFacts> facts);

/// <summary>What is known of a content now.</summary>
/// <param name="Facts">Null while it has not been measured.</param>
/// <param name="Unreadable">Why the last try failed, in a sentence; null where none has been made or it did not fail.</param>
internal readonly record struct KnownContent(ImmutableArray<RenditionFacts>? Facts, string? Unreadable = null);

/// <summary>
/// What was measured on each Rendition of a video, by the video's readable name and the version of its playlist: in memory within a
/// bound, in the catalogue's database for longer (<see cref="ContentFactsStore"/>). Measuring goes on in the background, once however many ask; what failed
/// is tried again after waits that grow, when somebody asks then.
/// </summary>
internal sealed class ContentFacts(ContentProbe probe, ContentFactsStore store, WantsEnd wantsEnd, TimeProvider time, ILogger<ContentFacts> log) : IDisposable
{
    /// <summary>How long a caption playlist waits for its video's first PTS before it is served without.</summary>
    internal TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Memory for what was measured, and for what failed: some 20,000 videos each.</summary>
    private const long MostBytes = 32L << 20;

    private const int MostWaiting = 1_000;

    /// <summary>Ranges of one video that are measured: each costs a part of a segment from the origin.</summary>
    private const int MostRanges = 16;

    /// <summary>An origin that was away for a moment is soon asked again; content that nobody can read costs a try in six hours.</summary>
    private static readonly Backoff Retries = new(TimeSpan.FromMinutes(1), TimeSpan.FromHours(6));

    /// <summary>Of one video: a playlist that differs each time it is fetched must not cost its origin segments each time.</summary>
    private static readonly Ration Measurements = new(8, TimeSpan.FromMinutes(80));

    private static readonly TimeSpan FreshTryAfter = TimeSpan.FromMinutes(10);

    /// <summary>The database keeps them for longer.</summary>
    private static readonly TimeSpan KnownFor = TimeSpan.FromHours(24);

    private sealed class Spent
    {
        public long WholeAt;
    }

    private sealed record Failure(string Reason, int Attempts, DateTimeOffset RetryAt);

    /// <summary>One video's Renditions after another: the machine's other core belongs to viewers.</summary>
    private readonly SemaphoreSlim turns = new(1, 1);
    private readonly MemoryCache known = BoundedMemory.Cache(MostBytes);
    private readonly MemoryCache failed = BoundedMemory.Cache(MostBytes);
    private readonly MemoryCache spent = BoundedMemory.Cache(MostBytes);
    private readonly ConcurrentDictionary<(string Video, string Version), Lazy<Task<ImmutableArray<RenditionFacts>?>>> running = new();
    private readonly CancellationTokenSource stopping = new();

    /// <summary>Never blocks; null while nothing has been measured.</summary>
    public ImmutableArray<RenditionFacts>? TryGet(string video, string version) =>
        known.TryGetValue((video, version), out var facts) ? (ImmutableArray<RenditionFacts>?)facts : null;

    /// <summary>As above, and why it could not be measured.</summary>
    public KnownContent Known(string video, string version) => new(TryGet(video, version), FailureOf(video, version)?.Reason);

    /// <summary>Has a video measured in the background, once.</summary>
    public void Measure(ContentSource source) => _ = Start(source);

    /// <summary>Waits for the measuring, for <see cref="Patience"/> at most; null when it failed or takes longer.</summary>
    public async ValueTask<ImmutableArray<RenditionFacts>?> GetAsync(ContentSource source, CancellationToken ct)
    {
        if (TryGet(source.Video, source.Version) is { } facts)
            return facts;
        try
        {
            return await Start(source).WaitAsync(Patience, ct);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>First video PTS of a video, 90 kHz (rule W2): that of the first Variant Stream whose picture was measured; null when unknown.</summary>
    public static long? FirstVideoPts(ImmutableArray<RenditionFacts>? facts) =>
        facts is not { IsDefaultOrEmpty: false } list ? null
        : list.FirstOrDefault(f => f.Shape.HasVideo && f.FirstVideoPts != RenditionFacts.UnknownPts) is { Path: not null } picture ? picture.FirstVideoPts
        : list[0].FirstVideoPts == RenditionFacts.UnknownPts ? null : list[0].FirstVideoPts;

    /// <summary>The range that plays at a moment, whose first video PTS is the clock of its captions (rule W2); null when it is unknown.</summary>
    /// <param name="startMs">Milliseconds from the content's start.</param>
    public static RangeFacts? RangeAt(ImmutableArray<RenditionFacts>? facts, int startMs)
    {
        if (FirstVideoPts(facts) is not { } first)
            return null;
        var later = facts is [{ Ranges: { } ranges }, ..] ? ranges.LastOrDefault(range => range.StartMs <= startMs) : default;
        return later.StartMs == 0 ? new(0, first) : later.FirstVideoPts == RenditionFacts.UnknownPts ? null : later;
    }

    public void Dispose()
    {
        stopping.Cancel();
        stopping.Dispose();
        known.Dispose();
        spent.Dispose();
        failed.Dispose();
        turns.Dispose();
    }

    private Task<ImmutableArray<RenditionFacts>?> Start(ContentSource source)
    {
        var key = (source.Video, source.Version);
        if ((FailureOf(source.Video, source.Version) is { } failure && time.GetUtcNow() < failure.RetryAt) || (running.Count >= MostWaiting && !running.ContainsKey(key)))
            return Task.FromResult<ImmutableArray<RenditionFacts>?>(null);
        return running.GetOrAdd(key, _ => new(() => Task.Run(() => RunAsync(source)))).Value;
    }

    private async Task<ImmutableArray<RenditionFacts>?> RunAsync(ContentSource source)
    {
        var key = (source.Video, source.Version);
        try
        {
            if (TryGet(source.Video, source.Version) is { } already)
                return already;
            var kept = await store.FindAsync(source.Video, source.Version, stopping.Token);
            if (kept is null && !MayMeasure(source.Video))
            {
                var now = time.GetUtcNow();
                failed.Set(key, new Failure("Its playlist is different each time it is fetched, and it has been measured as often as is allowed.", 0, now + FreshTryAfter),
                    BoundedMemory.Entry(Weight(key)).SetAbsoluteExpiration(FreshTryAfter));
                return null;
            }

            var facts = await AddEndsAsync(source, kept ?? await MeasureAsync(source, stopping.Token), stopping.Token);
            if (facts != kept)
                await store.KeepAsync(source.Video, source.Version, facts, stopping.Token);
            known.Set(key, facts, BoundedMemory.Entry(Weight(key) + facts.Sum(fact => fact.Weight)).SetSlidingExpiration(KnownFor));
            failed.Remove(key);
            return facts;
        }
        catch (Exception e)
        {
            // Nobody awaits a background measurement: whatever happened, the video plays without trailer, and is tried again later.
            if (!stopping.IsCancellationRequested)
            {
                var attempts = (FailureOf(source.Video, source.Version)?.Attempts ?? 0) + 1;
                var failure = new Failure(e is ContentUnreadableException ? e.Message : $"Measuring it failed ({e.GetType().Name}); the log has the details.", attempts, Retries.NextTry(time, attempts));
                // Kept after the next try is due, so that a second failure waits longer: days may pass before somebody asks.
                failed.Set(key, failure, BoundedMemory.Entry(Weight(key) + Weights.Of(failure.Reason)).SetSlidingExpiration(TimeSpan.FromDays(2)));
                log.ContentUnreadable(e is ContentUnreadableException ? null : e, source.Video, failure.Reason);
            }
            return null;
        }
        finally
        {
            running.TryRemove(key, out _);
        }
    }

    private static long Weight(in (string Video, string Version) key) => Weights.Of(key.Video) + Weights.Of(key.Version);

    private bool MayMeasure(string video)
    {
        var entry = spent.GetOrCreate(video, static _ => new Spent(), BoundedMemory.Entry(Weights.Of(video)).SetSlidingExpiration(Measurements.Span));
        return entry is null || Measurements.TryTake(ref entry.WholeAt, time.GetUtcNow());
    }

    private Failure? FailureOf(string video, string version) => failed.TryGetValue((video, version), out Failure? failure) ? failure : null;

    /// <summary>A range that cannot be read ends the list: captions after it may be misplaced, but the video keeps its trailer.</summary>
    private async Task<IReadOnlyList<RangeFacts>?> MeasureRangesAsync(ContentSource source, CancellationToken ct)
    {
        var ranges = new List<RangeFacts>();
        try
        {
            while (ranges.Count < MostRanges && await source.ReadRangeAsync(ranges.Count + 1, ct) is { } range)
                ranges.Add(new(range.StartMs, (await probe.MeasureAsync("", range.Segment, ct)).FirstVideoPts));
        }
        catch (ContentUnreadableException e)
        {
            log.ContentUnreadable(null, source.Video, $"after discontinuity {ranges.Count + 1}: {e.Message}");
        }

        return ranges.Count == 0 ? null : ranges;
    }

    /// <summary>Null where it cannot be read: the trailer's timestamps then do not continue the content's, which most players accept.</summary>
    private async Task<long?> MeasureEndAsync(ContentSource source, RenditionFacts facts, CancellationToken ct)
    {
        try
        {
            return await source.ReadLastAsync(facts.Path, ct) is { } last ? ContentProbe.EndOf(facts.Shape, last) : null;
        }
        catch (ContentUnreadableException e)
        {
            log.ContentUnreadable(null, source.Video, $"its last segment: {e.Message}");
            return null;
        }
    }

    /// <summary>Measures where the content ends, if a trailer's timestamps may continue from there and it has not been measured yet.</summary>
    private async Task<ImmutableArray<RenditionFacts>> AddEndsAsync(ContentSource source, ImmutableArray<RenditionFacts> facts, CancellationToken ct)
    {
        var open = wantsEnd(facts) ? ContentEnd.Deciding(facts).RemoveAll(at => facts[at].EndPts is not null) : [];
        if (open.IsEmpty)
            return facts;
        await turns.WaitAsync(ct);
        try
        {
            foreach (var at in open)
                facts = facts.SetItem(at, facts[at] with { EndPts = await MeasureEndAsync(source, facts[at], ct) ?? RenditionFacts.UnknownPts });
            return facts;
        }
        finally
        {
            turns.Release();
        }
    }

    private async Task<ImmutableArray<RenditionFacts>> MeasureAsync(ContentSource source, CancellationToken ct)
    {
        await turns.WaitAsync(ct);
        try
        {
            var facts = ImmutableArray.CreateBuilder<RenditionFacts>(source.Playlists.Length);
            foreach (var playlist in source.Playlists)
            {
                var first = await source.ReadAsync(playlist, ct);
                facts.Add(await probe.MeasureAsync(playlist, first, ct) with { Timing = first.Timing });
            }

            if (facts is [{ Shape.HasVideo: true } leading, ..])
                facts[0] = leading with { Ranges = await MeasureRangesAsync(source, ct) };
            log.ContentMeasured(source.Video, facts.Count);
            return facts.MoveToImmutable();
        }
        finally
        {
            turns.Release();
        }
    }
}
