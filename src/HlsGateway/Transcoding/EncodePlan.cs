using System.Collections.Immutable;
using System.Globalization;
using HlsGateway.Media;

namespace HlsGateway.Transcoding;

/// <param name="Name">Shorter side and <c>p</c>: <c>720p</c>, whichever way the picture stands.</param>
/// <param name="MaxKilobits">Of the picture, per second.</param>
internal readonly record struct Rung(string Name, int Width, int Height, int MaxKilobits);

/// <summary>What is made of one upload. Pure: decided by the probe and the options alone.</summary>
/// <param name="Width">Of the durable source: as shown, even.</param>
/// <param name="FrameRate">Constant for all outputs, as a fraction.</param>
/// <param name="Seconds">The upload's duration as it says; 0 unknown.</param>
/// <param name="StoryboardSeconds">Between two pictures of the storyboard.</param>
internal sealed record EncodePlan(
    MediaProbe Probe, VideoTrack Video, int Width, int Height, ImmutableArray<Rung> Rungs, string FrameRate, double Seconds, int StoryboardSeconds,
    TimeSpan MaxDuration, string Container, string Preset)
{
    public const int SegmentSeconds = 4;
    public const int StoryboardColumns = 5;
    public const int StoryboardPictures = 60;
    public const int MaxCaptions = 20;

    /// <summary>Segments are fMP4, with an initialization section; otherwise MPEG-TS.</summary>
    public bool IsFmp4 => Container == "fmp4";

    public bool HasAudio => Probe.Audio is not null;

    /// <summary>Tracks that become captions; pictures as subtitles cannot.</summary>
    public ImmutableArray<TextTrack> Captions =>
        [.. Probe.Texts.Where(text => text.Codec is "subrip" or "webvtt" or "mov_text" or "ass" or "ssa").Take(MaxCaptions)];

    public int StoryboardRows => Math.Max(1, (int)Math.Ceiling(Math.Ceiling(KnownSeconds / StoryboardSeconds) / StoryboardColumns));

    /// <summary>160 pixels on the longer side.</summary>
    public (int Width, int Height) Thumbnail => Fit(160);

    /// <summary>The poster: at most 1280 pixels on the longer side.</summary>
    public (int Width, int Height) Poster => Fit(1280);

    /// <summary>How long the picture is; 0 unknown.</summary>
    public double PictureSeconds => Video.Seconds > 0 ? Video.Seconds : Seconds;

    internal double KnownSeconds => Seconds > 0 ? Math.Min(Seconds, MaxDuration.TotalSeconds) : MaxDuration.TotalSeconds;

    /// <param name="probe">With a video track.</param>
    public static EncodePlan For(MediaProbe probe, TranscodeOptions options)
    {
        var video = probe.Video ?? throw new ArgumentException("There is no picture to encode.", nameof(probe));
        int width = Even(video.Width), height = Even(video.Height);
        var known = probe.Seconds > 0 ? Math.Min(probe.Seconds, options.MaxDuration.TotalSeconds) : options.MaxDuration.TotalSeconds;
        return new EncodePlan(
            probe, video, width, height, Ladder(width, height, Rate(video), options.Rungs), RateOf(video), probe.Seconds,
            Math.Max(1, (int)Math.Ceiling(known / StoryboardPictures)), options.MaxDuration, options.Container, options.Preset);
    }

    /// <summary>Never larger than the upload: a rung above it becomes the upload's own size, once.</summary>
    private static ImmutableArray<Rung> Ladder(int width, int height, double rate, IEnumerable<int> shortSides)
    {
        var own = Math.Min(width, height);
        var rungs = ImmutableArray.CreateBuilder<Rung>();
        foreach (var side in shortSides.Order().Select(wanted => Math.Min(Even(wanted), own)).Distinct())
        {
            var scale = (double)side / own;
            var (w, h) = width >= height ? (Even(width * scale), side) : (side, Even(height * scale));
            // Measured on clips of every kind: halving the pixels saves less than half of the bits.
            var kilobits = 2800 * Math.Pow((double)w * h / (1280 * 720), 0.75) * (rate > 31 ? 1.4 : 1);
            rungs.Add(new Rung(string.Create(CultureInfo.InvariantCulture, $"{side}p"), w, h, Math.Max(150, (int)Math.Round(kilobits / 50) * 50)));
        }

        return rungs.ToImmutable();
    }

    /// <summary>A constant rate that players and a spliced trailer can share: the upload's own where it is one, at most 60.</summary>
    private static string RateOf(VideoTrack video)
    {
        var rate = Rate(video);
        if (rate is < 12 or double.NaN)
            return "25/1";
        if (!video.VariableRate && rate <= 60.01)
            return video.FrameRate;
        ReadOnlySpan<string> usual = ["24000/1001", "24/1", "25/1", "30000/1001", "30/1", "50/1", "60/1"];
        var nearest = "60/1";
        var distance = double.MaxValue;
        foreach (var candidate in usual)
        {
            var (n, d) = MediaProbe.Fraction(candidate);
            if (Math.Abs(((double)n / d) - rate) < distance)
                (nearest, distance) = (candidate, Math.Abs(((double)n / d) - rate));
        }

        return nearest;
    }

    private static double Rate(VideoTrack video)
    {
        var (n, d) = MediaProbe.Fraction(video.FrameRate);
        return d > 0 ? (double)n / d : double.NaN;
    }

    private (int Width, int Height) Fit(int side)
    {
        var scale = Math.Min(1, (double)side / Math.Max(Width, Height));
        return (Even(Width * scale), Even(Height * scale));
    }

    private static int Even(double side) => Math.Max(2, (int)Math.Round(side / 2) * 2);
}
