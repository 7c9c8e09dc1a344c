using System.Buffers.Binary;
using HlsGateway.Playlists;

namespace HlsGateway.Content;

/// <summary>AAC frames with ADTS headers (ISO/IEC 13818-7), as MPEG-TS carries them and as packed audio is (RFC 8216 section 3.4).</summary>
internal static class AdtsFrames
{
    private const int HeaderLength = 7;

    /// <summary>RFC 8216 section 3.4: the owner of the PRIV frame that carries the first sample's time.</summary>
    private static ReadOnlySpan<byte> TimestampOwner => "com.apple.streaming.transportStreamTimestamp\0"u8;

    /// <summary>Whole frames from the start; a frame that is cut off at the end is not counted.</summary>
    public static int CountFrames(ReadOnlySpan<byte> bytes)
    {
        var frames = 0;
        while (FrameLength(bytes) is var length && length > 0 && length <= bytes.Length)
        {
            frames++;
            bytes = bytes[length..];
        }
        return frames;
    }

    /// <summary>Length in bytes of the frame that begins here; 0 when none does.</summary>
    public static int FrameLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength || bytes[0] != 0xff || (bytes[1] & 0xf6) != 0xf0)
            return 0;
        var length = ((bytes[3] & 3) << 11) | (bytes[4] << 3) | (bytes[5] >> 5);
        return length >= HeaderLength ? length : 0;
    }

    /// <summary>Cuts a stream into packed audio segments, each behind an ID3 tag with its first frame's time.</summary>
    /// <param name="starts">First frame of each segment, then the number of frames of the whole.</param>
    /// <param name="firstPts">Time of frame 0, 90 kHz.</param>
    /// <returns>Null when the stream does not hold exactly that many whole frames.</returns>
    public static byte[][]? Cut(ReadOnlySpan<byte> stream, ReadOnlySpan<int> starts, int sampleRate, long firstPts)
    {
        var segments = new byte[starts.Length - 1][];
        var frame = 0;
        for (var k = 0; k < segments.Length; k++)
        {
            var length = 0;
            for (; frame < starts[k + 1]; frame++)
            {
                var next = FrameLength(stream[length..]);
                if (next == 0 || length + next > stream.Length)
                    return null;
                length += next;
            }
            var pts = firstPts + (long)decimal.Round(starts[k] * 1024m * 90_000 / sampleRate);
            segments[k] = [.. TimestampTag(pts), .. stream[..length]];
            stream = stream[length..];
        }
        return stream.IsEmpty ? segments : null;
    }

    /// <summary>The time that a packed audio segment's ID3 tag states, 90 kHz; null without one.</summary>
    public static long? ReadTimestamp(ReadOnlySpan<byte> segment) => TimestampAt(segment) is var at && at < 0
        ? null
        : MpegClock.Wrapped((long)BinaryPrimitives.ReadUInt64BigEndian(segment[at..]));

    /// <summary>Moves a packed audio segment in time: its ID3 tag's time, and no other byte.</summary>
    /// <param name="ticks">90 kHz; the time wraps at 33 bits.</param>
    /// <exception cref="FormatException">The segment has no such tag.</exception>
    public static void Shift(Span<byte> segment, long ticks)
    {
        if (ReadTimestamp(segment) is not { } time)
            throw new FormatException("The segment has no timestamp.");
        BinaryPrimitives.WriteUInt64BigEndian(segment[TimestampAt(segment)..], (ulong)MpegClock.Wrapped(time + ticks));
    }

    /// <summary>Where the eight bytes of the tag's time begin; -1 without them.</summary>
    private static int TimestampAt(ReadOnlySpan<byte> segment)
    {
        if (!segment.StartsWith("ID3"u8) || segment.Length < 10)
            return -1;
        var tag = segment[..TagLength(segment)];
        var at = tag.IndexOf(TimestampOwner);
        return at >= 0 && at + TimestampOwner.Length + 8 <= tag.Length ? at + TimestampOwner.Length : -1;
    }

    /// <summary>Reads a packed audio segment; without a timestamp it begins at 0.</summary>
    public static bool TryInspect(ReadOnlySpan<byte> segment, out SegmentInspection? inspection)
    {
        inspection = null;
        var pts = ReadTimestamp(segment);
        var frames = CountFrames(segment[(pts is null ? 0 : TagLength(segment))..]);
        if (frames == 0)
            return false;
        inspection = new SegmentInspection(null, new TrackTimes(frames, pts ?? 0, pts ?? 0), BeginsWithKeyFrame: true, BeginsWithTables: true, null);
        return true;
    }

    /// <summary>The header and the body, whose length is written in four bytes of seven bits.</summary>
    private static int TagLength(ReadOnlySpan<byte> segment) =>
        Math.Min(segment.Length, 10 + ((segment[6] << 21) | (segment[7] << 14) | (segment[8] << 7) | segment[9]));

    /// <summary>ID3 2.4 with one PRIV frame: 10 bytes of header, 10 of frame header, the owner, 8 of time.</summary>
    private static byte[] TimestampTag(long pts)
    {
        var body = TimestampOwner.Length + 8;
        var tag = new byte[20 + body];
        "ID3\x04"u8.CopyTo(tag);
        tag[9] = (byte)(10 + body);
        "PRIV"u8.CopyTo(tag.AsSpan(10));
        tag[17] = (byte)body;
        TimestampOwner.CopyTo(tag.AsSpan(20));
        BinaryPrimitives.WriteUInt64BigEndian(tag.AsSpan(20 + TimestampOwner.Length), (ulong)MpegClock.Wrapped(pts));
        return tag;
    }
}
