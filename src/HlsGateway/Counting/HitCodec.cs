using System.Buffers.Binary;
using System.Text;

namespace HlsGateway.Counting;

/// <summary>
/// The requests of one commit as one blob. Layout: version byte 3; varint count; then per hit 16 bytes session (big endian), one
/// byte each for kind (its high bit: asked for with a Range), rule and player, 4 bytes trailer (big endian), varints for start, duration and the zigzag difference of the
/// time to the hit before, then video and path as varint length and UTF-8 (length 0 for the video: the same as before),
/// then CMCD in the same way (length 0: none). Version 2, which older outboxes may hold, has no Range, and version 1 no CMCD either.
/// </summary>
internal static class HitCodec
{
    /// <summary>Longest video id or path that is kept, in UTF-16 units; what is longer is cut.</summary>
    public const int LongestText = 512;

    private const byte Version = 3;
    private const byte WithoutRange = 2;
    private const byte WithoutCmcd = 1;
    private const byte Ranged = 0x80;

    /// <summary>Appends the hits to <paramref name="buffer"/>, which grows as needed, and returns the new length.</summary>
    public static int Write(ref byte[] buffer, int length, ReadOnlySpan<Hit> hits, ref string video, ref long at)
    {
        foreach (ref readonly var hit in hits)
        {
            // 16 + 3 + 4 fixed, six varints of 10 at most, three texts of 3 bytes a unit at most.
            var most = length + 23 + 60 + (9 * LongestText);
            if (buffer.Length < most)
                Array.Resize(ref buffer, Math.Max(most, buffer.Length * 2));
            var to = buffer.AsSpan(length);
            hit.Session.TryWriteBytes(to, bigEndian: true, out _);
            to[16] = (byte)((byte)hit.Kind | (hit.Ranged ? Ranged : 0));
            to[17] = (byte)hit.Rule;
            to[18] = (byte)hit.Player;
            BinaryPrimitives.WriteUInt32BigEndian(to[19..], hit.Trailer);
            var used = 23;
            used += Varint.Write(to[used..], (uint)Math.Max(0, hit.StartMs));
            used += Varint.Write(to[used..], (uint)Math.Max(0, hit.DurationMs));
            var since = hit.AtMs - at;
            used += Varint.Write(to[used..], (ulong)((since << 1) ^ (since >> 63)));
            at = hit.AtMs;
            var same = ReferenceEquals(hit.Video, video) || hit.Video == video;
            used += WriteText(to[used..], same ? "" : hit.Video);
            if (hit.Video.Length > 0)
                video = hit.Video;
            used += WriteText(to[used..], hit.Path);
            used += WriteText(to[used..], hit.Cmcd?.ToString() ?? "");
            length += used;
        }
        return length;
    }

    public static int WriteHeader(ref byte[] buffer, int count)
    {
        buffer[0] = Version;
        return 1 + Varint.Write(buffer.AsSpan(1), (uint)count);
    }

    /// <exception cref="InvalidDataException">The blob is not one of ours, or damaged.</exception>
    /// <param name="into">Filled anew with the requests, where one is given.</param>
    public static List<Hit> Read(ReadOnlySpan<byte> blob, TextPool texts, List<Hit>? into = null)
    {
        if (blob.IsEmpty || blob[0] is not (Version or WithoutRange or WithoutCmcd))
            throw new InvalidDataException("A batch of the ledger has a layout that this version does not know.");
        var withCmcd = blob[0] != WithoutCmcd;
        blob = blob[1..];
        var count = Varint.Read(ref blob);
        var hits = into ?? [];
        hits.Clear();
        hits.EnsureCapacity((int)Math.Min(count, 65_536));
        var (video, at) = ("", 0L);
        for (var i = 0u; i < count; i++)
        {
            if (blob.Length < 23)
                throw new InvalidDataException("A batch of the ledger is cut off.");
            var session = new Guid(blob[..16], bigEndian: true);
            var (kind, ranged, rule, player) = ((HitKind)(blob[16] & ~Ranged), (blob[16] & Ranged) != 0, (HitRule)blob[17], (PlayerFamily)blob[18]);
            var trailer = BinaryPrimitives.ReadUInt32BigEndian(blob[19..]);
            blob = blob[23..];
            var start = (int)Varint.Read(ref blob);
            var duration = (int)Varint.Read(ref blob);
            var since = Varint.ReadLong(ref blob);
            at += (long)(since >> 1) ^ -(long)(since & 1);
            if (ReadText(ref blob, texts) is { Length: > 0 } other)
                video = other;
            var path = ReadText(ref blob, texts);
            var cmcd = withCmcd && ReadText(ref blob, null) is { Length: > 0 } told ? Cmcd.Parse(told) : null;
            hits.Add(new Hit(session, video, path, kind, rule, start, duration, at, trailer, player) { Cmcd = cmcd, Ranged = ranged });
        }
        return hits;
    }

    private static int WriteText(Span<byte> to, string text)
    {
        var kept = text.AsSpan(0, Math.Min(text.Length, LongestText));
        var bytes = Encoding.UTF8.GetByteCount(kept);
        var used = Varint.Write(to, (uint)bytes);
        return used + Encoding.UTF8.GetBytes(kept, to[used..]);
    }

    private static string ReadText(ref ReadOnlySpan<byte> blob, TextPool? texts)
    {
        var length = Varint.Read(ref blob);
        if (length > blob.Length)
            throw new InvalidDataException("A batch of the ledger is cut off.");
        var text = texts is null ? Encoding.UTF8.GetString(blob[..(int)length]) : texts.Get(blob[..(int)length]);
        blob = blob[(int)length..];
        return text;
    }
}
