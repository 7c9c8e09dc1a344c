namespace HlsGateway.Counting;

/// <summary>Where a player was when it made a request, as the player says.</summary>
/// <param name="AtMs">Unix time in milliseconds when the request arrived.</param>
/// <param name="Ms">Position on the content's timeline: the segment's start less the buffer ahead. Negative before the content: in a trailer that stands in front. Of a trailer segment: on the trailer's timeline, negative before it.</param>
/// <param name="RateHundredths">Playback rate.</param>
/// <param name="OfTrailer">The request was for the trailer.</param>
internal readonly record struct Playhead(long AtMs, int Ms, int RateHundredths, bool OfTrailer) : ITold<Playhead>
{
    /// <summary>The highest rate that is believed; a forger who claims more gains nothing.</summary>
    public const int Fastest = 400;

    /// <summary>Null where the request does not tell: no <c>bl</c>, or an empty buffer, which says only that the playhead is somewhere in this segment.</summary>
    public static Playhead? Of(in Hit hit)
    {
        if (hit is not { Rule: HitRule.Counted, Kind: HitKind.Content or HitKind.Trailer, Cmcd: { BufferMs: > 0 and var buffer } cmcd })
            return null;
        var rate = (int)Math.Clamp((cmcd.Rate ?? 1) * 100, 0, Fastest);
        return new Playhead(hit.AtMs, hit.StartMs - buffer, rate, hit.Kind == HitKind.Trailer);
    }

    /// <inheritdoc/>
    public static Comparer<Playhead> Order { get; } = Comparer<Playhead>.Create((a, b) => (a.AtMs, a.Ms, a.RateHundredths, a.OfTrailer).CompareTo((b.AtMs, b.Ms, b.RateHundredths, b.OfTrailer)));

    /// <summary>The position is a zigzag: it may be negative.</summary>
    public (uint Position, bool Mark) Stored => ((uint)((Ms << 1) ^ (Ms >> 31)), OfTrailer);

    /// <inheritdoc/>
    public static Playhead Restore(long atMs, int rateHundredths, uint position, bool mark) => new(atMs, (int)(position >> 1) ^ -(int)(position & 1), rateHundredths, mark);
}

/// <summary>The playheads of a session, by the gateway's clock, and what was played between them.</summary>
internal sealed class Playheads : ToldSet<Playhead>
{
    /// <summary>How much longer a step may be than the time it took: requests are late by that much, and <c>bl</c> is told in tenths of a second.</summary>
    private const int Jitter = 1000;

    /// <summary><c>bl</c> is rounded to it; a playhead may be that far ahead of what was played.</summary>
    public const int Rounding = 100;

    /// <summary>
    /// Media time of the content that was played: from each playhead to the next in time, where that lies ahead and no farther than the
    /// time between them allows. A step back or a leap is a seek, and nothing is known of what was played before it.
    /// </summary>
    /// <param name="contentEnd">Milliseconds: where a trailer behind the content begins.</param>
    /// <param name="trailerEnd">Milliseconds on the trailer's timeline: where the content begins behind a trailer in front.</param>
    public IntervalSet Played(int contentEnd, int trailerEnd) => On(IsInFront(trailerEnd) ? -trailerEnd : contentEnd, 0, contentEnd, withLeadingTrailer: false);

    /// <summary>The same of the trailer, on its timeline. What leads into it counts by the same rule, and so does what follows it.</summary>
    /// <inheritdoc cref="Played(int, int)" path="/param"/>
    public IntervalSet PlayedOfTrailer(int contentEnd, int trailerEnd) => On(0, IsInFront(trailerEnd) ? trailerEnd : -contentEnd, int.MaxValue, withLeadingTrailer: true);

    /// <summary>A request for content told of a playhead before it. Sessions that older versions merged last keep none of these.</summary>
    /// <param name="trailerEnd">0 where no trailer was handed out: then nobody has to look.</param>
    private bool IsInFront(int trailerEnd) => trailerEnd > 0 && All.Any(each => !each.OfTrailer && each.Ms < -Rounding);

    /// <param name="ofTrailer">Milliseconds from the beginning of the timeline that is asked for to that of the trailer.</param>
    /// <param name="ofContent">The same of the content.</param>
    /// <param name="most">Nothing is behind it.</param>
    /// <param name="withLeadingTrailer">Whether playheads on the trailer count before there is one on the content: where the trailer stands is not known then.</param>
    private IntervalSet On(int ofTrailer, int ofContent, int most, bool withLeadingTrailer)
    {
        var played = new IntervalSet();
        Playhead? before = null;
        var (from, to) = (0, 0);
        foreach (var each in All)
        {
            if (each.OfTrailer && before is null && !withLeadingTrailer)
                continue;
            var here = each with { Ms = (int)Math.Clamp((long)each.Ms + (each.OfTrailer ? ofTrailer : ofContent), int.MinValue, most) };
            if (before is { } last && here.Ms >= last.Ms - (2 * Rounding) && here.Ms - (long)last.Ms <= Reach(last, here))
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

    /// <inheritdoc cref="ToldSet{T}.AddFrom"/>
    public static Playheads FromBytes(ReadOnlySpan<byte> bytes)
    {
        var read = new Playheads();
        read.AddFrom(bytes);
        return read;
    }
}
