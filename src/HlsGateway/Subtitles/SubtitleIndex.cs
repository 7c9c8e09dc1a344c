using System.Collections.Frozen;
using System.Collections.Immutable;
using HlsGateway.Playlists;

namespace HlsGateway.Subtitles;

/// <summary>A published caption track.</summary>
/// <param name="Version">First 8 hexadecimal digits of its text's SHA-256.</param>
public sealed record CaptionTrack(string Language, string Name, bool Default, bool Sdh, bool Machine, string Version, CaptionFile File);

/// <summary>All published caption tracks, as an immutable snapshot behind one reference.</summary>
public sealed class SubtitleIndex
{
    private volatile FrozenDictionary<string, ImmutableArray<CaptionTrack>> snapshot = FrozenDictionary<string, ImmutableArray<CaptionTrack>>.Empty;
    private long version;

    /// <summary>Grows with every change of any track.</summary>
    public long Version => Volatile.Read(ref version);

    public ImmutableArray<CaptionTrack> Tracks(string video) => snapshot.TryGetValue(video, out var tracks) ? tracks : [];

    internal void Swap(FrozenDictionary<string, ImmutableArray<CaptionTrack>> tracks)
    {
        snapshot = tracks;
        Interlocked.Increment(ref version);
    }
}
