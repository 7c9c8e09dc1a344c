namespace HlsGateway.Playlists;

/// <summary>The clock of MPEG-2 timestamps: 90 kHz in 33 bits, so that it starts again at 0 every 26.5 hours.</summary>
public static class MpegClock
{
    public const int TicksPerMs = 90;

    /// <summary>The first timestamp that 33 bits do not hold.</summary>
    public const long Wrap = 1L << 33;

    /// <summary>A time as it is written.</summary>
    public static long Wrapped(long ticks) => ticks & (Wrap - 1);

    /// <summary>From one timestamp to another, the shorter way round: negative where the other comes before.</summary>
    public static long Distance(long from, long to)
    {
        var ticks = Wrapped(to - from);
        return ticks >= Wrap / 2 ? ticks - Wrap : ticks;
    }
}
