using System.Globalization;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>What was heard at one moment.</summary>
/// <param name="MediaTime">Seconds on the player's own timeline.</param>
/// <param name="Decibels">RMS, full scale; -200 for nothing at all.</param>
/// <param name="Hertz">Of the loudest tone.</param>
internal readonly record struct Heard(double MediaTime, double Decibels, double Hertz)
{
    public const double Nothing = -200;

    /// <summary>AAC leaves of silence far less; our tones stand above -40.</summary>
    private const double Audible = -50;

    public bool IsTone(int hertz) => Decibels > Audible && Math.Abs(Hertz - hertz) < 60;

    public bool IsSilence => Decibels < -60;
}

/// <summary>Level and tone of decoded sound by ffmpeg's astats: a pure tone is told by how often it crosses zero.</summary>
internal static class SoundLevels
{
    private const int SampleRate = 48_000;

    /// <summary>Seconds of an entry: an AAC frame, and what no entry reaches.</summary>
    private const double Usual = 1024.0 / SampleRate;
    private const double Longest = 0.2;

    /// <summary>An ffmpeg filter chain that writes one entry for about every 20 ms to a file (<c>-</c>: standard output) whose path has no character special to filters.</summary>
    public static string Filter(string file) => string.Create(CultureInfo.InvariantCulture,
        $"aformat=sample_rates={SampleRate}:channel_layouts=mono,astats=metadata=1:reset=1:measure_overall=none:measure_perchannel=RMS_level+Zero_crossings_rate,ametadata=mode=print:file={file}:direct=1");

    /// <summary>Entries follow one another: where timestamps jump, as they do at a splice, time goes on.</summary>
    public static IReadOnlyList<Heard> Read(string file)
    {
        var heard = new List<Heard>();
        if (!File.Exists(file)) return heard;
        var (time, stamp, level) = (0.0, 0.0, Heard.Nothing);
        foreach (var line in File.ReadLines(file))
        {
            if (line.IndexOf("pts_time:", StringComparison.Ordinal) is >= 0 and var at)
            {
                var next = Number(line[(at + 9)..]);
                time += next - stamp is > 0 and < Longest and var step ? step : heard.Count == 0 ? 0 : Usual;
                stamp = next;
            }
            else if (line.StartsWith("lavfi.astats.1.RMS_level=", StringComparison.Ordinal))
                level = Math.Max(Heard.Nothing, Number(line[25..]));
            else if (line.StartsWith("lavfi.astats.1.Zero_crossings_rate=", StringComparison.Ordinal))
                heard.Add(new Heard(time, level, Number(line[35..]) * SampleRate / 2));
        }
        return heard;
    }

    private static double Number(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : Heard.Nothing;
}
