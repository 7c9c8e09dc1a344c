namespace HlsGateway.Players.Tests.Rig;

/// <summary>The lowest quarter of every picture of the content, where captions are drawn, as it is without them.</summary>
internal sealed class CaptionBand
{
    private const int Part = 4;

    /// <summary>White letters with a black border change far more; a decoder in a hurry far less.</summary>
    private const int DrawnLuma = 64;
    private const int DrawnPixels = 40;

    private readonly byte[] luma;

    private CaptionBand(byte[] luma) => this.luma = luma;

    /// <param name="playlist">A Media Playlist file; empty for no picture to compare with.</param>
    public static async Task<CaptionBand> DecodeAsync(string playlist, TimeSpan bound)
    {
        if (!File.Exists(playlist)) return new CaptionBand([]);
        var (luma, _) = await Tool.RunAsync("ffmpeg",
            ["-nostdin", "-v", "error", "-allowed_extensions", "ALL", "-i", playlist, "-an", "-fps_mode", "passthrough",
                "-vf", $"crop=iw:ih/{Part}:0:ih-ih/{Part},extractplanes=y", "-f", "rawvideo", "pipe:1"], bound);
        return new CaptionBand(luma);
    }

    /// <param name="planes">Luma first, row by row.</param>
    public bool IsDrawnOver(Frame frame, ReadOnlySpan<byte> planes, int width, int height)
    {
        var length = width * (height / Part);
        if (frame.Source == Barcode.Trailer || luma.Length == 0 || (frame.Number + 1) * length > luma.Length) return false;
        var plain = luma.AsSpan(frame.Number * length, length);
        var shown = planes.Slice((width * height) - length, length);
        var drawn = 0;
        for (var i = 0; i < length; i++)
            if (Math.Abs(plain[i] - shown[i]) > DrawnLuma) drawn++;
        return drawn > DrawnPixels;
    }
}
