namespace HlsGateway;

/// <summary>Finds the name that somebody probably meant.</summary>
internal static class Nearest
{
    /// <summary>
    /// The one of <paramref name="known"/> that <paramref name="written"/> is most like, or null where none is like it: at most a third
    /// of its characters, and at least one, were left out, added, changed or swapped with their neighbour. Upper and lower case are the same.
    /// A name that begins as it is written is like it too.
    /// </summary>
    public static string? To(string written, IEnumerable<string> known)
    {
        string? nearest = null;
        var least = int.MaxValue;
        foreach (var name in known)
        {
            var distance = Distance(written, name);
            var isLike = distance <= Math.Max(1, Math.Max(written.Length, name.Length) / 3)
                || (written.Length >= 3 && name.StartsWith(written, StringComparison.OrdinalIgnoreCase));
            if (isLike && distance < least) (nearest, least) = (name, distance);
        }

        return nearest;
    }

    /// <summary>Optimal string alignment: Levenshtein's distance, with two swapped neighbours as one step.</summary>
    private static int Distance(string a, string b)
    {
        // What is longer than any name of ours is like none: its length decides, and no table of its size is made.
        const int longest = 128;
        if (a.Length > longest || b.Length > longest) return int.MaxValue;
        var steps = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) steps[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) steps[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var change = steps[i - 1, j - 1] + (Same(a[i - 1], b[j - 1]) ? 0 : 1);
                steps[i, j] = Math.Min(change, Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                    steps[i, j] = Math.Min(steps[i, j], steps[i - 2, j - 2] + 1);
            }
        }

        return steps[a.Length, b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
