namespace HlsGateway.Playlists;

/// <summary>
/// A playlist compiled once and rendered per viewer: bytes with holes of one fixed width, so that the rendered length is
/// known beforehand and rendering is one copy and one small write per hole, without allocation.
/// </summary>
public sealed class PlaylistTemplate
{
    /// <summary>Bytes of a session token: 30 bytes as base64url.</summary>
    public const int TokenLength = 40;

    private readonly byte[] bytes;
    private readonly int[] holes;

    internal PlaylistTemplate(byte[] bytes, int[] holes)
    {
        this.bytes = bytes;
        this.holes = holes;
    }

    /// <summary>Length in bytes of every rendering.</summary>
    public int Length => bytes.Length;

    /// <summary>Memory held, in bytes, for the cache's bound.</summary>
    public long Weight => Weights.Header + 16 + Weights.OfArray<byte>(bytes.Length) + Weights.OfArray<int>(holes.Length);

    /// <summary>Writes the playlist for one session.</summary>
    /// <param name="token">Exactly <see cref="TokenLength"/> ASCII bytes.</param>
    /// <param name="destination">At least <see cref="Length"/> bytes; exactly <see cref="Length"/> are written.</param>
    /// <exception cref="ArgumentException">The token or the destination has another length.</exception>
    public void Render(ReadOnlySpan<byte> token, Span<byte> destination)
    {
        if (destination.Length < bytes.Length)
            throw new ArgumentException("The destination is smaller than the template.", nameof(destination));
        if (token.Length != TokenLength)
            throw new ArgumentException("A session token is 40 bytes.", nameof(token));

        // A slice may cut a token in two; the whole never does, and is what nearly every viewer gets.
        bytes.CopyTo(destination);
        foreach (var hole in holes)
            token.CopyTo(destination[hole..]);
    }

    /// <summary>Writes a part of the playlist, for a reader that takes it bit by bit: nobody has to hold the whole.</summary>
    /// <param name="token">Exactly <see cref="TokenLength"/> ASCII bytes.</param>
    /// <param name="offset">First byte of the rendering that is wanted.</param>
    /// <param name="destination">Filled to its end.</param>
    /// <exception cref="ArgumentException">The token has another length, or the slice ends behind the playlist.</exception>
    public void RenderSlice(ReadOnlySpan<byte> token, int offset, Span<byte> destination)
    {
        if (token.Length != TokenLength)
            throw new ArgumentException("A session token is 40 bytes.", nameof(token));
        if (offset < 0 || offset > bytes.Length - destination.Length)
            throw new ArgumentException("The slice ends behind the playlist.", nameof(offset));

        bytes.AsSpan(offset, destination.Length).CopyTo(destination);
        var end = offset + destination.Length;
        for (var at = FirstHoleThatEndsBehind(offset); at < holes.Length && holes[at] < end; at++)
        {
            var hole = holes[at];
            var from = Math.Max(hole, offset);
            token[(from - hole)..(Math.Min(hole + TokenLength, end) - hole)].CopyTo(destination[(from - offset)..]);
        }
    }

    private int FirstHoleThatEndsBehind(int offset)
    {
        var found = Array.BinarySearch(holes, offset - TokenLength + 1);
        return found < 0 ? ~found : found;
    }
}
