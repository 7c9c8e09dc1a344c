using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace HlsGateway.Players.Tests.Rig;

/// <param name="Planes">Luma first; valid until the next picture is read.</param>
/// <param name="At">Since the first byte could come.</param>
internal readonly record struct RawPicture(byte[] Planes, int Width, int Height, TimeSpan At);

/// <summary>Pictures that a player writes while it plays, as YUV4MPEG2: a line that tells the size, then for each frame the line FRAME and its planes. The first line may come again.</summary>
internal static class RawPictures
{
    public static IEnumerable<RawPicture> Read(Stream stream)
    {
        using var buffered = new BufferedStream(stream, 1 << 20);
        var watch = Stopwatch.StartNew();
        var (width, height, planes) = (0, 0, Array.Empty<byte>());
        while (ReadLine(buffered) is { } line)
        {
            if (line.StartsWith("YUV4MPEG2", StringComparison.Ordinal))
            {
                (width, height) = (Parameter(line, 'W'), Parameter(line, 'H'));
                planes = new byte[width * height * 3 / 2];
                continue;
            }
            if (buffered.ReadAtLeast(planes, planes.Length, throwOnEndOfStream: false) < planes.Length) break;
            yield return new(planes, width, height, watch.Elapsed);
        }
    }

    private static string? ReadLine(Stream stream)
    {
        var line = new StringBuilder();
        for (var next = stream.ReadByte(); next >= 0; next = stream.ReadByte())
        {
            if (next == '\n') return line.ToString();
            line.Append((char)next);
        }
        return null;
    }

    private static int Parameter(string line, char name) =>
        int.Parse(line.Split(' ').First(word => word[0] == name).AsSpan(1), CultureInfo.InvariantCulture);
}
