using System.Buffers.Binary;

namespace HlsGateway;

/// <summary>UUIDs of version 7 hold the time at which they were made: their first 48 bits are Unix milliseconds (RFC 9562 section 5.7), so they sort by time.</summary>
internal static class Uuid7
{
    public static long UnixMs(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16);
    }

    /// <summary>Writes only the time; in 16 bytes that are otherwise zero, this gives the smallest id of that time.</summary>
    public static void Write(long unixMs, Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)(unixMs >> 16));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)unixMs);
    }
}
