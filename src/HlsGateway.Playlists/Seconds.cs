using System.Globalization;

namespace HlsGateway.Playlists;

/// <summary>
/// A time span as EXTINF writes it, exact to 18 decimal places: sums over thousands of segments do not drift, and an addition is two
/// integer additions. Digits past the eighteenth (below an attosecond) are cut off.
/// </summary>
/// <param name="Milliseconds">Whole milliseconds.</param>
/// <param name="Attoseconds">What is left below a millisecond, 0 to 10^15 - 1.</param>
internal readonly record struct Seconds(long Milliseconds, long Attoseconds)
{
    /// <summary>The longest span, so that milliseconds fit an int: 24.8 days.</summary>
    private const int Longest = int.MaxValue / 1000;

    private const int Digits = 18;
    private const long AttosecondsPerMillisecond = 1_000_000_000_000_000;
    private const long AttosecondsPerSecond = AttosecondsPerMillisecond * 1000;

    public static Seconds FromMilliseconds(long milliseconds) => new(milliseconds, 0);

    /// <summary>Nearest millisecond, halves up.</summary>
    public long RoundedMilliseconds => Attoseconds * 2 >= AttosecondsPerMillisecond ? Milliseconds + 1 : Milliseconds;

    /// <summary>Nearest second, halves up.</summary>
    public int Rounded => (int)((Milliseconds + 500) / 1000);

    public int Ceiling => (int)((Milliseconds + (Attoseconds > 0 ? 1 : 0) + 999) / 1000);

    public static Seconds operator +(Seconds left, Seconds right)
    {
        var milliseconds = left.Milliseconds + right.Milliseconds;
        var attoseconds = left.Attoseconds + right.Attoseconds;
        return attoseconds < AttosecondsPerMillisecond
            ? new Seconds(milliseconds, attoseconds)
            : new Seconds(milliseconds + 1, attoseconds - AttosecondsPerMillisecond);
    }

    public static bool operator <(Seconds left, Seconds right) => (left.Milliseconds, left.Attoseconds).CompareTo((right.Milliseconds, right.Attoseconds)) < 0;

    public static bool operator >(Seconds left, Seconds right) => right < left;

    /// <summary>Reads an unsigned decimal (<c>4</c>, <c>4.</c>, <c>.5</c>, <c>04.50</c>) at the start of <paramref name="text"/>: no sign, no exponent.</summary>
    /// <param name="length">Bytes read.</param>
    /// <returns>False without a digit or past 24.8 days.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out Seconds value, out int length)
    {
        value = default;
        length = 0;
        long whole = 0;
        for (; length < text.Length && char.IsAsciiDigit((char)text[length]); length++)
            whole = Math.Min((whole * 10) + (text[length] - '0'), Longest + 1L);

        var digits = length;
        long fraction = 0;
        if (length < text.Length && text[length] == '.')
        {
            var places = 0;
            for (length++; length < text.Length && char.IsAsciiDigit((char)text[length]); length++, digits++)
            {
                if (places == Digits)
                    continue;
                fraction = (fraction * 10) + (text[length] - '0');
                places++;
            }

            for (; places < Digits; places++)
                fraction *= 10;
        }

        value = new Seconds((whole * 1000) + (fraction / AttosecondsPerMillisecond), fraction % AttosecondsPerMillisecond);
        return digits > 0 && whole <= Longest;
    }

    /// <summary>As <see cref="TryRead"/>, for text that is nothing but the number.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out Seconds value) => TryRead(text, out value, out var length) && length == text.Length;

    /// <summary>The shortest decimal: <c>4</c>, <c>2.8</c>, <c>3.337</c>.</summary>
    public override string ToString()
    {
        var fraction = (Milliseconds % 1000 * AttosecondsPerMillisecond) + Attoseconds;
        var whole = (Milliseconds / 1000).ToString(CultureInfo.InvariantCulture);
        return fraction == 0
            ? whole
            : $"{whole}.{(fraction + AttosecondsPerSecond).ToString(CultureInfo.InvariantCulture).AsSpan(1).TrimEnd('0')}";
    }
}
