using System.Buffers.Binary;
using System.Numerics;

namespace HlsGateway.Content;

/// <summary>Reads an fMP4 segment behind its initialization section (ISO/IEC 14496-12) as far as rules S2 and W2 ask.</summary>
internal static class Fmp4Segment
{
    private sealed class Track
    {
        public uint Timescale { get; set; }

        public bool IsVideo { get; set; }

        public uint DefaultDuration { get; set; }

        public uint DefaultFlags { get; set; }

        public int Frames { get; set; }

        public long FirstPts { get; set; } = long.MaxValue;

        public long LastPts { get; set; } = long.MinValue;

        public bool? BeginsWithSync { get; set; }

        public TrackTimes Times => new(Frames, Scale(FirstPts), Scale(LastPts));

        /// <exception cref="OverflowException">The time is no time of a stream.</exception>
        private long Scale(long time) => (long)decimal.Round((decimal)time * 90_000 / Timescale);
    }

    private delegate void BoxReader(uint type, ReadOnlySpan<byte> body);

    /// <summary>False when the initialization section names no track, or the segment holds no frame of one.</summary>
    public static bool TryInspect(ReadOnlySpan<byte> init, ReadOnlySpan<byte> segment, out SegmentInspection? inspection)
    {
        inspection = null;
        var tracks = new Dictionary<uint, Track>();
        string? codec = null;
        try
        {
            Walk(init, (type, moov) =>
            {
                if (type == Box("moov"))
                    ReadMovie(moov, tracks, ref codec);
            });
            Walk(segment, (type, moof) =>
            {
                if (type == Box("moof"))
                    Walk(moof, (inner, traf) =>
                    {
                        if (inner == Box("traf"))
                            ReadFragment(traf, tracks);
                    });
            });
            var video = tracks.Values.FirstOrDefault(t => t is { IsVideo: true, Frames: > 0 });
            var audio = tracks.Values.FirstOrDefault(t => t is { IsVideo: false, Frames: > 0 });
            if (video is null && audio is null)
                return false;
            inspection = new SegmentInspection(video?.Times, audio?.Times, video?.BeginsWithSync ?? false, BeginsWithTables: true, codec);
            return true;
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            // A box that is cut short, or a time beyond what 90 kHz can count.
            return false;
        }
    }

    private static void ReadMovie(ReadOnlySpan<byte> moov, Dictionary<uint, Track> tracks, ref string? codec)
    {
        var found = codec;
        Walk(moov, (type, body) =>
        {
            if (type == Box("trak"))
                ReadTrack(body, tracks, ref found);
        });
        Walk(moov, (type, body) =>
        {
            if (type == Box("mvex"))
                Walk(body, (inner, trex) =>
                {
                    if (inner == Box("trex") && tracks.TryGetValue(U32(trex[4..]), out var track))
                        (track.DefaultDuration, track.DefaultFlags) = (U32(trex[12..]), U32(trex[20..]));
                });
        });
        codec = found;
    }

    private static void ReadTrack(ReadOnlySpan<byte> trak, Dictionary<uint, Track> tracks, ref string? codec)
    {
        var track = new Track();
        uint id = 0;
        var known = false;
        var found = codec;
        Walk(trak, (type, body) =>
        {
            if (type == Box("tkhd"))
                id = U32(body[(body[0] == 1 ? 20 : 12)..]);
            if (type != Box("mdia"))
                return;
            Walk(body, (inner, box) =>
            {
                if (inner == Box("mdhd"))
                    track.Timescale = U32(box[(box[0] == 1 ? 20 : 12)..]);
                else if (inner == Box("hdlr"))
                    (track.IsVideo, known) = (U32(box[8..]) == Box("vide"), U32(box[8..]) == Box("vide") || U32(box[8..]) == Box("soun"));
                else if (inner == Box("minf") && box.IndexOf("avcC"u8) is var at && at >= 0)
                    found = SegmentInspection.NameAvc(box[(at + 5)..]);
            });
        });
        codec = found;
        if (known && track.Timescale > 0)
            tracks[id] = track;
    }

