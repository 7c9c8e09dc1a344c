using System.Diagnostics;

namespace HlsGateway.Fuzz.Targets;

/// <summary>One try of a parser: returns when the bytes were read or refused as they should be, throws otherwise.</summary>
internal delegate void Trial(ReadOnlySpan<byte> input);

/// <summary>A parser that reads what strangers write, with what must be true of it whatever it reads.</summary>
/// <param name="Name">Of the target, of its corpus file, and of the argument.</param>
/// <param name="Try">Throws where the parser, or what follows from it, is wrong.</param>
/// <param name="Seeds">Inputs that are known to be good.</param>
/// <param name="Words">Pieces that a mutation inserts: the parser's own words.</param>
internal sealed record FuzzTarget(string Name, Trial Try, Func<IEnumerable<byte[]>> Seeds, IReadOnlyList<string> Words)
{
    /// <summary>Larger inputs are not made: what is slow is so with less.</summary>
    public const int Longest = 64 * 1024;

    /// <summary>No input may take longer, measured by its thread's own processor time.</summary>
    public static TimeSpan Slowest { get; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Tries once, and again where that seems to have taken long: a busy machine is no fault of the parser.</summary>
    public static bool IsSlow(Trial trial, byte[] input, out TimeSpan cost)
    {
        var began = Stopwatch.GetTimestamp();
        trial(input);
        cost = Stopwatch.GetElapsedTime(began);
        if (cost <= Slowest)
            return false;
        cost = ProcessorTime.Of(trial, input);
        return cost > Slowest;
    }

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        PlaylistTarget.New(), CaptionTarget.New(),
        MediaTargets.Ts(), MediaTargets.Fmp4(), MediaTargets.Adts(), MediaTargets.Mp4Front(),
        RequestTargets.Cmcd(), RequestTargets.Token(), RequestTargets.Path(), RequestTargets.Query(),
    ];
}

/// <summary>What a parser made of its input is wrong.</summary>
internal sealed class FuzzException(string message) : Exception(message)
{
    public static void Unless(bool condition, string message)
    {
        if (!condition)
            throw new FuzzException(message);
    }
}
