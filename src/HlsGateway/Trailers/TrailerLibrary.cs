using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Threading.Channels;
using HlsGateway.Content;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Trailers;

/// <summary>A copy that is asked for.</summary>
internal readonly record struct WantedCopy(TrailerVersion Version, RenditionShape Shape);

/// <summary>Why a copy could not be made, and when it is tried again.</summary>
internal sealed record CopyFailure(string Reason, int Attempts, DateTimeOffset RetryAt);

/// <summary>One reason for which sessions got no trailer although one is on.</summary>
/// <param name="Reason">As the metric <c>hlsgateway.splice.skipped</c> has it.</param>
/// <param name="Sessions">How many.</param>
/// <param name="Video">Of the latest of them.</param>
/// <param name="Detail">What kept that video's content from being read; null for other reasons.</param>
internal sealed record SkippedSplice(string Reason, long Sessions, string Video, DateTimeOffset At, string? Detail = null);

/// <summary>
/// All trailers as one immutable snapshot behind one reference: a swap is one write, a request reads once. Nothing here waits;
/// missing copies are made in the background by <see cref="TrailerConditioner"/>.
/// </summary>
internal sealed class TrailerLibrary(IOptions<TrailersOptions> options, TimeProvider time, GatewayMetrics metrics)
{
    /// <summary>A new version is prepared for the shapes that viewers asked for lately, so that a swap does not begin without copies.</summary>
    private const int RememberedShapes = 32;

    /// <summary>Continuing copies known here: beyond this all are forgotten, and found again in the store when they are needed.</summary>
    private const int MostContinuing = 100_000;

    /// <summary>The first retries come soon, in case a disk was full for a moment; later ones seldom, since a broken source stays broken.</summary>
    private static readonly Backoff Retries = new(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(10));

    private readonly Channel<WantedCopy> wanted = Channel.CreateUnbounded<WantedCopy>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<(uint Id, string Profile), bool> queued = new();
    private readonly ConcurrentDictionary<(uint Id, string Profile), CopyFailure> failures = new();
    private readonly ConcurrentDictionary<(uint Id, RenditionShape Shape), bool> continuing = new();
    private readonly ConcurrentDictionary<string, SkippedSplice> skipped = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private ImmutableArray<RenditionShape> lately = [];
    private TrailerSnapshot snapshot = TrailerSnapshot.Empty.With(FromConfiguration(options.Value));
    private long revision;

    public TrailerSnapshot Snapshot => Volatile.Read(ref snapshot);

    internal ChannelReader<WantedCopy> Wanted => wanted.Reader;

    /// <summary>Why sessions went without a trailer that is on, since this process started; the latest reason first.</summary>
    public IReadOnlyList<SkippedSplice> Skipped => [.. skipped.Values.OrderByDescending(skip => skip.At).ThenBy(skip => skip.Reason, StringComparer.Ordinal)];

    /// <summary>The trailer that a new session of the video gets, or null.</summary>
    public TrailerVersion? ActiveFor(string video) => ChosenFor(video)?.Version;

    /// <summary>The same, and where it stands.</summary>
    public ChosenTrailer? ChosenFor(string video) => Snapshot.ActiveFor(video, time.GetUtcNow());

    /// <summary>The version that a session has pinned, or null when the library never held it.</summary>
    public TrailerVersion? ById(uint id) => Snapshot.ById(id);

    /// <summary>Matches a session's trailer with its video; counts the reason when there is no match, and has missing copies made.</summary>
    /// <param name="pinned">The session has pinned it before: what it pinned is in the store, known here or not.</param>
    /// <param name="counts">False: a preview, which is no session that goes without.</param>
    public TrailerDecision Decide(string video, MasterPlaylist master, KnownContent content, TrailerVersion? trailer, TrailerPlacement placement, bool pinned, bool counts = true) =>
        Settle(pinned
            ? TrailerPlan.Decide(master, content.Facts, trailer, placement)
            : TrailerPlan.Decide(master, content.Facts, trailer, PlacementOf(placement, content.Facts), shape => IsMade(trailer, shape)), content, trailer, video, counts);

    /// <summary>What a preview will have; has missing copies made, and counts nothing.</summary>
    /// <param name="master">Null: the entry is itself a Media Playlist.</param>
    public TrailerDecision DecidePreview(string video, MasterPlaylist? master, KnownContent content, TrailerVersion trailer, TrailerPlacement placement) => Settle(
        master is null ? TrailerPlan.Decide("", content.Facts, trailer, placement) : TrailerPlan.Decide(master, content.Facts, trailer, placement), content, trailer, video, counts: false);

    /// <summary>As above, for a new session whose entry is itself a Media Playlist.</summary>
    public TrailerDecision Decide(string video, string mediaPlaylist, KnownContent content, TrailerVersion? trailer, TrailerPlacement placement) =>
        Settle(TrailerPlan.Decide(mediaPlaylist, content.Facts, trailer, PlacementOf(placement, content.Facts), shape => IsMade(trailer, shape)), content, trailer, video);

    /// <summary>Has a missing copy made in the background, once; after a failure not before its back-off has passed.</summary>
    public void Want(TrailerVersion version, RenditionShape shape)
    {
        Remember(shape with { Continues = null });
        version = ById(version.Id) ?? version;
        var key = (version.Id, shape.Profile);
        if (IsMade(version, shape)
            || (failures.TryGetValue(key, out var failure) && time.GetUtcNow() < failure.RetryAt)
            || !queued.TryAdd(key, true))
            return;
        wanted.Writer.TryWrite(new WantedCopy(version, shape));
    }

