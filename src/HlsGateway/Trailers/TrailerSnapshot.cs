using System.Collections.Frozen;
using System.Collections.Immutable;

namespace HlsGateway.Trailers;

/// <summary>The library at one moment. A request reads one snapshot and never sees half a swap.</summary>
internal sealed class TrailerSnapshot
{
    private readonly FrozenDictionary<uint, TrailerVersion> byId;
    private readonly FrozenDictionary<string, TrailerVersion> current;
    private readonly FrozenSet<uint> withdrawn;
    private readonly FrozenSet<string> removed;

    /// <param name="versions">In any order.</param>
    /// <param name="active">The first entry that covers a video decides.</param>
    /// <param name="removed">Labels of versions that editors took out of the library.</param>
    public TrailerSnapshot(IEnumerable<TrailerVersion> versions, ImmutableArray<ActiveTrailer> active, FrozenSet<string>? removed = null)
    {
        this.removed = removed ?? FrozenSet<string>.Empty;
        Versions = [.. versions.OrderBy(v => v.Source.AddedAt).ThenBy(v => v.Name, StringComparer.Ordinal)];
        Active = active;
        // The same file under two names is one version to every session: the first name keeps the copies.
        byId = Versions.DistinctBy(v => v.Id).ToFrozenDictionary(v => v.Id);
        withdrawn = Versions.Where(v => v.Withdrawn).Select(v => v.Id).ToFrozenSet();
        current = Versions.Where(v => !v.Withdrawn && !IsRemoved(v)).GroupBy(v => v.Name, StringComparer.Ordinal).ToFrozenDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
    }

    public static TrailerSnapshot Empty { get; } = new([], []);

    /// <summary>Oldest first.</summary>
    public ImmutableArray<TrailerVersion> Versions { get; }

    public ImmutableArray<ActiveTrailer> Active { get; }

    public TrailerVersion? ById(uint id) => byId.GetValueOrDefault(id);

    /// <summary>The same bytes under any name.</summary>
    public bool IsWithdrawn(uint id) => withdrawn.Contains(id);

    /// <summary>No new session gets it; those that began with it keep it.</summary>
    public bool IsRemoved(TrailerVersion version) => removed.Count > 0 && removed.Contains(version.Label);

    /// <summary>The version that a plain name meant at one time, as far as it can be told: whether it was withdrawn or removed then is not known.</summary>
    public TrailerVersion? FindAt(string selector, DateTimeOffset at) => selector.Contains('@', StringComparison.Ordinal)
        ? Find(selector)
        : Versions.LastOrDefault(v => string.Equals(v.Name, selector, StringComparison.Ordinal) && v.Source.AddedAt <= at);

    /// <summary>The version that new sessions get for a selector; null where there is none that may be shown.</summary>
    public TrailerVersion? Playable(string selector) =>
        Find(selector) is { } version && !IsWithdrawn(version.Id) && !IsRemoved(version) ? version : null;

    /// <param name="selector"><c>name</c> for its latest version, or <c>name@hash8</c>.</param>
    public TrailerVersion? Find(string selector)
    {
        var at = selector.LastIndexOf('@');
        return at < 0
            ? current.GetValueOrDefault(selector)
            : Versions.FirstOrDefault(v => string.Equals(v.Label, selector, StringComparison.Ordinal));
    }

    /// <summary>The trailer that a new session of the video gets, or null.</summary>
    public ChosenTrailer? ActiveFor(string video, DateTimeOffset now)
    {
        foreach (var entry in Active)
        {
            if (entry.Covers(video, now))
                return entry.Trailer is { } selector && Playable(selector) is { } version && ById(version.Id) is { } known ? new(known, entry.Position) : null;
        }
        return null;
    }

    public TrailerSnapshot With(TrailerVersion version) =>
        new(Versions.Where(v => v.Id != version.Id || !string.Equals(v.Name, version.Name, StringComparison.Ordinal)).Append(version), Active, removed);

    /// <summary>As <see cref="With(TrailerVersion)"/>, but known copies are kept: what was read a moment ago may already be out of date.</summary>
    public TrailerSnapshot WithAll(TrailerVersion version)
    {
        if (Find(version.Label) is not { } known)
            return With(version);
        if (version.Copies.Keys.All(known.Copies.ContainsKey) && (known.Withdrawn || !version.Withdrawn))
            return this;
        return With(known with { Withdrawn = known.Withdrawn || version.Withdrawn, Copies = version.Copies.Concat(known.Copies).DistinctBy(c => c.Key).ToFrozenDictionary(StringComparer.Ordinal) });
    }

    public TrailerSnapshot With(ImmutableArray<ActiveTrailer> active) => new(Versions, active, removed);

    public TrailerSnapshot Without(FrozenSet<string> labels) => new(Versions, Active, labels);
}
