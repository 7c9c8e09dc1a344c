using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using FFMpegCore.Enums;
using HlsGateway.Media;

namespace HlsGateway.Demo;

/// <summary>The demo's picture, voice and captions: each second shows, speaks and writes its number. Pure functions.</summary>
internal static class DemoArguments
{
    public const int Seconds = 24;
    public const string File = "demo.mp4";

    /// <summary>A second's spoken number.</summary>
    public static string Voice(int second) => string.Create(CultureInfo.InvariantCulture, $"{second}.wav");

    /// <summary>Speaks the numbers, one file a second; runs in the job's folder.</summary>
    public static string VoiceScript { get; } =
        $"i=0; while [ $i -lt {Seconds} ]; do espeak-ng -v en -s 190 -a 160 -w $i.wav $i || exit 1; i=$((i+1)); done";

    /// <summary>Language, name and the word before the number.</summary>
    public static ImmutableArray<(string Language, string Name, string Word)> Languages { get; } =
        [("en", "English", "Second"), ("de", "Deutsch", "Sekunde"), ("es", "Español", "Segundo")];

    /// <param name="voices">With the spoken numbers; otherwise each second has its own tone.</param>
    public static ImmutableArray<string> Picture(bool voices)
    {
        var line = FfmpegArguments.From(BoxedInput.Generated($"gradients=s=160x90:r=25:c0=0x10243f:c1=0x2b6777:x0=0:y0=0:x1=160:y1=90:speed=0.015:d={Seconds}"))
            .AddInput(BoxedInput.Generated($"color=c=0xf5a623:s=16x720:r=25:d={Seconds}"))
            .AddInput(BoxedInput.Generated($"aevalsrc='0.25*sin(2*PI*(440+20*floor(t))*t)*lt(mod(t,1),0.06)':s=48000:d={Seconds}"));
        var spoken = voices ? Seconds : 0;
        for (var second = 0; second < spoken; second++)
            line.AddInput(BoxedInput.Own("wav", Voice(second)));

        return line.OutputToFile(File, overwrite: false, output => output
            .WithArgument(new FilterGraph([Graph(spoken)])).WithMap("[v]").WithMap("[a]")
            .WithVideoCodec(VideoCodec.LibX264).WithSpeedPreset(EncoderPreset.UltraFast).WithConstantRateFactor(16)
            .WithAudioCodec(AudioCodec.Aac).WithAudioBitrate(192)
            .AtMost(TimeSpan.FromSeconds(Seconds))).ToWords();
    }

    private static string Graph(int spoken)
    {
        const string font = "font=DejaVu Sans:fontcolor=white:x=(w-text_w)/2";
        var graph = new StringBuilder()
            .Append("[0:v]scale=1280:720[b];[b][1:v]overlay=x='mod(t,1)*(W-w)':y=0,")
            .Append(CultureInfo.InvariantCulture, $"drawtext={font}:text='%{{pts\\:hms}}':fontsize=130:y=(h-text_h)/2-40:box=1:boxcolor=black@0.4:boxborderw=24,")
            .Append(CultureInfo.InvariantCulture, $"drawtext={font}:text='HlsGateway demo':fontsize=44:y=h-text_h-60,format=yuv420p[v]");
        for (var second = 0; second < spoken; second++)
            graph.Append(CultureInfo.InvariantCulture, $";[{second + 3}:a]aresample=48000,adelay={(second * 1000) + 80}[s{second}]");
        graph.Append(";[2:a]");
        for (var second = 0; second < spoken; second++)
            graph.Append(CultureInfo.InvariantCulture, $"[s{second}]");
        graph.Append(CultureInfo.InvariantCulture, $"amix=inputs={spoken + 1}:normalize=0:duration=first,aformat=channel_layouts=stereo[a]");
        return graph.ToString();
    }

    /// <summary>One cue for each second.</summary>
    public static string Captions(string word)
    {
        var text = new StringBuilder("WEBVTT\n");
        for (var second = 0; second < Seconds; second++)
            text.Append(CultureInfo.InvariantCulture, $"\n00:00:{second:00}.000 --> 00:00:{second + 1:00}.000\n{word} {second}\n");
        return text.ToString();
    }
}
