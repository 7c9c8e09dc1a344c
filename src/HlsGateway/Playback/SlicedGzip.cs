using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace HlsGateway.Playback;

/// <summary>
/// A gzip file (RFC 1952) that is written in slices and can free its compressor between two of them: its windows are a third of a megabyte,
/// more than most playlists. Each compressed slice ends on a whole byte, and the next compressor does not refer back to it.
/// </summary>
internal sealed class SlicedGzip : IDisposable
{
    private readonly MemoryStream compressed = new();
    private readonly Crc32 crc = new();
    private DeflateStream? deflate;

    /// <summary>Written before the first slice: deflate, no name, no time, unknown system.</summary>
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
        // Disposing writes an end of stream, which is not wanted here yet and is thrown away.
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
