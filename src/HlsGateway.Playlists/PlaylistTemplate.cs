namespace HlsGateway.Playlists;

/// <summary>A playlist compiled once and rendered per viewer, plain or zipped.</summary>
public sealed class PlaylistTemplate : SessionText
{
    /// <summary>Bytes of a session token: 30 bytes as base64url.</summary>
    public const int TokenLength = 40;

    private GzipTemplate? gzip;
    private int making;

    internal PlaylistTemplate(byte[] bytes, int[] holes)
        : base(bytes, holes)
    {
    }

    /// <summary>Memory held, in bytes, for the cache's bound. Grows once, when the zipped form is made.</summary>
    public long Weight => Weights.Header + 40 + ArrayWeight + (gzip?.Weight ?? 0);

    /// <summary>Told once by how much <see cref="Weight"/> has grown.</summary>
    public Action<long>? Grown { private get; set; }

    /// <summary>The same playlist as a gzip file; null while nobody has asked for it yet.</summary>
    public GzipTemplate? Gzip => Volatile.Read(ref gzip);

    /// <summary>
    /// Makes the zipped form for the first who asks: about 5 ms per megabyte. Nobody waits for another's: those who ask meanwhile get
    /// null, and answer plain. So do all for a playlist that has none.
    /// </summary>
    public GzipTemplate? MakeGzip()
    {
        if (Gzip is { } made)
            return made;
        if (Interlocked.Exchange(ref making, 1) == 1 || GzipTemplate.Of(this) is not { } fresh)
            return Gzip;
        Volatile.Write(ref gzip, fresh);
        Grown?.Invoke(fresh.Weight);
        return fresh;
    }
}
