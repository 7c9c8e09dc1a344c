using System.Buffers.Binary;

namespace HlsGateway.Playlists;

/// <summary>
/// A playlist as a gzip file (RFC 1952), compressed once for all viewers: the token stands in it at most once in 32 KiB, uncompressed, and
/// that is a hole; everywhere else it is copied from there (<see cref="HoledDeflate"/>). The checksum is linear in the token's bits.
/// </summary>
public sealed class GzipTemplate : SessionText
{
    private const int ChecksumLength = 4;

    private readonly uint checksum;
    private readonly uint factor;

    private GzipTemplate(byte[] bytes, int[] holes, uint checksum, uint factor)
        : base(bytes, holes)
    {
        this.checksum = checksum;
        this.factor = factor;
    }

    /// <summary>Memory held, in bytes.</summary>
    internal long Weight => Weights.Header + 24 + ArrayWeight;

    /// <summary>Deflate, no name, no time, unknown system.</summary>
    private static ReadOnlySpan<byte> Head => [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

    /// <returns>Null for a text that cannot be compressed for all viewers at once.</returns>
    internal static GzipTemplate? Of(PlaylistTemplate template)
    {
        if (HoledDeflate.Of(template) is not { } deflate)
            return null;
        var bytes = new byte[Head.Length + deflate.Length + (2 * ChecksumLength)];
        Head.CopyTo(bytes);
        deflate.Bytes.CopyTo(bytes.AsSpan(Head.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(^ChecksumLength..), (uint)template.Length);
        var (checksum, factor) = HoledChecksum.Of(template.Bytes, template.Holes);
        return new(bytes, Array.ConvertAll(deflate.Holes.ToArray(), hole => Head.Length + hole), checksum, factor);
    }

    private protected override void Finish(ReadOnlySpan<byte> token, int offset, Span<byte> slice)
    {
        var at = Length - (2 * ChecksumLength);
        if (offset + slice.Length <= at)
            return;
        Span<byte> whole = stackalloc byte[ChecksumLength];
        BinaryPrimitives.WriteUInt32LittleEndian(whole, HoledChecksum.With(token, checksum, factor));
        Overlay(whole, at, offset, slice);
    }
}
