using System.Buffers.Binary;

namespace HlsGateway;

/// <summary>UUIDs of version 7 tell when they were made: their first 48 bits are Unix milliseconds (RFC 9562 section 5.7), and their order is that of time.</summary>
internal static class Uuid7
{
    public static long UnixMs(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16);
    }

    /// <summary>Writes the time alone; of 16 bytes that are otherwise zero, this is the smallest such id.</summary>
    public static void Write(long unixMs, Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)(unixMs >> 16));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)unixMs);
    }
}
