namespace HlsGateway.Playlists;

/// <summary>
/// Bytes with holes of one fixed width for a session's token, so that the length is known beforehand and rendering is one copy and
/// one small write per hole, without allocation.
/// </summary>
public abstract class SessionText
{
    private readonly byte[] bytes;
    private readonly int[] holes;

    private protected SessionText(byte[] bytes, int[] holes)
    {
        this.bytes = bytes;
        this.holes = holes;
    }

    /// <summary>Length in bytes of every rendering.</summary>
    public int Length => bytes.Length;

    /// <summary>Memory of the bytes and of where their holes are.</summary>
    private protected long ArrayWeight => Weights.OfArray<byte>(bytes.Length) + Weights.OfArray<int>(holes.Length);

    /// <summary>With anything in the holes.</summary>
    internal ReadOnlySpan<byte> Bytes => bytes;

    internal ReadOnlySpan<int> Holes => holes;

    /// <summary>Writes the whole for one session.</summary>
    /// <param name="token">Exactly <see cref="PlaylistTemplate.TokenLength"/> ASCII bytes.</param>
    /// <param name="destination">At least <see cref="Length"/> bytes; exactly <see cref="Length"/> are written.</param>
    /// <exception cref="ArgumentException">The token or the destination has another length.</exception>
    public void Render(ReadOnlySpan<byte> token, Span<byte> destination)
    {
        if (destination.Length < bytes.Length)
            throw new ArgumentException("The destination is smaller than the text.", nameof(destination));
        RequireWhole(token);

        // A slice may cut a token in two; the whole never does, and is what nearly every viewer gets.
        bytes.CopyTo(destination);
        foreach (var hole in holes)
            token.CopyTo(destination[hole..]);
        Finish(token, 0, destination[..bytes.Length]);
    }

    /// <summary>Writes a part, for a reader that takes it bit by bit: nobody has to hold the whole.</summary>
    /// <param name="token">Exactly <see cref="PlaylistTemplate.TokenLength"/> ASCII bytes.</param>
    /// <param name="offset">First byte of the rendering that is wanted.</param>
    /// <param name="destination">Filled to its end.</param>
    /// <exception cref="ArgumentException">The token has another length, or the slice ends behind the text.</exception>
    public void RenderSlice(ReadOnlySpan<byte> token, int offset, Span<byte> destination)
    {
        RequireWhole(token);
        if (offset < 0 || offset > bytes.Length - destination.Length)
            throw new ArgumentException("The slice ends behind the text.", nameof(offset));

        bytes.AsSpan(offset, destination.Length).CopyTo(destination);
        var end = offset + destination.Length;
        for (var at = FirstHoleThatEndsBehind(offset); at < holes.Length && holes[at] < end; at++)
            Overlay(token, holes[at], offset, destination);
        Finish(token, offset, destination);
    }

    /// <summary>Writes what else depends on the token into a slice that begins at <paramref name="offset"/>.</summary>
    private protected virtual void Finish(ReadOnlySpan<byte> token, int offset, Span<byte> slice)
    {
    }

    /// <summary>Writes what a slice shows of some bytes.</summary>
    /// <param name="at">Where they stand in the whole.</param>
    private protected static void Overlay(ReadOnlySpan<byte> some, int at, int offset, Span<byte> slice)
    {
        var from = Math.Max(at, offset);
        var end = Math.Min(at + some.Length, offset + slice.Length);
        if (from < end)
            some[(from - at)..(end - at)].CopyTo(slice[(from - offset)..]);
    }

    private static void RequireWhole(ReadOnlySpan<byte> token)
    {
        if (token.Length != PlaylistTemplate.TokenLength)
            throw new ArgumentException("A session token is 40 bytes.", nameof(token));
    }

    private int FirstHoleThatEndsBehind(int offset)
    {
        var found = Array.BinarySearch(holes, offset - PlaylistTemplate.TokenLength + 1);
        return found < 0 ? ~found : found;
    }
}
