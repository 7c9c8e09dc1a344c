using System.Collections.Frozen;

namespace HlsGateway.Trailers;

/// <summary>The trailers and the active one, as an immutable snapshot behind one reference.</summary>
public sealed class TrailerLibrary
{
    private sealed record Snapshot(FrozenDictionary<uint, TrailerVersion> Versions, TrailerVersion? Active);

    private volatile Snapshot snapshot = new(FrozenDictionary<uint, TrailerVersion>.Empty, null);

    public TrailerVersion? ActiveFor(string video) => snapshot.Active;

    public TrailerVersion? ById(uint id) => snapshot.Versions.GetValueOrDefault(id);

    internal void Swap(IEnumerable<TrailerVersion> versions, TrailerVersion? active) => snapshot = new(versions.ToFrozenDictionary(v => v.Id), active);
}
