using HlsGateway.Counting;

namespace HlsGateway.Playback;

/// <summary>
/// Finds the CMCD of a request (CTA-5004 section 3): the query's <c>CMCD=</c>, or four headers. Only the gateway reads it: no URL that is
/// passed on holds it, and its headers are not sent to the origin.
/// </summary>
internal static class ClientData
{
    public static IReadOnlyList<string> Headers { get; } = ["CMCD-Request", "CMCD-Object", "CMCD-Status", "CMCD-Session"];

    /// <summary>Null when the player sends none, or none that can be read. Never throws.</summary>
    public static Cmcd? Read(IHeaderDictionary headers, ReadOnlySpan<char> query)
    {
        var encoded = PlayerQuery.Cmcd(query);
        // Percent-encoding may have made three characters of one.
        if (!encoded.IsEmpty)
            return Read(encoded);

        string? told = null;
        foreach (var header in Headers)
        {
            if (headers.TryGetValue(header, out var values))
                told = told is null ? values.ToString() : $"{told},{values}";
        }

        return told is null ? null : Cmcd.Parse(told);
    }

    /// <param name="encoded">What stands after the query's <c>CMCD=</c>.</param>
    public static Cmcd? Read(ReadOnlySpan<char> encoded) =>
        encoded.Length > 3 * Cmcd.Longest ? null : Cmcd.Parse(Uri.UnescapeDataString(encoded.ToString().Replace('+', ' ')));
}
