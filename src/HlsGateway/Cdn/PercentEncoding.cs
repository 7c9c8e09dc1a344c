using System.Buffers;
using System.Globalization;
using System.Text;

namespace HlsGateway.Cdn;

/// <summary>Percent-encodes the UTF-8 of a text, as RFC 3987 section 3.1 says, but for what may stay as it is.</summary>
internal static class PercentEncoding
{
    /// <param name="kept">ASCII alone.</param>
    /// <returns>The text itself where all of it is kept.</returns>
    public static string Of(string text, SearchValues<char> kept)
    {
        if (!text.AsSpan().ContainsAnyExcept(kept))
            return text;
        var encoded = new StringBuilder(text.Length + 16);
        foreach (var unit in Encoding.UTF8.GetBytes(text))
        {
            if (kept.Contains((char)unit))
                encoded.Append((char)unit);
            else
                encoded.Append('%').Append(unit.ToString("X2", CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }
}
