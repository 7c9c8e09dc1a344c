using System.Collections.Immutable;
using System.Text.Json;
using HlsGateway.Storage;

namespace HlsGateway.Catalogue;

/// <summary>The sound of a video as a wave is drawn.</summary>
/// <param name="Peaks">0 to 1, three decimals: the loudest sample of each stretch.</param>
internal sealed record AudioPeaksView(double SecondsPerPeak, ImmutableArray<double> Peaks)
{
    /// <summary>Reads what was kept when the revision was made.</summary>
    /// <param name="prefix">Of the revision's objects.</param>
    /// <returns>Null where nothing was.</returns>
    public static async Task<AudioPeaksView?> ReadAsync(BlobStore store, string prefix, CancellationToken ct)
    {
        await using var content = await store.OpenAsync($"{prefix}peaks.json", ct);
        if (content is null || await JsonSerializer.DeserializeAsync<KeptPeaks>(content, JsonSerializerOptions.Web, ct) is not { } kept)
            return null;
        return new AudioPeaksView(1.0 / kept.PeaksPerSecond, [.. kept.Peaks.Select(peak => Math.Round(peak / 255.0, 3))]);
    }

    private sealed record KeptPeaks([property: System.Text.Json.Serialization.JsonPropertyName("peaks_per_second")] int PeaksPerSecond, ImmutableArray<byte> Peaks);
}
