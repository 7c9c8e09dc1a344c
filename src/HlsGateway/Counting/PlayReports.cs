namespace HlsGateway.Counting;

/// <summary>An event report of a player (CTA-5004 version 2), as far as it tells what was played.</summary>
/// <param name="AtMs">Unix time in milliseconds of the event, by the player's clock (<c>ts</c>).</param>
/// <param name="Ms">Playhead on the content's timeline.</param>
/// <param name="RateHundredths">Playback rate.</param>
/// <param name="Plays">The player plays from this event on.</param>
public readonly record struct PlayReport(long AtMs, int Ms, int RateHundredths, bool Plays)
{
    /// <summary>Null where it does not tell all of when, where and whether.</summary>
    public static PlayReport? Of(in Hit hit) =>
        hit is { Rule: HitRule.Counted, Kind: HitKind.Report, Cmcd: { EventAtMs: { } at, PlayheadMs: not null, State.Length: > 0 } cmcd }
            ? new PlayReport(at, Math.Max(0, hit.StartMs), (int)Math.Clamp((cmcd.Rate ?? 1) * 100, 0, Playhead.Fastest), cmcd.State == "p")
            : null;

    /// <summary>By time, and where that is the same by the rest, so that a set has one order.</summary>
    public static Comparer<PlayReport> Order { get; } = Comparer<PlayReport>.Create((a, b) => (a.AtMs, a.Ms, a.RateHundredths, a.Plays).CompareTo((b.AtMs, b.Ms, b.RateHundredths, b.Plays)));
}

/// <summary>
/// The event reports of a session as a set, by the player's clock: one that was sent twice, late or to another gateway is there
/// once and in its place. Of more than <see cref="Most"/> the earliest are kept, as with <see cref="Playheads"/>.
/// </summary>
/// <remarks>Stored as varints per report: time since the one before, playhead, rate times two plus one while it plays.</remarks>
public sealed class PlayReports
{
    /// <summary>A film of four and a half hours with a report every 4 s.</summary>
    public const int Most = 4096;

    /// <summary>What a step may be longer than the time it took: a page notes the playhead a few times a second.</summary>
    private const int Slack = 500;

    private readonly SortedSet<PlayReport> all = new(PlayReport.Order);

    public bool IsEmpty => all.Count == 0;

    /// <summary>Playback rate in hundredths; 100 while nobody told a higher one.</summary>
    public int Fastest => IsEmpty ? 100 : Math.Max(100, all.Max(report => report.RateHundredths));

    public void Add(PlayReport report)
    {
        all.Add(report);
        if (all.Count > Most) all.Remove(all.Max);
    }

    /// <summary>Media time between each report of a player that plays and the next, where that lies ahead and no farther than the time between them allows.</summary>
    public IntervalSet Played()
    {
        var played = new IntervalSet();
        PlayReport? before = null;
        foreach (var each in all)
        {
            if (before is { Plays: true } last && each.Ms - last.Ms <= ((each.AtMs - last.AtMs) * Math.Max(last.RateHundredths, each.RateHundredths) / 100) + Slack)
                played.Add(last.Ms, each.Ms);
            before = each;
        }
        return played;
    }

    public byte[] ToBytes()
    {
        Span<byte> one = stackalloc byte[30];
        using var bytes = new MemoryStream();
        var at = 0L;
        foreach (var report in all)
        {
            var length = Varint.Write(one, (ulong)(report.AtMs - at));
            length += Varint.Write(one[length..], (uint)report.Ms);
            length += Varint.Write(one[length..], (uint)((report.RateHundredths * 2) + (report.Plays ? 1 : 0)));
            bytes.Write(one[..length]);
            at = report.AtMs;
        }
        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no set of reports.</exception>
    public static PlayReports FromBytes(ReadOnlySpan<byte> bytes)
    {
        var read = new PlayReports();
        var at = 0L;
        while (!bytes.IsEmpty)
        {
            at += (long)Varint.ReadLong(ref bytes);
            var ms = (int)Varint.Read(ref bytes);
            var rate = Varint.Read(ref bytes);
            read.Add(new PlayReport(at, ms, (int)(rate >> 1), (rate & 1) != 0));
        }
        return read;
    }
}
