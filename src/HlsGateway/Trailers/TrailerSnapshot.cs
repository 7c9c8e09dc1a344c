using System.Collections.Frozen;
using System.Collections.Immutable;

namespace HlsGateway.Trailers;

/// <summary>The library at one moment. A request reads one snapshot and never sees half a swap.</summary>
public sealed class TrailerSnapshot
{
    private readonly FrozenDictionary<uint, TrailerVersion> byId;
    private readonly FrozenDictionary<string, TrailerVersion> current;

    /// <param name="versions">In any order.</param>
    /// <param name="active">The first line that covers a video decides.</param>
    public TrailerSnapshot(IEnumerable<TrailerVersion> versions, ImmutableArray<ActiveTrailer> active)
    {
        Versions = [.. versions.OrderBy(v => v.Source.AddedAt).ThenBy(v => v.Name, StringComparer.Ordinal)];
        Active = active;
        // The same file under two names is one version to every session: the first name keeps the copies.
        byId = Versions.DistinctBy(v => v.Id).ToFrozenDictionary(v => v.Id);
        current = Versions.GroupBy(v => v.Name, StringComparer.Ordinal).ToFrozenDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
    }

    public static TrailerSnapshot Empty { get; } = new([], []);

    /// <summary>Oldest first.</summary>
    public ImmutableArray<TrailerVersion> Versions { get; }

    public ImmutableArray<ActiveTrailer> Active { get; }

    public TrailerVersion? ById(uint id) => byId.GetValueOrDefault(id);

    /// <param name="selector"><c>name</c> for its latest version, or <c>name@hash8</c>.</param>
    public TrailerVersion? Find(string selector)
    {
        var at = selector.LastIndexOf('@');
        return at < 0
            ? current.GetValueOrDefault(selector)
            : Versions.FirstOrDefault(v => string.Equals(v.Label, selector, StringComparison.Ordinal));
    }

    /// <summary>The trailer that a new session of the video gets, or null.</summary>
    public TrailerVersion? ActiveFor(string video, DateTimeOffset now)
    {
        foreach (var line in Active)
        {
            if (line.Covers(video, now))
                return line.Trailer is { } selector && Find(selector) is { } version ? ById(version.Id) : null;
        }
        return null;
    }

    public TrailerSnapshot With(TrailerVersion version) =>
        new(Versions.Where(v => v.Id != version.Id || !string.Equals(v.Name, version.Name, StringComparison.Ordinal)).Append(version), Active);

    public TrailerSnapshot With(ImmutableArray<ActiveTrailer> active) => new(Versions, active);
}
