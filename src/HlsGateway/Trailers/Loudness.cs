using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using HlsGateway.Content;
using HlsGateway.Media;

namespace HlsGateway.Trailers;

/// <summary>What the first of two passes measured, as ffmpeg's loudnorm (EBU R 128) needs it in the second.</summary>
/// <param name="Integrated">LUFS.</param>
/// <param name="Range">LU.</param>
/// <param name="TruePeak">dBTP.</param>
/// <param name="Threshold">LUFS.</param>
/// <param name="Offset">LU.</param>
internal readonly record struct MeasuredLoudness(double Integrated, double Range, double TruePeak, double Threshold, double Offset);

/// <summary>Both passes of bringing a copy's sound to a target, as pure functions.</summary>
internal static class Loudness
{
    /// <summary>Sound that is quieter than this is silence or noise, and is not made louder.</summary>
    private const double Silence = -60;

    // A range that no trailer exceeds keeps the second pass linear: one gain for the whole clip, and no pumping. Only where that
    // gain would lift a peak above -1.5 dBTP does loudnorm limit.
    private const string Bounds = "TP=-1.5:LRA=20";

    /// <summary>The first pass: measures the sound exactly as the copy has it, without output.</summary>
    public static ImmutableArray<string> Measure(RenditionShape shape, TrailerSource source, double target)
    {
        var graph = string.Create(CultureInfo.InvariantCulture, $"{ConditioningArguments.AudioBegin(shape)},loudnorm=I={target:0.##}:{Bounds}:print_format=json[sound]");
        // loudnorm logs its figures at this level.
        return FfmpegArguments.From(new UntrustedFileInput(ConditioningArguments.SourceFile), logLevel: "info")
            .OutputToNull(output => output.With("-filter_complex_threads", "1").WithArgument(new FilterGraph([graph]))
                .WithMap("[sound]").AtMost(TimeSpan.FromMilliseconds(source.DurationMs)))
            .ToWords();
    }

    /// <summary>The second pass's filter, with a comma in front; empty for sound that is left as it is.</summary>
    public static string Filter(MeasuredLoudness? measured, double target, int sampleRate) => measured is not { } m ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $",loudnorm=I={target:0.##}:{Bounds}:measured_I={m.Integrated:0.##}:measured_LRA={m.Range:0.##}:measured_TP={m.TruePeak:0.##}:measured_thresh={m.Threshold:0.##}:offset={m.Offset:0.##}:linear=true,aresample={sampleRate}");

    /// <summary>Reads the report at the end of the first pass's log; null for silence, and where there is no such report.</summary>
    public static MeasuredLoudness? Read(string stderr)
    {
        var (begin, end) = (stderr.LastIndexOf('{'), stderr.LastIndexOf('}'));
        if (begin < 0 || end < begin)
            return null;
        try
        {
            using var report = JsonDocument.Parse(stderr[begin..(end + 1)]);
            return Figure("input_i") is { } integrated and > Silence && Figure("input_lra") is { } range && Figure("input_tp") is { } peak
                && Figure("input_thresh") is { } threshold && Figure("target_offset") is { } offset
                ? new MeasuredLoudness(integrated, range, peak, threshold, offset)
                : null;

            double? Figure(string name) => report.RootElement.TryGetProperty(name, out var value)
                && double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var figure) && double.IsFinite(figure) ? figure : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
