using HlsGateway.Playlists;

namespace HlsGateway.Playback;

/// <summary>A playlist as the origin gave it, parsed once. Immutable, except when it was last confirmed, whether the origin failed since, and what was last decided for it.</summary>
internal sealed class OriginPlaylist
{
    /// <summary>This object's own fields.</summary>
    private const int Own = 160;

    /// <summary>What <see cref="Decided"/> takes.</summary>
    private const int OfDecision = 400;

    private DecidedTrailer? decided;
    private long confirmedAt;
    private int troubled;

    public required OriginTarget Target { get; init; }

    public MasterPlaylist? Master { get; init; }

    public MediaPlaylist? Media { get; init; }

    /// <summary>First 16 hexadecimal digits of the SHA-256 of its bytes.</summary>
    public required string Version { get; init; }

    /// <summary>Bytes of memory: text, index and names.</summary>
    public long Weight => Own + (Master is null ? 0 : OfDecision) + (Master?.Weight ?? Media?.Weight ?? 0) + Weights.Of(Target.Locator) + Weights.Of(Version) + Weights.Of(Url) + Weights.Of(ETag);

    /// <summary>Absolute URL that its relative URIs resolve against.</summary>
    public required string Url { get; init; }

    public string? ETag { get; init; }

    public DateTimeOffset? LastModified { get; init; }

    public required TimeSpan FreshFor { get; init; }

    /// <summary>Of a Master Playlist: what the last session that began with it got as its trailer, which most often the next one gets too.</summary>
    public DecidedTrailer? Decided
    {
        get => Volatile.Read(ref decided);
        set => Volatile.Write(ref decided, value);
    }

    /// <summary>True for the first failed fetch since the origin last gave or confirmed these bytes.</summary>
    public bool BeginTrouble() => Interlocked.Exchange(ref troubled, 1) == 0;

    /// <summary>True where the origin had failed before.</summary>
    public bool EndTrouble() => Interlocked.Exchange(ref troubled, 0) == 1;

    /// <summary><see cref="TimeProvider.GetTimestamp"/> of the origin's last answer that gave or confirmed these bytes.</summary>
    public long ConfirmedAt
    {
        get => Volatile.Read(ref confirmedAt);
        set => Volatile.Write(ref confirmedAt, value);
    }
}