    private static void ReadFragment(ReadOnlySpan<byte> traf, Dictionary<uint, Track> tracks)
    {
        Track? track = null;
        uint duration = 0, flags = 0;
        long time = 0;
        Walk(traf, (type, body) =>
        {
            if (type == Box("tfhd") && tracks.TryGetValue(U32(body[4..]), out track))
                (duration, flags) = ReadHeader(body, track);
            else if (type == Box("tfdt"))
                time = body[0] == 1 ? (long)BinaryPrimitives.ReadUInt64BigEndian(body[4..]) : U32(body[4..]);
            else if (type == Box("trun") && track is not null)
                time = ReadRun(body, track, duration, flags, time);
        });
    }

    private static (uint Duration, uint Flags) ReadHeader(ReadOnlySpan<byte> tfhd, Track track)
    {
        var present = U32(tfhd) & 0xffffff;
        var at = 8;
        if ((present & 0x1) != 0)
            at += 8;
        if ((present & 0x2) != 0)
            at += 4;
        var (duration, flags) = (track.DefaultDuration, track.DefaultFlags);
        if ((present & 0x8) != 0)
        {
            duration = U32(tfhd[at..]);
            at += 4;
        }
        if ((present & 0x10) != 0)
            at += 4;
        if ((present & 0x20) != 0)
            flags = U32(tfhd[at..]);
        return (duration, flags);
    }

    private static long ReadRun(ReadOnlySpan<byte> trun, Track track, uint defaultDuration, uint defaultFlags, long time)
    {
        var present = U32(trun) & 0xffffff;
        var count = U32(trun[4..]);
        var at = 8 + ((present & 0x1) != 0 ? 4 : 0);
        uint? first = null;
        if ((present & 0x4) != 0)
        {
            first = U32(trun[at..]);
            at += 4;
        }
        var perFrame = BitOperations.PopCount(present & 0xf00) * 4;
        if (perFrame == 0)
            return time + ReadAlike(track, count, defaultDuration, first ?? defaultFlags, time);
        // Sizes are passed over unread: without this, a number that the file makes up would be counted to.
        if (count * (long)perFrame > trun.Length - at)
            throw new ArgumentOutOfRangeException(nameof(trun), "A run of frames is longer than its box.");
        for (var k = 0u; k < count; k++)
        {
            var duration = defaultDuration;
            var flags = defaultFlags;
            var offset = 0;
            if ((present & 0x100) != 0)
                (duration, at) = (U32(trun[at..]), at + 4);
            if ((present & 0x200) != 0)
                at += 4;
            if ((present & 0x400) != 0)
                (flags, at) = (U32(trun[at..]), at + 4);
            if ((present & 0x800) != 0)
                (offset, at) = ((int)U32(trun[at..]), at + 4);
            if (k == 0 && first is { } special)
                flags = special;
            track.BeginsWithSync ??= (flags & 0x10000) == 0;
            track.Frames++;
            track.FirstPts = Math.Min(track.FirstPts, time + offset);
            track.LastPts = Math.Max(track.LastPts, time + offset);
            time += duration;
        }
        return time;
    }

    /// <summary>Frames of which nothing is told singly. Their number is the file's word alone, and may be four billion: they are not counted one by one.</summary>
    /// <returns>How long they last together.</returns>
    private static long ReadAlike(Track track, uint count, uint duration, uint flagsOfFirst, long time)
    {
        if (count == 0)
            return 0;
        track.BeginsWithSync ??= (flagsOfFirst & 0x10000) == 0;
        track.Frames = (int)Math.Min(int.MaxValue, (long)track.Frames + count);
        track.FirstPts = Math.Min(track.FirstPts, time);
        track.LastPts = Math.Max(track.LastPts, time + ((count - 1) * (long)duration));
        return count * (long)duration;
    }

    private static void Walk(ReadOnlySpan<byte> bytes, BoxReader read)
    {
        while (bytes.Length >= 8)
        {
            long size = U32(bytes);
            var header = 8;
            if (size == 1 && bytes.Length >= 16)
                (size, header) = ((long)BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), 16);
            else if (size == 0)
                size = bytes.Length;
            if (size < header)
                return;
            var type = U32(bytes[4..]);
            // A bounded prefix may cut the last box (the media data) short; its header was all that is asked of it.
            if (size > bytes.Length)
                return;
            read(type, bytes[header..(int)size]);
            bytes = bytes[(int)size..];
        }
    }

    private static uint Box(string name) => ((uint)name[0] << 24) | ((uint)name[1] << 16) | ((uint)name[2] << 8) | name[3];

    private static uint U32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
