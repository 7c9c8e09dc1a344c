using System.Runtime.CompilerServices;

namespace HlsGateway.Playlists;

/// <summary>What things take in memory, in bytes, on a 64-bit runtime: for caches that are bounded in bytes. A test compares the sums with the heap.</summary>
public static class Weights
{
    /// <summary>An object's header and its pointer to the type.</summary>
    public const int Header = 16;

    public static long Of(string? text) => text is null ? 0 : Rounded(22 + (2L * text.Length));

    public static long OfArray<T>(int length) => Rounded(Header + 8 + ((long)length * Unsafe.SizeOf<T>()));

    private static long Rounded(long bytes) => (bytes + 7) & ~7L;
}
