using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace HlsGateway.Playlists.Tests;

/// <summary>Runs properties with a fixed seed: a failure is the same tomorrow.</summary>
internal static class Properties
{
    private const ulong Seed = 20_261_122;

    /// <summary><c>make soak</c> sets SOAK=1: twenty times as many cases.</summary>
    private static bool Soak => Environment.GetEnvironmentVariable("SOAK") == "1";

    public static void Hold<T>(Arbitrary<T> cases, Func<T, bool> property) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Soak ? 20_000 : 1000).WithReplay(Seed, 1), Prop.ForAll(cases, property));

    /// <summary>How many malformed playlists are tried: HLSGATEWAY_FUZZ, or 50,000, in a soak 1,000,000.</summary>
    public static int FuzzCount =>
        int.TryParse(Environment.GetEnvironmentVariable("HLSGATEWAY_FUZZ"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count
        : Soak ? 1_000_000 : 50_000;
}
