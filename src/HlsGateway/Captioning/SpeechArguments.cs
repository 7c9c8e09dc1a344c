using System.Collections.Immutable;
using System.Globalization;
using FFMpegCore.Enums;
using HlsGateway.Media;

namespace HlsGateway.Captioning;

/// <summary>The ffmpeg run that takes the sound out of a source. A pure function.</summary>
internal static class SpeechArguments
{
    public const string Source = "source";

    /// <summary>RIFF WAVE, signed 16-bit little-endian, mono: what speech recognisers ask for. Its header has 44 bytes.</summary>
    public const string Sound = "sound.wav";

    /// <summary>Hz.</summary>
    public const int SampleRate = 16_000;

    private const int HeaderBytes = 44;

    /// <summary>The longest upload that any configuration allows.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(6);

    /// <summary>The first sample is at the picture's 0, so that times in the sound are times in the video.</summary>
    public static ImmutableArray<string> Extract { get; } = FfmpegArguments.From(new UntrustedFileInput(Source))
        .OutputToFile(Sound, overwrite: false, output => output
            .WithMap(0, StreamType.Audio, 0)
            .With("-af", string.Create(CultureInfo.InvariantCulture, $"aresample={SampleRate}:async=1:first_pts=0"))
            .WithAudioChannels(1).WithAudioCodec(AudioCodec.PcmS16Le)
            .AtMost(Longest).WithoutMetadata().With("-bitexact").ForceFormat(ContainerFormats.Wav))
        .ToWords();

    public static TimeSpan Length(long bytes) => TimeSpan.FromSeconds(Math.Max(0, bytes - HeaderBytes) / (2.0 * SampleRate));
}
