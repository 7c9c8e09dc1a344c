namespace HlsGateway.Counting;

/// <summary>An event report of a player (CTA-5004 version 2), as far as it tells what was played.</summary>
/// <param name="AtMs">Unix time in milliseconds of the event, by the player's clock (<c>ts</c>).</param>
/// <param name="Ms">Playhead on the content's timeline.</param>
/// <param name="RateHundredths">Playback rate.</param>
/// <param name="Plays">The player plays from this event on.</param>
internal readonly record struct PlayReport(long AtMs, int Ms, int RateHundredths, bool Plays) : ITold<PlayReport>
{
    /// <summary>Null unless it says when, where, and whether the player played.</summary>
    public static PlayReport? Of(in Hit hit) =>
        hit is { Rule: HitRule.Counted, Kind: HitKind.Report, Cmcd: { EventAtMs: { } at, PlayheadMs: not null, State.Length: > 0 } cmcd }
            ? new PlayReport(at, Math.Max(0, hit.StartMs), (int)Math.Clamp((cmcd.Rate ?? 1) * 100, 0, Playhead.Fastest), cmcd.State == "p")
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

    /// <inheritdoc cref="ToldSet{T}.AddFrom"/>
    public static PlayReports FromBytes(ReadOnlySpan<byte> bytes)
    {
        var read = new PlayReports();
        read.AddFrom(bytes);
        return read;
    }
}
