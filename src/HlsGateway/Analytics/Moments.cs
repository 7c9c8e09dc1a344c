using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>What stands out in a curve.</summary>
internal enum MomentKind
{
    /// <summary>How many are still there a few seconds after the start.</summary>
    Intro,

    /// <summary>A stretch that more sessions fetched than one before it: people go there.</summary>
    Top,

    /// <summary>A stretch that is fetched again more often than the rest.</summary>
    Spike,

    /// <summary>A stretch in which more sessions left than elsewhere.</summary>
    Dip,
}

/// <param name="ToSecond">Exclusive.</param>
/// <param name="Sessions">intro, top: sessions that have it; spike: how often it was fetched again, mean of its seconds; dip: sessions that left in it.</param>
/// <param name="Of">intro, top: all sessions to which content was handed out; spike: sessions that have it, mean of its seconds; dip: sessions that had not left before it.</param>
/// <param name="Share">sessions divided by of.</param>
/// <param name="UsualLow">Of ten comparable videos one in ten has less there; null where there are fewer than three to compare with.</param>
/// <param name="UsualHigh">One in ten has more.</param>
internal sealed record Moment(MomentKind Kind, int FromSecond, int ToSecond, long Sessions, long Of, double Share, double? UsualLow, double? UsualHigh);

/// <summary>
/// Finds what stands out in a retention curve, and says nothing where it may be chance. A rate (of those still there, how many left within
/// three seconds; of those who have a second, how many fetched it again) stands out where the lower end of its Wilson interval is above what
/// the rest of the video has, and above what is usual in comparable videos at that place.
/// </summary>
internal static class Moments
{
    /// <summary>Fewer sessions say nothing.</summary>
    public const int Needed = 20;

    /// <summary>Seconds that are looked at together.</summary>
    private const int Window = 3;

    /// <summary>Standard deviations that an interval is wide to each side: each second is a chance to be wrong, and there are many.</summary>
    private const double Width = 4;

    /// <summary>So much more than the rest of the video a rate must be for sure.</summary>
    private const double Beyond = 1.25;

    /// <summary>What is rarer stands out for nobody.</summary>
    private const double LeastRate = 0.03;
    private const int LeastEvents = 5;

    /// <summary>The likeliest places are looked at closely.</summary>
    private const int Candidates = 20;

    /// <summary>Comparable videos without which nothing is called usual.</summary>
    private const int FewestOthers = 3;

    /// <summary>Seconds at which somebody left, without which no one of them stands out.</summary>
    private const int FewestPlaces = 3;

    private static readonly int[] Starts = [3, 10];

    /// <summary>Sessions to which any content was handed out: each left somewhere.</summary>
    public static long SessionsOf(IReadOnlyList<RetentionPoint> curve) => curve.Sum(point => point.Left);

    /// <param name="curve">To the content's end.</param>
    /// <param name="others">Curves of comparable videos.</param>
    public static List<Moment> Of(IReadOnlyList<RetentionPoint> curve, IReadOnlyList<IReadOnlyList<RetentionPoint>> others)
    {
        var sessions = SessionsOf(curve);
        if (sessions < Needed)
            return [];
        others = [.. others.Where(other => other.Count > 2 * Window && SessionsOf(other) >= Needed)];
        return [.. Intros(curve, sessions, others), .. Top(curve, sessions, others), .. Spike(curve, others), .. Dip(curve, others)];
    }

    /// <summary>The Wilson score interval of a share: where the true one lies, <paramref name="width"/> standard deviations to each side.</summary>
    internal static (double Low, double High) Wilson(double events, double of, double width)
    {
        if (of <= 0)
            return (0, 1);
        var (share, square) = (Math.Min(1, events / of), width * width);
        var (middle, half) = (share + (square / (2 * of)), width * Math.Sqrt((share * (1 - share) / of) + (square / (4 * of * of))));
        return (Math.Max(0, (middle - half) / (1 + (square / of))), Math.Min(1, (middle + half) / (1 + (square / of))));
    }

    private static IEnumerable<Moment> Intros(IReadOnlyList<RetentionPoint> curve, long sessions, IReadOnlyList<IReadOnlyList<RetentionPoint>> others)
    {
        foreach (var second in Starts)
        {
            // Where all are still there, there is nothing to tell.
            if (second >= curve.Count || curve[second].Sessions >= sessions)
                continue;
            var usual = Band([.. others.Where(other => other.Count > second).Select(other => (double)other[second].Sessions / SessionsOf(other))]);
            yield return Told(MomentKind.Intro, 0, second, curve[second].Sessions, sessions, usual);
        }
    }

    private static IEnumerable<Moment> Top(IReadOnlyList<RetentionPoint> curve, long sessions, IReadOnlyList<IReadOnlyList<RetentionPoint>> others)
    {
        double Mean(IReadOnlyList<RetentionPoint> of, int at) => Enumerable.Range(at, Window).Average(second => (double)of[second].Sessions);
        var (best, least, rise, lowest) = (-1, 0.0, 0.0, double.MaxValue);
        for (var at = Window; at <= curve.Count - Window; at++)
        {
            lowest = Math.Min(lowest, Mean(curve, at - Window));
            if (Mean(curve, at) - lowest > rise)
                (best, least, rise) = (at, lowest, Mean(curve, at) - lowest);
        }
        if (best < 0 || Wilson(least + rise, sessions, Width).Low <= Wilson(least, sessions, Width).High)
            yield break;
        var (from, to) = Around(curve.Count, best, second => curve[second].Sessions - least);
        var mean = (long)Math.Round(Enumerable.Range(from, to - from).Average(second => (double)curve[second].Sessions));
        yield return Told(MomentKind.Top, from, to, mean, sessions, Band([.. others.Select(other => Mean(other, Place(best, curve, other)) / SessionsOf(other))]));
    }