    /// <summary>How many continuing copies of a version are known here.</summary>
    public int CountContinuing(uint id) => continuing.Keys.Count(known => known.Id == id);

    public CopyFailure? FailureOf(uint id, string profile) => failures.GetValueOrDefault((id, profile));

    /// <summary>Copies of a version that are being made, or failed.</summary>
    public IEnumerable<TrailerCopyView> Unfinished(uint id) =>
    [
        .. queued.Keys.Where(k => k.Id == id).Select(k => new TrailerCopyView(k.Profile, "making", null)),
        .. failures.Where(f => f.Key.Id == id && !queued.ContainsKey(f.Key)).Select(f => new TrailerCopyView(f.Key.Profile, "failed", f.Value.Reason)),
    ];

    /// <summary>What configuration says; used while nothing was set through the API.</summary>
    internal ImmutableArray<ActiveTrailer> Configured => FromConfiguration(options.Value);

    /// <summary>The swap: one reference. A state older than the current one is ignored.</summary>
    internal void Switch(TrailerState state)
    {
        lock (gate)
        {
            if (state.Revision <= revision)
                return;
            revision = state.Revision;
            Volatile.Write(ref snapshot, snapshot.With(state.Lines ?? Configured));
        }
    }

    /// <summary>Swaps in which versions editors have taken out of the library.</summary>
    internal void Remove(FrozenSet<string> labels)
    {
        lock (gate)
            Volatile.Write(ref snapshot, snapshot.Without(labels));
    }

    /// <summary>Swaps in a version that is new, or is known with more copies.</summary>
    internal void Add(TrailerVersion version)
    {
        var isNew = Snapshot.Find(version.Label) is null;
        lock (gate)
            Volatile.Write(ref snapshot, snapshot.WithAll(version));
        if (!isNew)
            return;
        foreach (var shape in lately)
            Want(version, shape);
    }

    internal void AddAll(IEnumerable<TrailerVersion> versions)
    {
        lock (gate)
        {
            var next = snapshot;
            foreach (var version in versions)
                next = next.WithAll(version);
            Volatile.Write(ref snapshot, next);
        }
        foreach (var profile in Snapshot.Versions.SelectMany(v => v.Copies.Keys).Distinct(StringComparer.Ordinal))
        {
            if (RenditionShape.TryParse(profile, out var shape))
                Remember(shape);
        }
    }

    internal void Made(WantedCopy done, TrailerCopy copy)
    {
        if (done.Shape.Continues is not null)
        {
            if (continuing.Count >= MostContinuing)
                continuing.Clear();
            continuing[(done.Version.Id, done.Shape)] = true;
        }
        else
        {
            lock (gate)
            {
                if (snapshot.Find(done.Version.Label) is { } version)
                    Volatile.Write(ref snapshot, snapshot.WithAll(version with { Copies = new[] { copy }.ToFrozenDictionary(c => c.Profile, StringComparer.Ordinal) }));
            }
        }
        failures.TryRemove((done.Version.Id, copy.Profile), out _);
        queued.TryRemove((done.Version.Id, copy.Profile), out _);
    }

    /// <summary>A new session's placement: a trailer behind the content gets continuing timestamps where the options ask for it.</summary>
    private TrailerPlacement PlacementOf(TrailerPlacement asked, ImmutableArray<RenditionFacts>? facts) =>
        asked == TrailerPlacement.Behind && facts is { IsDefault: false } known && options.Value.GoesOnBehind(known) ? TrailerPlacement.BehindContinuing : asked;

    private bool IsMade(TrailerVersion? version, RenditionShape shape) =>
        version is not null && (shape.Continues is null ? version.Copies.ContainsKey(shape.Profile) : continuing.ContainsKey((version.Id, shape)));

    internal void Failed(WantedCopy done, string reason)
    {
        var key = (done.Version.Id, done.Shape.Profile);
        failures.AddOrUpdate(
            key, _ => new CopyFailure(reason, 1, Retries.NextTry(time, 1)),
            (_, last) => new CopyFailure(reason, last.Attempts + 1, Retries.NextTry(time, last.Attempts + 1)));
        queued.TryRemove(key, out _);
    }

    private TrailerDecision Settle(TrailerDecision decision, in KnownContent content, TrailerVersion? active, string video, bool counts = true)
    {
        if (active is null)
            return decision;
        // "Pending" promises the trailer to the next session, which is wrong where measuring has failed.
        if (decision.Reason == TrailerPlan.FactsPending && content.Unreadable is not null)
            decision = decision with { Reason = TrailerPlan.ContentUnreadable };
        foreach (var shape in decision.Missing)
        {
            if (decision.Version is null && FailureOf(active.Id, shape.Profile) is not null)
                decision = decision with { Reason = TrailerPlan.CopyFailed };
            Want(active, shape);
        }
        if (counts && decision.Reason is { } reason)
        {
            metrics.SpliceSkipped.Add(1, new KeyValuePair<string, object?>("reason", reason));
            var latest = new SkippedSplice(reason, 1, video, time.GetUtcNow(), reason == TrailerPlan.ContentUnreadable ? content.Unreadable : null);
            skipped.AddOrUpdate(reason, latest, (_, last) => latest with { Sessions = last.Sessions + 1 });
        }

        return decision;
    }

    private void Remember(RenditionShape shape)
    {
        lock (gate)
        {
            if (lately.Length == 0 || lately[0] != shape)
                lately = [shape, .. lately.Remove(shape).Take(RememberedShapes - 1)];
        }
    }

    private static ImmutableArray<ActiveTrailer> FromConfiguration(TrailersOptions options) =>
        options.Active.Length > 0 ? [new ActiveTrailer(options.Active, Position: options.Position).Named()] : [];
}
