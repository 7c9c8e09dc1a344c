using System.Buffers.Binary;

namespace HlsGateway.Transcoding;

/// <summary>Reads how long a film is from the first bytes of its file, where an MP4 or MOV has its <c>moov</c> box there (ISO/IEC 14496-12, 8.2.2).</summary>
internal static class Mp4Front
{
    /// <summary>Bytes from the file's start that are enough: <c>ftyp</c>, a small <c>free</c> or <c>uuid</c>, and <c>mvhd</c>, the first box in <c>moov</c>.</summary>
    public const int Bytes = 4096;

    /// <param name="front">The file's first bytes.</param>
    /// <returns>Seconds, or null where these bytes do not tell: another format, <c>moov</c> further back, or fragments.</returns>
    public static double? Seconds(ReadOnlySpan<byte> front)
    {
        if (Find(front, "ftyp"u8, out _) && Find(front, "moov"u8, out var moov) && Find(moov, "mvhd"u8, out var header) && header.Length >= 4)
        {
            // Version 0 has times of 32 bits, version 1 of 64. Nothing but ones means that the length is not known.
            if (header[0] == 0 && header.Length >= 20)
                return Length(BinaryPrimitives.ReadUInt32BigEndian(header[12..]), BinaryPrimitives.ReadUInt32BigEndian(header[16..]), uint.MaxValue);
            if (header[0] == 1 && header.Length >= 32)
                return Length(BinaryPrimitives.ReadUInt32BigEndian(header[20..]), BinaryPrimitives.ReadUInt64BigEndian(header[24..]), ulong.MaxValue);
        }

        return null;
    }

    private static double? Length(uint scale, ulong duration, ulong unknown) => scale > 0 && duration > 0 && duration != unknown ? (double)duration / scale : null;

    /// <summary>The first box of a type, and its content as far as it is among these bytes.</summary>
    private static bool Find(ReadOnlySpan<byte> boxes, ReadOnlySpan<byte> type, out ReadOnlySpan<byte> content)
    {
        while (boxes.Length >= 8)
        {
            ulong size = BinaryPrimitives.ReadUInt32BigEndian(boxes);
            var head = 8;
            if (size == 1 && boxes.Length >= 16)
                (size, head) = (BinaryPrimitives.ReadUInt64BigEndian(boxes[8..]), 16);
            if (boxes[4..8].SequenceEqual(type))
            {
                content = boxes[head..(int)Math.Min(Math.Max(size, (ulong)head), (ulong)boxes.Length)];
                return true;
            }

            // 0 reaches to the file's end; smaller than its own head is no box.
            if (size < (ulong)head || size > (ulong)boxes.Length)
                break;
            boxes = boxes[(int)size..];
        }

        content = default;
        return false;
    }
}
