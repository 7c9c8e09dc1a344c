namespace HlsGateway.Playlists;

/// <summary>Why bytes are no usable playlist or caption file: a value, not an exception, so that hostile input costs nothing.</summary>
/// <param name="Reason">One sentence for a person; never contains the input's own bytes.</param>
/// <param name="Line">1-based line of the fault; 0 when the fault has no line (too large, empty).</param>
public readonly record struct PlaylistError(string Reason, int Line)
{
    public override string ToString() => Line > 0 ? $"line {Line}: {Reason}" : Reason;
}
