using System.Text.Json;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>A picture that a player showed.</summary>
/// <param name="MediaTime">Seconds on the player's own timeline.</param>
internal readonly record struct ShownFrame(double MediaTime, Frame Frame);

/// <param name="Start">Seconds on the player's own timeline.</param>
/// <param name="SeenAt">The player's time when the cue was first seen among the active ones; null when no look fell into it.</param>
internal sealed record ShownCue(string Text, double Start, double End, double? SeenAt);

/// <summary>A time without progress.</summary>
/// <param name="MediaTime">Seconds on the player's own timeline, where it stood.</param>
internal readonly record struct Pause(double MediaTime, double Ms);

/// <summary>A picture of the content, and whether words were drawn into it.</summary>
/// <param name="Time">Seconds of content.</param>
internal readonly record struct Captioned(double Time, bool Words);

/// <summary>What one player did with one stream, from the page's report or from the files that it wrote.</summary>
internal sealed record PlayerReport
{
    public required string Player { get; init; }

    public required string Version { get; init; }

    public required bool Ended { get; init; }

    public string? Error { get; init; }

    /// <summary>Seconds, as the player says; -1 when it says none.</summary>
    public double Duration { get; init; }

    /// <summary>The longest time without progress once playback had begun.</summary>
    public double LongestStillMs { get; init; }

    public IReadOnlyList<Pause> Pauses { get; init; } = [];

    public double WallMs { get; init; }

    public int Unreadable { get; init; }

    /// <summary>Requests that the player itself broke off, as it does when it changes its mind about a Rendition.</summary>
    public int GivenUp { get; init; }

    public required IReadOnlyList<ShownFrame> Frames { get; init; }

    public IReadOnlyList<ShownCue> Cues { get; init; } = [];

    /// <summary>Of players whose captions can be read only from the picture.</summary>
    public IReadOnlyList<Captioned> Drawn { get; init; } = [];

    /// <summary>Player's time and bytes of sound decoded so far.</summary>
    public IReadOnlyList<(double MediaTime, double Bytes)> AudioBytes { get; init; } = [];

    public IReadOnlyList<Heard> Sound { get; init; } = [];

    public IReadOnlyList<string> Log { get; init; } = [];

    /// <summary>Of the content; the trailer's frames are numbered as its source's were, whatever rate its copies have.</summary>
    public double ContentFramesPerSecond { get; init; } = 25;

    public IEnumerable<ShownFrame> Content => Frames.Where(frame => frame.Frame.Source != Barcode.Trailer);

    public IEnumerable<ShownFrame> Trailer => Frames.Where(frame => frame.Frame.Source == Barcode.Trailer);

    /// <summary>The picture that is read may be the one before the one whose time is told, as in Firefox.</summary>
    public bool PicturesLag { get; init; }

    /// <summary>
    /// Seconds from the content's own time, which its frames carry, to the player's; the median, since under load a browser
    /// may draw one frame later than the one it reports.
    /// </summary>
    public double ContentOffset => Offset(Content, ContentFramesPerSecond);

    /// <summary>As <see cref="ContentOffset"/>, of the trailer's start.</summary>
    public double TrailerOffset => Offset(Trailer, TestMedia.TrailerFramesPerSecond);

    public override string ToString() =>
        $"{Player} {Version}: {(Ended ? "ended" : "did not end")}{(Error is null ? "" : $", {Error}")}; {Frames.Count} frames read, {Unreadable} not; " +
        $"longest pause {LongestStillMs:F0} ms, {WallMs:F0} ms in all\n  {string.Join("\n  ", Log)}";

    public static PlayerReport FromPage(JsonElement json)
    {
        var page = json.Deserialize<Page>(JsonSerializerOptions.Web)!;
        return new PlayerReport
        {
            Player = page.Player,
            Version = page.Version,
            Ended = page.Ended,
            Error = page.Error,
            Duration = page.Duration,
            LongestStillMs = page.LongestStillMs,
            WallMs = page.WallMs,
            Unreadable = page.Unreadable,
            Frames = [.. page.Frames.Select(frame => new ShownFrame(frame[0], new Frame((int)frame[1], (int)frame[2])))],
            Cues = page.Cues,
            Pauses = [.. page.Pauses.Select(pair => new Pause(pair[0], pair[1]))],
            Sound = [.. page.Sound.Select(heard => new Heard(heard[0], heard[1], heard[2]))],
            AudioBytes = [.. page.AudioBytes.Select(pair => (pair[0], pair[1]))],
            Log = page.Log,
        };
    }

    private double Offset(IEnumerable<ShownFrame> shown, double framesPerSecond)
    {
        var sorted = shown.Select(frame => frame.MediaTime - (frame.Frame.Number / framesPerSecond)).Order().ToArray();
        if (sorted.Length == 0) return double.NaN;
        // Of two differences that are a frame apart the smaller one is right: the one that is it, or a frame less, most often.
        return PicturesLag ? sorted.MaxBy(offset => Count(offset) + Count(offset + (1 / framesPerSecond))) : sorted[sorted.Length / 2];

        int Count(double offset) => sorted.Count(other => Math.Abs(other - offset) < 0.004);
    }

    private sealed record Page(
        string Player, string Version, bool Ended, string? Error, double Duration, double LongestStillMs, double WallMs, int Unreadable,
        double[][] Frames, ShownCue[] Cues, double[][] AudioBytes, double[][] Pauses, double[][] Sound, string[] Log);
}
