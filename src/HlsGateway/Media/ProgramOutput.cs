using System.Text;

namespace HlsGateway.Media;

/// <summary>Reads what a program writes to its standard output or error, however much that is, and keeps a part.</summary>
internal static class ProgramOutput
{
    /// <summary>For programs whose output is ignored.</summary>
    public static Task<byte[]> DrainAsync(Stream stream) => HeadAsync(stream, 0);

    /// <summary>Reads to the end, so that the child never blocks, and keeps the first bytes.</summary>
    public static async Task<byte[]> HeadAsync(Stream stream, int most)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[16 << 10];
        int read;
        while ((read = await stream.ReadAsync(buffer)) > 0)
            kept.Write(buffer, 0, Math.Min(read, most - (int)kept.Length));
        return kept.ToArray();
    }

    /// <summary>Reads to the end and keeps the last bytes: a child may write gigabytes of errors.</summary>
    public static async Task<string> TailAsync(Stream stream, int most)
    {
        var kept = new byte[2 * most];
        var length = 0;
        int read;
        while ((read = await stream.ReadAsync(kept.AsMemory(length))) > 0)
        {
            length += read;
            if (length > most)
            {
                kept.AsSpan(length - most, most).CopyTo(kept);
                length = most;
            }
        }

        return Encoding.UTF8.GetString(kept, 0, length);
    }
}
