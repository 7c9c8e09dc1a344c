namespace HlsGateway.Counting;

/// <summary>Where a player was when it made a request, by its own word.</summary>
/// <param name="AtMs">Unix time in milliseconds when the request arrived.</param>
/// <param name="Ms">Position on the content's timeline: the segment's start less the buffer ahead. Of a trailer segment: from the content's end on, negative before it.</param>
/// <param name="RateHundredths">Playback rate.</param>
/// <param name="OfTrailer">The request was for the trailer.</param>
public readonly record struct Playhead(long AtMs, int Ms, int RateHundredths, bool OfTrailer)
{
    /// <summary>The fastest that anybody watches; a forger who claims more gains nothing by it.</summary>
    public const int Fastest = 400;

    /// <summary>Null where the request does not tell: no <c>bl</c>, or an empty buffer, which says only that the playhead is somewhere in this segment.</summary>
    public static Playhead? Of(in Hit hit)
    {
        if (hit is not { Rule: HitRule.Counted, Kind: HitKind.Content or HitKind.Trailer, Cmcd: { BufferMs: > 0 and var buffer } cmcd }) return null;
        var rate = (int)Math.Clamp((cmcd.Rate ?? 1) * 100, 0, Fastest);
        var trailer = hit.Kind == HitKind.Trailer;
        return new Playhead(hit.AtMs, trailer ? hit.StartMs - buffer : Math.Max(0, hit.StartMs - buffer), rate, trailer);
    }

    /// <summary>By time, and where that is the same by the rest, so that a set has one order.</summary>
    public static Comparer<Playhead> Order { get; } = Comparer<Playhead>.Create((a, b) => (a.AtMs, a.Ms, a.RateHundredths, a.OfTrailer).CompareTo((b.AtMs, b.Ms, b.RateHundredths, b.OfTrailer)));
}

/// <summary>
/// The playheads of a session as a set, earliest first, and what was played between them. Of more than <see cref="Most"/> the
/// earliest are kept, so what is kept depends on the set and never on the order in which it came.
/// </summary>
/// <remarks>Stored as varints per playhead: time since the one before, zigzag position, rate times two plus one for the trailer.</remarks>
public sealed class Playheads
{
    /// <summary>A film of four and a half hours in segments of 4 s.</summary>
    public const int Most = 4096;

    /// <summary>What a step may be longer than the time it took: requests are late by that much, and <c>bl</c> is told in tenths of a second.</summary>
    private const int Jitter = 1000;

    /// <summary><c>bl</c> is rounded to it; by so much a playhead may be ahead of what was played.</summary>
    private const int Rounding = 100;

    private readonly SortedSet<Playhead> all = new(Playhead.Order);

    public bool IsEmpty => all.Count == 0;

    /// <summary>Playback rate in hundredths; 100 while nobody told a higher one.</summary>
    public int Fastest => IsEmpty ? 100 : Math.Max(100, all.Max(playhead => playhead.RateHundredths));

    public void Add(Playhead playhead)
    {
        all.Add(playhead);
        if (all.Count > Most) all.Remove(all.Max);
    }

    /// <summary>
    /// Media time that was played: from each playhead to the next in time, where that lies ahead and no farther than the time
    /// between them allows. A step back or a leap is a seek, and nothing is known of what was played before it.
    /// </summary>
    /// <param name="contentEnd">Milliseconds: where the trailer follows the content.</param>
    public IntervalSet Played(int contentEnd)
    {
        var played = new IntervalSet();
        Playhead? before = null;
        var (from, to) = (0, 0);
        foreach (var each in all)
        {
            // A trailer in front of the content tells nothing of the content.
            if (each.OfTrailer && before is null) continue;
            var here = each with { Ms = (int)Math.Clamp(each.OfTrailer ? (long)contentEnd + each.Ms : each.Ms, 0, contentEnd) };
            if (before is { } last && here.Ms >= last.Ms - (2 * Rounding) && here.Ms - last.Ms <= Reach(last, here))
            {
                to = Math.Max(to, here.Ms);
            }
            else
            {
                played.Add(from, to - Rounding);
                (from, to) = (here.Ms, here.Ms);
            }
            before = here;
        }
        played.Add(from, to - Rounding);
        return played;
    }

    private static long Reach(Playhead last, Playhead here) => ((here.AtMs - last.AtMs) * Math.Max(last.RateHundredths, here.RateHundredths) / 100) + Jitter;

    public byte[] ToBytes()
    {
        Span<byte> one = stackalloc byte[30];
        using var bytes = new MemoryStream();
        var at = 0L;
        foreach (var playhead in all)
        {
            var length = Varint.Write(one, (ulong)(playhead.AtMs - at));
            length += Varint.Write(one[length..], (uint)((playhead.Ms << 1) ^ (playhead.Ms >> 31)));
            length += Varint.Write(one[length..], (uint)((playhead.RateHundredths * 2) + (playhead.OfTrailer ? 1 : 0)));
            bytes.Write(one[..length]);
            at = playhead.AtMs;
        }
        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no set of playheads.</exception>
    public static Playheads FromBytes(ReadOnlySpan<byte> bytes)
    {
        var read = new Playheads();
        var at = 0L;
        while (!bytes.IsEmpty)
        {
            at += (long)Varint.ReadLong(ref bytes);
            var ms = Varint.Read(ref bytes);
            var rate = Varint.Read(ref bytes);
            read.Add(new Playhead(at, (int)(ms >> 1) ^ -(int)(ms & 1), (int)(rate >> 1), (rate & 1) != 0));
        }
        return read;
    }
}
