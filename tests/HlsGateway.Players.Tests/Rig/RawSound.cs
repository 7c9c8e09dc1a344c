namespace HlsGateway.Players.Tests.Rig;

/// <summary>Sound that a player writes while it plays: 16 bits, two channels, 48 kHz.</summary>
internal static class RawSound
{
    /// <summary>Keeps it in a file of the folder.</summary>
    public static async Task KeepAsync(Stream sound, string folder)
    {
        await using var kept = System.IO.File.Create(File(folder));
        await sound.CopyToAsync(kept);
    }

    /// <summary>Writes levels and tones of what was kept (<see cref="SoundLevels"/>); nothing where there was no sound.</summary>
    public static async Task MeasureAsync(string folder, string levels, TimeSpan bound)
    {
        if (new FileInfo(File(folder)).Length > 0)
        {
            await Tool.RunAsync("ffmpeg",
                ["-nostdin", "-v", "error", "-f", "s16le", "-ar", "48000", "-ac", "2", "-i", File(folder), "-af", SoundLevels.Filter(levels), "-f", "null", "-"], bound);
        }
    }

    private static string File(string folder) => Path.Combine(folder, "pcm");
}