    private static IEnumerable<Moment> Spike(IReadOnlyList<RetentionPoint> curve, IReadOnlyList<IReadOnlyList<RetentionPoint>> others)
    {
        if (curve.Any(point => point.Plays is null))
            yield break;
        static (double Events, double Of) Rate(IReadOnlyList<RetentionPoint> of, int at, int end)
        {
            var (again, has) = (0.0, 0.0);
            for (var second = at; second < end; second++) (again, has) = (again + Math.Max(0, (of[second].Plays ?? 0) - of[second].Sessions), has + of[second].Sessions);
            return (again / (end - at), has / (end - at));
        }

        if (Outlier(curve, others, curve.Count - Window, Rate) is not var (at, usual))
            yield break;
        var (from, to) = Around(curve.Count, at, second => Rate(curve, second, second + 1) is var (events, of) && of > 0 ? events / of : 0);
        var (again, has) = Rate(curve, from, to);
        yield return Told(MomentKind.Spike, from, to, (long)Math.Round(again), (long)Math.Round(has), usual);
    }

    private static IEnumerable<Moment> Dip(IReadOnlyList<RetentionPoint> curve, IReadOnlyList<IReadOnlyList<RetentionPoint>> others)
    {
        var there = new Dictionary<IReadOnlyList<RetentionPoint>, long[]>(ReferenceEqualityComparer.Instance);
        foreach (var one in others.Append(curve))
        {
            var still = new long[one.Count + 1];
            for (var second = one.Count - 1; second >= 0; second--) still[second] = still[second + 1] + one[second].Left;
            there[one] = still;
        }

        (double Events, double Of) Rate(IReadOnlyList<RetentionPoint> of, int at, int end) => (there[of][at] - there[of][end], there[of][at]);

        // Long segments leave few seconds to leave at: nothing there to compare with.
        if (curve.Take(curve.Count - Window).Count(point => point.Left > 0) < FewestPlaces)
            yield break;
        // Who leaves in the last seconds has seen it.
        if (Outlier(curve, others, curve.Count - (2 * Window), Rate) is not var (at, usual))
            yield break;
        var (from, to) = Around(curve.Count, at, second => Rate(curve, second, second + 1) is var (events, of) && of > 0 ? events / of : 0);
        var (left, had) = Rate(curve, from, to);
        yield return Told(MomentKind.Dip, from, to, (long)left, (long)had, usual);
    }

    /// <summary>The window whose rate stands out most surely.</summary>
    /// <param name="last">The last one that is looked at.</param>
    private static (int At, (double Low, double High)? Usual)? Outlier(
        IReadOnlyList<RetentionPoint> curve, IReadOnlyList<IReadOnlyList<RetentionPoint>> others, int last, Func<IReadOnlyList<RetentionPoint>, int, int, (double Events, double Of)> rate)
    {
        var windows = new List<(int At, double Rate, double Low)>();
        for (var at = 0; at <= last; at++)
        {
            var (events, of) = rate(curve, at, at + Window);
            windows.Add((at, of > 0 ? events / of : 0, events >= LeastEvents ? Wilson(events, of, Width).Low : 0));
        }
        foreach (var (at, _, low) in windows.OrderByDescending(window => window.Low).ThenBy(window => window.At).Take(Candidates))
        {
            if (low <= LeastRate)
                return null;
            // A player fetches whole segments, so rates have peaks at their ends: most windows' rate is no measure, the higher ones' is.
            var rest = windows.Where(window => Math.Abs(window.At - at) >= Window).Select(window => window.Rate).Order().ToArray();
            if (rest.Length == 0 || low <= Beyond * Math.Max(rest.Average(), Quantile(rest, 0.9)))
                continue;
            var usual = Band([.. others.Select(other => rate(other, Place(at, curve, other), Place(at, curve, other) + Window)).Where(found => found.Of > 0).Select(found => found.Events / found.Of)]);
            if (usual is null || low > usual.Value.High)
                return (at, usual);
        }
        return null;
    }

    /// <summary>The same place in a video of another length: a window's first second.</summary>
    private static int Place(int at, IReadOnlyList<RetentionPoint> curve, IReadOnlyList<RetentionPoint> other) =>
        Math.Clamp((int)Math.Round((double)at * other.Count / curve.Count), 0, other.Count - Window);

    /// <summary>The seconds around the highest one of a window that have at least half as much.</summary>
    private static (int From, int To) Around(int count, int at, Func<int, double> height)
    {
        var peak = Enumerable.Range(at, Window).MaxBy(height);
        var (from, to) = (peak, peak + 1);
        while (from > 0 && height(from - 1) >= height(peak) / 2) from--;
        while (to < count && height(to) >= height(peak) / 2) to++;
        return (from, to);
    }

    /// <summary>Between which one in ten is lower and one in ten higher.</summary>
    private static (double Low, double High)? Band(double[] values)
    {
        if (values.Length < FewestOthers)
            return null;
        Array.Sort(values);
        return (Quantile(values, 0.1), Quantile(values, 0.9));
    }

    private static double Quantile(double[] sorted, double part)
    {
        var at = part * (sorted.Length - 1);
        var below = (int)at;
        return sorted[below] + ((at - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]));
    }

    private static Moment Told(MomentKind kind, int from, int to, long sessions, long of, (double Low, double High)? usual) => new(
        kind, from, to, sessions, of, of == 0 ? 0 : Math.Round((double)sessions / of, 4),
        usual is { } band ? Math.Round(band.Low, 4) : null, usual is { } other ? Math.Round(other.High, 4) : null);
}
