using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace HlsGateway.Fuzz.Targets;

/// <summary>
/// The inputs of one target that are kept in the repository: a line each, base64, behind <c>#</c> what was wrong once with the one below.
/// A single file, so that hundreds of inputs are one diff.
/// </summary>
internal static class CorpusFile
{
    /// <summary><c>tests/corpus</c>.</summary>
    public static string Folder { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(Here(), "..", "..", "corpus"));

    public static string Of(string target) => System.IO.Path.Combine(Folder, target + ".txt");

    /// <summary>In the file's order; none where there is no file.</summary>
    public static byte[][] Read(string target) => !File.Exists(Of(target))
        ? []
        : [.. File.ReadLines(Of(target)).Where(line => line.Length > 0 && line[0] != '#').Select(Convert.FromBase64String)];

    /// <summary>Writes the file anew; what stands below a remark, and the remark, stay.</summary>
    public static void Write(string target, IEnumerable<byte[]> inputs)
    {
        var kept = new List<string>();
        var lines = File.Exists(Of(target)) ? File.ReadAllLines(Of(target)) : [];
        for (var at = 0; at < lines.Length; at++)
        {
            if (lines[at].StartsWith('#'))
                kept.AddRange(lines[at..Math.Min(lines.Length, ++at + 1)]);
        }

        var remarked = kept.ToHashSet(StringComparer.Ordinal);
        Directory.CreateDirectory(Folder);
        File.WriteAllLines(Of(target), [.. kept, .. inputs.Select(Convert.ToBase64String).Where(line => line.Length > 0 && !remarked.Contains(line)).Distinct(StringComparer.Ordinal).OrderBy(line => line.Length).ThenBy(line => line, StringComparer.Ordinal)]);
    }

    /// <summary>The beginning of an input's SHA-256, for its name.</summary>
    public static string NameOf(ReadOnlySpan<byte> input) => Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 8));

    private static string Here([CallerFilePath] string file = "") => System.IO.Path.GetDirectoryName(file) ?? "";
}
