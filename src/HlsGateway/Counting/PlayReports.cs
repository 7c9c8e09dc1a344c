namespace HlsGateway.Counting;

/// <summary>An event report of a player (CTA-5004 version 2), as far as it tells what was played.</summary>
/// <param name="AtMs">Unix time in milliseconds of the event, by the player's clock (<c>ts</c>).</param>
/// <param name="Ms">Playhead on the content's timeline; negative in a trailer that stands in front.</param>
/// <param name="RateHundredths">Playback rate.</param>
/// <param name="Plays">The player plays from this event on.</param>
internal readonly record struct PlayReport(long AtMs, int Ms, int RateHundredths, bool Plays) : ITold<PlayReport>
{
    /// <summary>Null unless it says when, where, and whether the player played.</summary>
    public static PlayReport? Of(in Hit hit) =>
        hit is { Rule: HitRule.Counted, Kind: HitKind.Report, Cmcd: { EventAtMs: { } at, PlayheadMs: not null, State.Length: > 0 } cmcd }
            ? new PlayReport(at, hit.StartMs - hit.DurationMs, (int)Math.Clamp((cmcd.Rate ?? 1) * 100, 0, Playhead.Fastest), cmcd.State == "p")
            : null;

    /// <inheritdoc/>
    public static Comparer<PlayReport> Order { get; } = Comparer<PlayReport>.Create((a, b) => (a.AtMs, a.Ms, a.RateHundredths, a.Plays).CompareTo((b.AtMs, b.Ms, b.RateHundredths, b.Plays)));

    /// <inheritdoc/>
    public (uint Position, bool Mark) Stored => ((uint)Ms, Plays);

    /// <inheritdoc/>
    public static PlayReport Restore(long atMs, int rateHundredths, uint position, bool mark) => new(atMs, (int)position, rateHundredths, mark);
}

/// <summary>The event reports of a session, by the player's clock, and what was played between them.</summary>
internal sealed class PlayReports : ToldSet<PlayReport>
{
    /// <summary>How much longer a step may be than the time it took: a page reads the playhead only a few times a second.</summary>
    private const int Slack = 500;

    /// <summary>How far the player's timeline and the playlist's may be apart where content and trailer meet.</summary>
    private const int Seam = 500;

    /// <summary>Media time between each report of a player that plays and the next, where that lies ahead and no farther than the time between them allows.</summary>
    public IntervalSet Played()
    {
        var played = new IntervalSet();
        PlayReport? before = null;
        foreach (var each in All)
        {
            if (before is { Plays: true } last && each.Ms - last.Ms <= ((each.AtMs - last.AtMs) * Math.Max(last.RateHundredths, each.RateHundredths) / 100) + Slack)
                played.Add(last.Ms, each.Ms);
            before = each;
        }
        return played;
    }

    /// <summary>
    /// What of it was the trailer, on the trailer's timeline: what lies before the content, where the trailer ends, or behind it, where it
    /// begins. Half a second at the seam is left out on either side, so that no content is taken for a trailer.
    /// </summary>
    /// <param name="played">On the content's timeline.</param>
    /// <param name="contentEnd">Milliseconds.</param>
    /// <param name="trailerEnd">Milliseconds on the trailer's timeline.</param>
    public static IntervalSet OfTrailer(IntervalSet played, int contentEnd, int trailerEnd)
    {
        var trailer = new IntervalSet();
        foreach (var (start, end) in played.Intervals)
        {
            trailer.Add(Within(start + (long)trailerEnd), Within(Math.Min(end, -Seam) + (long)trailerEnd));
            trailer.Add(Within(Math.Max(start, (long)contentEnd + Seam) - contentEnd), Within((long)end - contentEnd));
        }
        return trailer;

        static int Within(long ms) => (int)Math.Clamp(ms, 0, int.MaxValue);
    }

    /// <inheritdoc cref="ToldSet{T}.AddFrom"/>
    public static PlayReports FromBytes(ReadOnlySpan<byte> bytes)
    {
        var read = new PlayReports();
        read.AddFrom(bytes);
        return read;
    }
}
