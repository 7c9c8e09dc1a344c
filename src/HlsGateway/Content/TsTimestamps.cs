using System.Buffers.Binary;
using HlsGateway.Playlists;

namespace HlsGateway.Content;

/// <summary>Moves an MPEG-TS segment in time (ISO/IEC 13818-1): PTS and DTS of every PES packet, and the clock references. No other byte changes.</summary>
internal static class TsTimestamps
{
    /// <param name="segment">Whole packets; PES headers stand whole in the packet that begins them, as ffmpeg writes them.</param>
    /// <param name="ticks">90 kHz; may be negative. Timestamps wrap at 33 bits.</param>
    /// <exception cref="FormatException">The bytes are no whole packets of MPEG-TS, or a PES header is cut.</exception>
    public static void Shift(Span<byte> segment, long ticks)
    {
        if (segment.Length % TsSegment.PacketLength != 0)
            throw new FormatException("An MPEG-TS segment does not consist of whole packets.");
        for (; !segment.IsEmpty; segment = segment[TsSegment.PacketLength..])
            ShiftPacket(segment[..TsSegment.PacketLength], ticks);
    }

    private static void ShiftPacket(Span<byte> packet, long ticks)
    {
        if (packet[0] != 0x47)
            throw new FormatException("An MPEG-TS packet does not begin with its sync byte.");
        var control = (packet[3] >> 4) & 3;
        var payload = 4;
        if ((control & 2) != 0)
        {
            payload += 1 + packet[4];
            if (payload > TsSegment.PacketLength)
                throw new FormatException("An adaptation field is longer than its packet.");
            ShiftReferences(packet[5..payload], ticks);
        }

        if ((control & 1) != 0 && (packet[1] & 0x40) != 0)
            ShiftPes(packet[payload..], ticks);
    }

    /// <summary>PCR and OPCR: 33 bits at 90 kHz, 6 unused, 9 bits at 27 MHz.</summary>
    private static void ShiftReferences(Span<byte> field, long ticks)
    {
        if (field.IsEmpty)
            return;
        var flags = field[0];
        var at = 1;
        foreach (var flag in (ReadOnlySpan<byte>)[0x10, 0x08])
        {
            if ((flags & flag) == 0)
                continue;
            if (at + 6 > field.Length)
                throw new FormatException("A clock reference is cut off.");
            var low = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(field[(at + 4)..]) & 0x7fff);
            var clock = MpegClock.Wrapped((((long)BinaryPrimitives.ReadUInt32BigEndian(field[at..]) << 1) | (uint)(field[at + 4] >> 7)) + ticks);
            BinaryPrimitives.WriteUInt32BigEndian(field[at..], (uint)(clock >> 1));
            BinaryPrimitives.WriteUInt16BigEndian(field[(at + 4)..], (ushort)((clock & 1) << 15 | low));
            at += 6;
        }
    }

    private static void ShiftPes(Span<byte> payload, long ticks)
    {
        // Tables begin with a pointer and a table's id, never with a start code.
        if (payload.Length < 4 || !payload.StartsWith((ReadOnlySpan<byte>)[0, 0, 1]))
            return;
        // Stream ids of picture (E0 to EF) and sound (C0 to DF) have the header that carries times.
        if (payload[3] is < 0xc0 or > 0xef)
            return;
        if (payload.Length < 9 || payload.Length < 9 + payload[8])
            throw new FormatException("A PES header is cut off.");
        var times = payload[9..(9 + payload[8])];
        var count = (payload[7] >> 6) switch { 2 => 1, 3 => 2, _ => 0 };
        if (times.Length < count * 5)
            throw new FormatException("A PES header is too short for its timestamps.");
        for (var n = 0; n < count; n++)
            ShiftTime(times.Slice(n * 5, 5), ticks);
    }

    /// <summary>A PTS or DTS as a PES header writes it, 33 bits in 40: 4 of a mark, then 3, 15 and 15 with a marker bit behind each.</summary>
    internal static long ReadTime(ReadOnlySpan<byte> time) =>
        ((long)(time[0] & 0x0e) << 29) | ((long)time[1] << 22) | ((long)(time[2] & 0xfe) << 14) | ((long)time[3] << 7) | ((long)time[4] >> 1);

    private static void ShiftTime(Span<byte> time, long ticks)
    {
        var value = MpegClock.Wrapped(ReadTime(time) + ticks);
        time[0] = (byte)((time[0] & 0xf1) | (int)((value >> 29) & 0x0e));
        time[1] = (byte)(value >> 22);
        time[2] = (byte)(((value >> 14) & 0xfe) | 1);
        time[3] = (byte)(value >> 7);
        time[4] = (byte)(((value << 1) & 0xfe) | 1);
    }
}
