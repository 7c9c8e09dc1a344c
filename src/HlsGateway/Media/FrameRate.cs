using System.Globalization;

namespace HlsGateway.Media;

/// <summary>Frames per second as the fraction it is: 30000/1001 is not 29.97 (rule S7).</summary>
internal readonly record struct FrameRate(int Numerator, int Denominator)
{
    private static readonly FrameRate[] Usual =
    [
        new(24000, 1001), new(24, 1), new(25, 1), new(30000, 1001), new(30, 1), new(48, 1), new(50, 1), new(60000, 1001), new(60, 1),
        new(8, 1), new(10, 1), new(12, 1), new(25, 2), new(15000, 1001), new(15, 1), new(20, 1), new(100, 1), new(120, 1),
    ];

    public double PerSecond => (double)Numerator / Denominator;

    /// <summary>Reads <c>25/1</c>, <c>30000/1001</c> or <c>25</c>.</summary>
    public static bool TryParse(string? text, out FrameRate rate)
    {
        rate = default;
        if (string.IsNullOrEmpty(text))
            return false;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var top = slash < 0 ? text : text[..slash];
        var bottom = slash < 0 ? "1" : text[(slash + 1)..];
        if (!int.TryParse(top, NumberStyles.None, CultureInfo.InvariantCulture, out var numerator)
            || !int.TryParse(bottom, NumberStyles.None, CultureInfo.InvariantCulture, out var denominator)
            || numerator <= 0 || denominator <= 0)
            return false;
        rate = new FrameRate(numerator, denominator);
        return true;
    }

    /// <summary>
    /// The usual rate within two thousandths of a measured one, so that the same content always asks for the same copy however
    /// long its first segment is; other rates stay as thousandths.
    /// </summary>
    public static FrameRate Nearest(double perSecond)
    {
        var best = Usual.MinBy(rate => Math.Abs(rate.PerSecond - perSecond));
        // 30 and 30000/1001 are one thousandth apart: the nearest of them wins before the tolerance is asked.
        return Math.Abs(best.PerSecond - perSecond) <= perSecond * 0.002
            ? best
            : new FrameRate((int)Math.Round(perSecond * 1000), 1000);
    }

    /// <summary>Whole frames in a time, rounded to the nearest.</summary>
    public int FramesIn(double milliseconds) => (int)Math.Round(milliseconds * Numerator / (1000.0 * Denominator), MidpointRounding.AwayFromZero);

    /// <summary>Seconds that a number of frames lasts, exactly as a ratio of integers.</summary>
    public decimal SecondsOf(int frames) => (decimal)frames * Denominator / Numerator;

    /// <summary>The same in ticks of 90 kHz, to the nearest.</summary>
    public long TicksOf(int frames) => (long)decimal.Round(SecondsOf(frames) * 90_000);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");
}
