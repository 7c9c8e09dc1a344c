using System.Globalization;
using HlsGateway.Playlists;

namespace HlsGateway.Content;

/// <summary>The properties of a Rendition that a trailer copy must share with it (rule S7).</summary>
/// <param name="Container"><c>ts</c>, <c>fmp4</c>, or <c>aac</c> (packed audio).</param>
/// <param name="Width">Coded pixels as shown; 0 without video.</param>
/// <param name="Height">0 without video.</param>
/// <param name="FrameRate">As a fraction (<c>25/1</c>, <c>30000/1001</c>); empty without video.</param>
/// <param name="VideoProfile">H.264 profile, lower case (<c>high</c>, <c>main</c>, <c>baseline</c>); empty without video.</param>
/// <param name="SampleRate">Hz; 0 without audio.</param>
/// <param name="Channels">0 without audio.</param>
internal readonly record struct RenditionShape(
    string Container, int Width, int Height, string FrameRate, string VideoProfile, int SampleRate, int Channels)
{
    /// <summary>Of a trailer copy whose timestamps continue a content's: its first PTS in steps of <see cref="ContentEnd.Step"/>. Null for content, and for the copy that all videos share.</summary>
    public int? Continues { get; init; }

    /// <summary>
    /// MPEG-TS: frames by which decoding runs ahead of presentation because of B-frames: the first picture's DTS is this far before its PTS. A
    /// player that places what follows a discontinuity by DTS (hls.js) overlaps two pieces that differ in it.
    /// </summary>
    public int Delay { get; init; }

    /// <summary>90 kHz. Encoders keep two or three frames back; a copy cannot take over a longer delay.</summary>
    public const long LongestDelay = 45_000;

    public bool HasVideo => Width > 0;

    public bool HasAudio => Channels > 0;

    /// <summary>
    /// Key of the matching trailer copy; letters, digits and hyphens, safe in a URL and an object key:
    /// <c>ts-1280x720-25_1-high-48000x2-d2</c>, <c>fmp4-854x480-24_1-main-na</c>, <c>ts-nv-44100x1</c>, <c>ts-nv-44100x1-at61</c>.
    /// </summary>
    public string Profile => string.Create(CultureInfo.InvariantCulture,
        $"{Container}-{(HasVideo ? $"{Width}x{Height}-{FrameRate.Replace('/', '_')}-{VideoProfile}" : "nv")}-{(HasAudio ? $"{SampleRate}x{Channels}" : "na")}{(Delay > 0 ? $"-{Ahead}{Delay}" : "")}{(Continues is { } at ? $"-{At}{at}" : "")}");

    private const string Ahead = "d";
    private const string At = "at";

    /// <summary>Reads what <see cref="Profile"/> wrote.</summary>
    public static bool TryParse(string profile, out RenditionShape shape)
    {
        shape = default;
        var parts = profile.Split('-');
        if (!TryTake(ref parts, At, out var continues) || !TryTake(ref parts, Ahead, out var delay))
            return false;
        if (parts.Length < 3)
            return false;
        var (width, height, rate, video) = (0, 0, "", "");
        if (parts[1] != "nv")
        {
            if (parts.Length < 5 || !TryPair(parts[1], out width, out height) || width == 0 || height == 0)
                return false;
            // A profile's own name may hold hyphens: it is all that stands between the rate and the sound.
            (rate, video) = (parts[2].Replace('_', '/'), string.Join('-', parts[3..^1]));
        }
        var (sampleRate, channels) = (0, 0);
        if (parts[^1] != "na" && !TryPair(parts[^1], out sampleRate, out channels))
            return false;
        shape = new RenditionShape(parts[0], width, height, rate, video, sampleRate, channels) { Delay = delay ?? 0, Continues = continues };
        return string.Equals(shape.Profile, profile, StringComparison.Ordinal);
    }

    /// <summary>Removes a mark and its number from the end, where there is one.</summary>
    private static bool TryTake(ref string[] parts, string mark, out int? number)
    {
        number = null;
        if (!parts[^1].StartsWith(mark, StringComparison.Ordinal))
            return true;
        if (!int.TryParse(parts[^1].AsSpan(mark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            return false;
        (number, parts) = (value, parts[..^1]);
        return parts.Length > 0;
    }

    private static bool TryPair(string text, out int first, out int second)
    {
        first = second = 0;
        var x = text.IndexOf('x', StringComparison.Ordinal);
        return x > 0 && int.TryParse(text.AsSpan(0, x), NumberStyles.None, CultureInfo.InvariantCulture, out first)
            && int.TryParse(text.AsSpan(x + 1), NumberStyles.None, CultureInfo.InvariantCulture, out second);
    }
}

/// <summary>Where a range of the content begins, on both clocks: its first, or one behind an EXT-X-DISCONTINUITY.</summary>
/// <param name="StartMs">Milliseconds from the content's start.</param>
/// <param name="FirstVideoPts">As in <see cref="RenditionFacts"/>.</param>
internal readonly record struct RangeFacts(int StartMs, long FirstVideoPts);

/// <summary>What was measured on one Rendition's first segment.</summary>
/// <param name="Path">The Media Playlist's URI below the video's folder (<c>720p/video.m3u8</c>), exactly as its Master Playlist writes it.</param>
/// <param name="FirstVideoPts">PTS of the first video frame, 90 kHz (rule W2); for audio-only Renditions that of the first audio frame.</param>
/// <param name="Unsupported">Null, or why no trailer can follow this Rendition: <c>unsupported_codec</c>, <c>unsupported_container</c>, <c>encrypted</c>.</param>
internal readonly record struct RenditionFacts(string Path, RenditionShape Shape, long FirstVideoPts, string? Unsupported = null)
{
    /// <summary>Memory held, in bytes.</summary>
    internal long Weight => Weights.OfArray<RenditionFacts>(1) + Weights.OfArray<RangeFacts>(Ranges?.Count ?? 0)
        + Weights.Of(Path) + Weights.Of(Unsupported) + Weights.Of(Shape.Container) + Weights.Of(Shape.FrameRate) + Weights.Of(Shape.VideoProfile);

    /// <summary>Stands for a PTS that could not be measured.</summary>
    public const long UnknownPts = -1;

    /// <summary>
    /// PTS at which the last frame ends, 90 kHz; <see cref="UnknownPts"/> where the bytes did not tell, and null where it was not asked for: only some
    /// Renditions of content in containers with a clock of their own tell where it ends (<see cref="ContentEnd"/>).
    /// </summary>
    public long? EndPts { get; init; }

    /// <summary>Of the Media Playlist; null where it was not read.</summary>
    public PlaylistTiming? Timing { get; init; }

    /// <summary>Of the first Variant Stream: its ranges behind the first, in their order; null or short of the later ones where they were not measured.</summary>
    public IReadOnlyList<RangeFacts>? Ranges { get; init; }
}
