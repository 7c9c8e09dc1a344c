using System.IO.Enumeration;

namespace HlsGateway.Trailers;

/// <summary>
/// A glob over ids of videos: <c>*</c> stands for any characters, slashes too, <c>?</c> for one; a backslash takes the special meaning
/// from the character behind it. At most 200 characters, so that two can be compared in a table of 40,000 steps.
/// </summary>
internal static class VideoGlob
{
    public const int Longest = 200;

    private const char Any = '*';
    private const char One = '?';

    private readonly record struct Symbol(char Character, bool IsWild)
    {
        public bool Is(char wild) => IsWild && Character == wild;
    }

    public static bool Matches(string glob, string video) => FileSystemName.MatchesSimpleExpression(glob, video, ignoreCase: false);

    /// <summary>Whether some id matches both; null stands for all videos.</summary>
    public static bool Meet(string? one, string? other) => Compare(
        one, other,
        static (a, b, next) => (a, b) switch
        {
            ({ } x, _) when x.Is(Any) => next(1, 0) || (b is not null && next(0, 1)),
            (_, { } y) when y.Is(Any) => next(0, 1) || (a is not null && next(1, 0)),
            ({ } x, { } y) => (x.IsWild || y.IsWild || x == y) && next(1, 1),
            _ => false,
        });

    /// <summary>Whether every id that matches <paramref name="narrow"/> matches <paramref name="wide"/>; false also where it is hard to tell.</summary>
    public static bool Includes(string? wide, string? narrow) => Compare(
        wide, narrow,
        static (a, b, next) => (a, b) switch
        {
            ({ } x, _) when x.Is(Any) => next(1, 0) || (b is not null && next(0, 1)),
            ({ } x, { } y) => (x == y || (x.Is(One) && !y.Is(Any))) && next(1, 1),
            _ => false,
        });

    /// <summary>Fills a table from the ends of both globs to their beginnings.</summary>
    /// <param name="step">Of what comes next in each (null at its end), and what the table says of the rest when so many are taken.</param>
    private static bool Compare(string? one, string? other, Func<Symbol?, Symbol?, Func<int, int, bool>, bool> step)
    {
        var (first, second) = (Read(one ?? "*"), Read(other ?? "*"));
        var table = new bool[first.Count + 1, second.Count + 1];
        for (var i = first.Count; i >= 0; i--)
        {
            for (var j = second.Count; j >= 0; j--)
            {
                var (row, column) = (i, j);
                table[i, j] = (i == first.Count && j == second.Count)
                    || step(i < first.Count ? first[i] : null, j < second.Count ? second[j] : null, (down, right) => table[row + down, column + right]);
            }
        }

        return table[0, 0];
    }

    private static List<Symbol> Read(string glob)
    {
        var symbols = new List<Symbol>(glob.Length);
        for (var at = 0; at < glob.Length; at++)
        {
            if (glob[at] == '\\' && at + 1 < glob.Length)
                symbols.Add(new(glob[++at], IsWild: false));
            else
                symbols.Add(new(glob[at], glob[at] is Any or One));
        }

        return symbols;
    }
}
