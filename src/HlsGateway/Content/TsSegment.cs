using System.Buffers;
using System.Buffers.Binary;
using HlsGateway.Playlists;

namespace HlsGateway.Content;

/// <summary>Reads MPEG-TS (ISO/IEC 13818-1) as far as rules S2 and W2 ask: tables, PES timestamps, the first picture's kind, AAC frames.</summary>
internal sealed class TsSegment
{
    internal const int PacketLength = 188;

    private readonly ArrayBufferWriter<byte> firstPicture = new();
    private readonly ArrayBufferWriter<byte> audioBytes = new();
    private int pmtPid = -1;
    private int videoPid = -1;
    private int audioPid = -1;
    private bool adts;
    private bool sawPat;
    private bool sawPmt;
    private bool mediaFirst;
    private bool tablesFirst;
    private int videoFrames;
    private long videoFirst = long.MaxValue;
    private long videoLast = long.MinValue;
    private int audioPackets;
    private long audioFirst = long.MaxValue;
    private long audioLast = long.MinValue;
    private long lastPts = -1;

    private TsSegment()
    {
    }

    /// <summary>False when the bytes are no whole packets of MPEG-TS, or hold neither video nor audio.</summary>
    public static bool TryInspect(ReadOnlySpan<byte> bytes, out SegmentInspection? inspection)
    {
        inspection = null;
        if (bytes.Length < PacketLength)
            return false;
        var reader = new TsSegment();
        // A bounded prefix may end inside a packet: the tail is left out.
        for (var at = 0; at + PacketLength <= bytes.Length; at += PacketLength)
        {
            var packet = bytes.Slice(at, PacketLength);
            if (packet[0] != 0x47)
                return false;
            reader.Read(packet);
        }
        if (reader.videoFrames == 0 && reader.audioPackets == 0)
            return false;
        inspection = reader.Summary();
        return true;
    }

    private void Read(ReadOnlySpan<byte> packet)
    {
        var pid = BinaryPrimitives.ReadUInt16BigEndian(packet[1..]) & 0x1fff;
        var begins = (packet[1] & 0x40) != 0;
        var control = (packet[3] >> 4) & 3;
        if ((control & 1) == 0)
            return;
        var offset = control == 3 ? 5 + packet[4] : 4;
        if (offset >= PacketLength)
            return;
        var payload = packet[offset..];
        if (pid == 0 && begins)
            ReadPat(payload);
        else if (pid == pmtPid && begins)
            ReadPmt(payload);
        else if (pid == videoPid)
            ReadVideo(payload, begins);
        else if (pid == audioPid)
            ReadAudio(payload, begins);
        // A PES packet of a stream that no table has named yet: media before the tables.
        else if (begins && !sawPmt && payload.StartsWith((ReadOnlySpan<byte>)[0, 0, 1]))
            mediaFirst = true;
    }

    private void ReadPat(ReadOnlySpan<byte> payload)
    {
        var section = Section(payload);
        for (var at = 8; at + 4 <= section.Length - 4; at += 4)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(section[at..]) == 0)
                continue;
            pmtPid = BinaryPrimitives.ReadUInt16BigEndian(section[(at + 2)..]) & 0x1fff;
            sawPat = true;
            return;
        }
    }

    private void ReadPmt(ReadOnlySpan<byte> payload)
    {
        var section = Section(payload);
        if (section.Length < 16 || sawPmt)
            return;
        sawPmt = true;
        tablesFirst = sawPat && !mediaFirst;
        var at = 12 + (BinaryPrimitives.ReadUInt16BigEndian(section[10..]) & 0xfff);
        while (at + 5 <= section.Length - 4)
        {
            var type = section[at];
            var pid = BinaryPrimitives.ReadUInt16BigEndian(section[(at + 1)..]) & 0x1fff;
            // H.264 and HEVC; AAC in ADTS, AAC in LATM, MPEG audio, AC-3 and Enhanced AC-3 as HLS carries them.
            if (type is 0x1b or 0x24 && videoPid < 0)
                videoPid = pid;
            else if (type is 0x0f or 0x11 or 0x03 or 0x04 or 0x81 or 0x87 && audioPid < 0)
                (audioPid, adts) = (pid, type == 0x0f);
            at += 5 + (BinaryPrimitives.ReadUInt16BigEndian(section[(at + 3)..]) & 0xfff);
        }
    }

    /// <summary>The table behind its pointer field, cut to its own length; empty when it does not fit one packet.</summary>
    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> payload)
    {
        var start = 1 + payload[0];
        if (start + 3 > payload.Length)
            return default;
        var length = 3 + (BinaryPrimitives.ReadUInt16BigEndian(payload[(start + 1)..]) & 0xfff);
        return start + length <= payload.Length ? payload.Slice(start, length) : default;
    }

    private void ReadVideo(ReadOnlySpan<byte> payload, bool begins)
    {
        if (begins)
        {
            if (!TryReadPes(payload, out var pts, out payload))
                return;
            videoFrames++;
            videoFirst = Math.Min(videoFirst, pts);
            videoLast = Math.Max(videoLast, pts);
        }
        if (videoFrames == 1)
            firstPicture.Write(payload);
    }

    private void ReadAudio(ReadOnlySpan<byte> payload, bool begins)
    {
        if (begins)
        {
            if (!TryReadPes(payload, out var pts, out payload))
                return;
            audioPackets++;
            audioFirst = Math.Min(audioFirst, pts);
            audioLast = Math.Max(audioLast, pts);
        }
        if (audioPackets > 0)
            audioBytes.Write(payload);
    }

    private bool TryReadPes(ReadOnlySpan<byte> payload, out long pts, out ReadOnlySpan<byte> content)
    {
        pts = 0;
        content = default;
        if (payload.Length < 14 || payload[0] != 0 || payload[1] != 0 || payload[2] != 1 || (payload[7] & 0x80) == 0)
            return false;
        var begin = 9 + payload[8];
        if (begin > payload.Length)
            return false;
        content = payload[begin..];
        pts = TsTimestamps.ReadTime(payload[9..]);
        // 33 bits wrap after 26.5 hours: a time far below its predecessor lies beyond the wrap.
        if (lastPts >= 0 && lastPts - pts > MpegClock.Wrap / 2)
            pts += MpegClock.Wrap;
        lastPts = pts;
        return true;
    }

    private SegmentInspection Summary()
    {
        var (key, codec) = ReadFirstPicture();
        return new SegmentInspection(
            videoFrames > 0 ? new TrackTimes(videoFrames, videoFirst, videoLast) : null,
            audioPackets > 0 ? new TrackTimes(adts ? AdtsFrames.CountFrames(audioBytes.WrittenSpan) : audioPackets, audioFirst, audioLast) : null,
            key, tablesFirst, codec);
    }

    private (bool Key, string? Codec) ReadFirstPicture()
    {
        var bytes = firstPicture.WrittenSpan;
        string? codec = null;
        for (var at = 0; at + 6 < bytes.Length; at++)
        {
            if (bytes[at] != 0 || bytes[at + 1] != 0 || bytes[at + 2] != 1)
                continue;
            var kind = bytes[at + 3] & 0x1f;
            if (kind == 7)
                codec = SegmentInspection.NameAvc(bytes[(at + 4)..]);
            else if (kind is 1 or 2 or 5)
                return (kind == 5, codec);
        }
        return (false, codec);
    }
}
