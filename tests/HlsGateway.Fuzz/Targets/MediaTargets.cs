using System.Buffers.Binary;
using HlsGateway.Content;
using HlsGateway.Transcoding;

namespace HlsGateway.Fuzz.Targets;

/// <summary>Bytes of segments and of uploads: read as far as they make sense, refused otherwise, and moved in time only where moving back restores them.</summary>
internal static class MediaTargets
{
    private const long Hour = 90_000L * 3600;

    public static FuzzTarget Ts() => new("ts", input =>
    {
        TsSegment.TryInspect(input, out _);
        Moved(input, TsTimestamps.Shift);
    }, () => [], ["\u0047", "\0\0\u0001", "\0\0\u0001\u0065", "\u0047\u0040\0\u0010"]);

    /// <summary>The first two bytes say where the initialization section ends.</summary>
    public static FuzzTarget Fmp4() => new("fmp4", input =>
    {
        if (input.Length < 2)
            return;
        var rest = input[2..];
        var init = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(input), rest.Length);
        Fmp4Segment.TryInspect(rest[..init], rest[init..], out _);
    }, () => [], ["moov", "trak", "mdia", "mdhd", "hdlr", "minf", "stbl", "stsd", "avc1", "avcC", "mp4a", "mvex", "trex", "moof", "traf", "tfhd", "tfdt", "trun", "vide", "soun", "mdat", "styp", "sidx"]);

    public static FuzzTarget Adts() => new("adts", input =>
    {
        AdtsFrames.TryInspect(input, out _);
        AdtsFrames.CountFrames(input);
        AdtsFrames.Cut(input, [0, 1, 2], 48_000, 900_000);
        if (AdtsFrames.ReadTimestamp(input) is not null)
            Moved(input, AdtsFrames.Shift);
    }, () => [], ["ID3", "PRIV", "com.apple.streaming.transportStreamTimestamp\0"]);

    public static FuzzTarget Mp4Front() => new("mp4", static input =>
    {
        if (Transcoding.Mp4Front.Seconds(input) is { } seconds)
            FuzzException.Unless(double.IsFinite(seconds) && seconds >= 0, $"A film of {seconds} seconds.");
    }, () => [], ["ftyp", "free", "moov", "mvhd", "uuid", "wide", "mdat"]);

    private delegate void Shift(Span<byte> segment, long ticks);

    private static void Moved(ReadOnlySpan<byte> input, Shift shift)
    {
        var bytes = input.ToArray();
        try
        {
            shift(bytes, Hour);
            shift(bytes, -Hour);
        }
        catch (FormatException)
        {
            return;
        }

        var once = bytes.ToArray();
        shift(bytes, Hour);
        shift(bytes, -Hour);
        // Marker bits that were not as the standard says are set at the first move; from then on nothing else changes.
        FuzzException.Unless(bytes.AsSpan().SequenceEqual(once), "Moved there and back it is not what it was.");
    }
}
