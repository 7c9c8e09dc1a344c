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

    /// <summary>An ffmpeg filter chain that leaves of each frame one gray pixel per cell.</summary>
    public static string ReadingFilter => string.Create(CultureInfo.InvariantCulture,
        $"crop=iw:trunc(ih/{StripPart}/2):0:trunc(ih/{StripPart}/4),scale={Cells}:1:flags=area,format=gray");

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

    private static string Cell(int index, string? enabled) => string.Create(CultureInfo.InvariantCulture,
        $"drawbox=x=floor(iw*{index}/{Cells}):y=0:w=ceil(iw/{Cells}):h=ih/{StripPart}:color=white:t=fill{(enabled is null ? "" : $":enable='{enabled}'")}");
}
