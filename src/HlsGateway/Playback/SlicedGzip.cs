using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace HlsGateway.Playback;

/// <summary>
/// A gzip file (RFC 1952) that is written in slices and can rest between two of them: a compressor's windows are a third of a megabyte,
/// more than most playlists. What a slice became ends on a whole byte, and the next compressor goes on without looking back.
/// </summary>
internal sealed class SlicedGzip : IDisposable
{
    private readonly MemoryStream compressed = new();
    private readonly Crc32 crc = new();
    private DeflateStream? deflate;

    /// <summary>Stands before the first slice: deflate, no name, no time, from no system in particular.</summary>
    public static ReadOnlySpan<byte> Header => [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

    public void Write(IBufferWriter<byte> writer, ReadOnlySpan<byte> slice)
    {
        crc.Append(slice);
        deflate ??= new DeflateStream(compressed, CompressionLevel.Fastest, leaveOpen: true);
        deflate.Write(slice);
        deflate.Flush();
        writer.Write(compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
        compressed.SetLength(0);
    }

    /// <summary>Gives the compressor's memory back; the next slice begins another.</summary>
    public void Rest()
    {
        // It writes the end of a file of its own, which this one has yet to come to.
        deflate?.Dispose();
        deflate = null;
        compressed.SetLength(0);
        compressed.Capacity = 0;
    }

    /// <param name="length">Of all slices together.</param>
    public void End(IBufferWriter<byte> writer, int length)
    {
        var trailer = writer.GetSpan(10);
        // An empty last block, then the checksum and the length.
        trailer[0] = 3;
        trailer[1] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[2..], crc.GetCurrentHashAsUInt32());
        BinaryPrimitives.WriteInt32LittleEndian(trailer[6..], length);
        writer.Advance(10);
    }

    public void Dispose()
    {
        Rest();
        compressed.Dispose();
    }
}
