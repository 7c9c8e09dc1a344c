using System.Globalization;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>What one frame says of itself.</summary>
/// <param name="Source">0 and 1: the content's low and high rung; 2: the trailer.</param>
/// <param name="Number">From 0, in the source.</param>
internal readonly record struct Frame(int Source, int Number);

/// <summary>
/// A strip of 16 black or white cells across the top of each frame: 1, 0, two bits of source, eleven bits of frame number
/// (most significant first), even parity. It survives scaling and lossy coding, so that the picture that a player shows can be
/// told from the pixels alone; Harness/barcode.js reads the same strip.
/// </summary>
internal static class Barcode
{
    public const int Cells = 16;
    public const int NumberBits = 11;
    public const int Trailer = 2;

    /// <summary>The strip takes one part in twelve of the height.</summary>
    public const int StripPart = 12;

    /// <summary>An ffmpeg filter chain that draws the strip over a picture of any size.</summary>
    public static string Filter(int source)
    {
        var cells = new List<string> { $"drawbox=x=0:y=0:w=iw:h=ih/{StripPart}:color=black:t=fill", Cell(0, null) };
        if ((source & 2) != 0) cells.Add(Cell(2, null));
        if ((source & 1) != 0) cells.Add(Cell(3, null));
        var ones = new List<string> { int.PopCount(source).ToString(CultureInfo.InvariantCulture) };
        for (var bit = 0; bit < NumberBits; bit++)
        {
            var value = string.Create(CultureInfo.InvariantCulture, $"mod(floor(n/{1 << bit}),2)");
            ones.Add(value);
            cells.Add(Cell(4 + NumberBits - 1 - bit, value));
        }
        cells.Add(Cell(Cells - 1, $"mod({string.Join('+', ones)},2)"));
        return string.Join(',', cells);
    }

    /// <summary>Bytes that <see cref="ReadingFilter"/> leaves of a frame.</summary>
    public const int ReadBytes = 2 * Cells;

    /// <summary>
    /// An ffmpeg filter chain that leaves of each frame two rows of gray pixels, one for each cell: the first from the top of the
    /// picture, the second from where the top of a 16:9 picture stands that was fitted into a taller one.
    /// </summary>
    public static string ReadingFilter => $"split[top][fit];{Row("top", "ih", "0")};{Row("fit", "min(ih\\,iw*9/16)", "(ih-min(ih\\,iw*9/16))/2")};[toprow][fitrow]vstack,setsar=1";

    /// <param name="rows">What <see cref="ReadingFilter"/> left of one frame.</param>
    public static Frame? ReadEither(ReadOnlySpan<byte> rows) => Read(rows[..Cells]) ?? Read(rows[Cells..]);

    /// <summary>As <see cref="ReadingFilter"/> and <see cref="ReadEither"/>, from the middle of each cell of a whole picture.</summary>
    public static Frame? ReadLuma(ReadOnlySpan<byte> luma, int width, int height)
    {
        var fitted = Math.Min(height, width * 9 / 16);
        Span<byte> rows = stackalloc byte[ReadBytes];
        for (var cell = 0; cell < Cells; cell++)
        {
            var x = ((2 * cell) + 1) * width / (2 * Cells);
            rows[cell] = luma[(height / (2 * StripPart) * width) + x];
            rows[Cells + cell] = luma[((((height - fitted) / 2) + (fitted / (2 * StripPart))) * width) + x];
        }
        return ReadEither(rows);
    }

    /// <param name="cells">Luma of the sixteen cells.</param>
    /// <returns>Null where no strip is to be seen.</returns>
    public static Frame? Read(ReadOnlySpan<byte> cells)
    {
        var bits = 0;
        foreach (var luma in cells)
        {
            if (luma is > 96 and < 160) return null;
            bits = (bits << 1) | (luma >= 160 ? 1 : 0);
        }
        var (marker, source, number) = (bits >> 14, (bits >> 12) & 3, (bits >> 1) & ((1 << NumberBits) - 1));
        var even = ((int.PopCount(source) + int.PopCount(number) + (bits & 1)) & 1) == 0;
        return marker == 2 && even ? new Frame(source, number) : null;
    }

    private static string Row(string name, string height, string above) => string.Create(CultureInfo.InvariantCulture,
        $"[{name}]crop=iw:trunc({height}/{StripPart * 2}):0:{above}+trunc({height}/{StripPart * 4}),scale={Cells}:1:flags=area,format=gray[{name}row]");

    private static string Cell(int index, string? enabled) => string.Create(CultureInfo.InvariantCulture,
        $"drawbox=x=floor(iw*{index}/{Cells}):y=0:w=ceil(iw/{Cells}):h=ih/{StripPart}:color=white:t=fill{(enabled is null ? "" : $":enable='{enabled}'")}");
}
