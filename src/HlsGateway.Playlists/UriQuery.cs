namespace HlsGateway.Playlists;

/// <summary>Adds query parameters to a URI without touching what is there (rule I1).</summary>
public static class UriQuery
{
    /// <summary>Appends <paramref name="nameValues"/> to the query, before any <c>#fragment</c>.</summary>
    /// <remarks>
    /// A URI that has a <c>?</c> gets <c>&amp;</c>, even after an empty query or a trailing <c>&amp;</c>: so cutting the
    /// appended run together with the one character before it always gives the original back, byte for byte.
    /// </remarks>
    /// <param name="uri">Any URI reference.</param>
    /// <param name="nameValues">Encoded pairs without a leading separator (<c>session_id=…&amp;p=v</c>).</param>
    /// <exception cref="ArgumentException">Nothing to append, or a name that belongs to the protocol (<c>_HLS_…</c>, <c>CMCD</c>).</exception>
    public static string Append(string uri, string nameValues)
    {
        RequireOwnNames(nameValues);
        var fragment = uri.IndexOf('#', StringComparison.Ordinal);
        var end = fragment < 0 ? uri.Length : fragment;
        var separator = uri.AsSpan(0, end).Contains('?') ? "&" : "?";
        return string.Concat(uri.AsSpan(0, end), separator, nameValues, uri.AsSpan(end));
    }

    private static void RequireOwnNames(string nameValues)
    {
        ArgumentException.ThrowIfNullOrEmpty(nameValues);
        foreach (var range in nameValues.AsSpan().Split('&'))
        {
            var pair = nameValues.AsSpan()[range];
            var equals = pair.IndexOf('=');
            var name = equals < 0 ? pair : pair[..equals];
            if (name.IsEmpty || name.StartsWith("_HLS_", StringComparison.OrdinalIgnoreCase) || name.Equals("CMCD", StringComparison.OrdinalIgnoreCase))
                throw new ArgumentException("A parameter's name is empty or reserved by HLS or CMCD.", nameof(nameValues));
        }
    }
}
