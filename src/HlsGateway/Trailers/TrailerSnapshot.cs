using System.Collections.Frozen;
using System.Collections.Immutable;

namespace HlsGateway.Trailers;

/// <summary>The library at one moment. A request reads one snapshot and never sees half a swap.</summary>
internal sealed class TrailerSnapshot
{
    private readonly FrozenDictionary<uint, TrailerVersion> byId;
    private readonly FrozenDictionary<string, TrailerVersion> current;
    private readonly FrozenSet<uint> withdrawn;

    /// <param name="versions">In any order.</param>
    /// <param name="active">The first line that covers a video decides.</param>
    public TrailerSnapshot(IEnumerable<TrailerVersion> versions, ImmutableArray<ActiveTrailer> active)
    {
        Versions = [.. versions.OrderBy(v => v.Source.AddedAt).ThenBy(v => v.Name, StringComparer.Ordinal)];
        Active = active;
        // The same file under two names is one version to every session: the first name keeps the copies.
        byId = Versions.DistinctBy(v => v.Id).ToFrozenDictionary(v => v.Id);
        withdrawn = Versions.Where(v => v.Withdrawn).Select(v => v.Id).ToFrozenSet();
        current = Versions.Where(v => !v.Withdrawn).GroupBy(v => v.Name, StringComparer.Ordinal).ToFrozenDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
    }

    public static TrailerSnapshot Empty { get; } = new([], []);

    /// <summary>Oldest first.</summary>
    public ImmutableArray<TrailerVersion> Versions { get; }

    public ImmutableArray<ActiveTrailer> Active { get; }

    public TrailerVersion? ById(uint id) => byId.GetValueOrDefault(id);

    /// <summary>The same bytes under any name.</summary>
    public bool IsWithdrawn(uint id) => withdrawn.Contains(id);

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
        foreach (var line in Active)
        {
            if (line.Covers(video, now))
                return line.Trailer is { } selector && Find(selector) is { } version && !IsWithdrawn(version.Id) && ById(version.Id) is { } known ? new(known, line.Position) : null;
        }
        return null;
    }

    public TrailerSnapshot With(TrailerVersion version) =>
        new(Versions.Where(v => v.Id != version.Id || !string.Equals(v.Name, version.Name, StringComparison.Ordinal)).Append(version), Active);

    /// <summary>As <see cref="With(TrailerVersion)"/>, but known copies are kept: what was read a moment ago may already be out of date.</summary>
    public TrailerSnapshot WithAll(TrailerVersion version)
    {
        if (Find(version.Label) is not { } known)
            return With(version);
        if (version.Copies.Keys.All(known.Copies.ContainsKey) && (known.Withdrawn || !version.Withdrawn))
            return this;
        return With(known with { Withdrawn = known.Withdrawn || version.Withdrawn, Copies = version.Copies.Concat(known.Copies).DistinctBy(c => c.Key).ToFrozenDictionary(StringComparer.Ordinal) });
    }

    public TrailerSnapshot With(ImmutableArray<ActiveTrailer> active) => new(Versions, active);
}
