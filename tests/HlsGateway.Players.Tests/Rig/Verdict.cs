using System.Globalization;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>What a play is held to, and the figures that it is judged by.</summary>
/// <param name="Faults">In words; empty for a play without fault.</param>
/// <param name="SplicePauseMs">The longest pause within <see cref="Near"/> of the splice; null where the player has no clock.</param>
/// <param name="WorstCueMs">How far a cue's start or end stands from the picture that it belongs to; null where the player shows none.</param>
/// <param name="LostTail">Frames of content before the splice that were not shown.</param>
/// <param name="TrailerDecibels">Median level of the sound over the trailer; null without sound.</param>
internal sealed record Verdict(IReadOnlyList<string> Faults, double? SplicePauseMs, double? WorstCueMs, int LostTail, double? TrailerDecibels)
{
    /// <summary>Pictures may pass unseen on a busy machine for so long: less than the shortest segment lasts, so that none can be missing.</summary>
    public const double GlanceSeconds = 2;

    /// <summary>
    /// mpv and VLC drop a part of the content's end at every discontinuity that restarts timestamps. VLC throws the words that it holds
    /// away with it, some time before its last picture.
    /// </summary>
    private const double TailSeconds = 1.5;

    private const double Near = 1.5;
    internal const double LongestPauseMs = 500;
    private const double LongestCueMs = 50;

    /// <summary>Seconds of the content's end over which VLC showed no words although a cue was due; 0 for others.</summary>
    public double LostWords { get; init; }

    /// <summary>What was found at fault in plays before this one, and why it was played again.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    [System.Text.Json.Serialization.JsonIgnore]
    public bool Good => Faults.Count == 0;

    public static Verdict Of(Play play, Scenario scenario)
    {
        var report = play.Report;
        var faults = new List<string>();
        if (!report.Ended || report.Error is not null) faults.Add($"did not end: {report.Error ?? (report.Log.Count > 0 ? report.Log[^1] : "")}");
        if (!report.Content.Any() || !report.Trailer.Any())
        {
            faults.Add($"{report.Content.Count()} pictures of content and {report.Trailer.Count()} of the trailer seen");
            return new Verdict(faults, null, null, 0, null);
        }

        var last = report.Content.Max(shown => shown.Frame.Number);
        var tail = scenario.Content.Frames - 1 - last;
        var clips = report.Player is Players.Mpv or Players.Vlc;
        var end = clips && tail < TailSeconds * scenario.Content.FramesPerSecond ? last : scenario.Content.Frames - 1;
        if (Leap(report.Content, end) / scenario.Content.FramesPerSecond is > GlanceSeconds and var missed) faults.Add(Text($"{missed:F1} s of content not shown"));
        if (Leap(report.Trailer, TestMedia.TrailerFrames - 1) / (double)TestMedia.TrailerFramesPerSecond is > GlanceSeconds and var lost) faults.Add(Text($"{lost:F1} s of trailer not shown"));
        if (report.Frames.SkipWhile(shown => shown.Frame.Source != Barcode.Trailer).Any(shown => shown.Frame.Source != Barcode.Trailer)) faults.Add("content after the trailer");

        var pause = PauseAtSplice(report);
        // VLC leaves the content's tail out at any discontinuity, and whether it stands still for as long or goes on at once is chance.
        var stall = report.Player is Players.Vlc ? pause - (1000 * tail / scenario.Content.FramesPerSecond) : pause;
        if (stall > LongestPauseMs) faults.Add(Text($"stood still for {pause:F0} ms at the splice"));
        var drawn = report.Player is Players.Vlc ? WordsUntil(report, PlayedOnce.Cues, scenario.Content.Seconds) : scenario.Content.Seconds;
        var cue = report.Player is Players.Vlc ? WorstDrawn(report, PlayedOnce.Cues, Math.Min(drawn, (last + 1) / scenario.Content.FramesPerSecond))
            : Players.WithCaptions.Contains(report.Player) ? WorstCue(report, PlayedOnce.Cues) : (double?)null;
        if (cue > LongestCueMs) faults.Add(Text($"cues {cue:F0} ms off"));
        return new Verdict(faults, pause, cue, tail, HearTrailer(report, scenario, faults)) { LostWords = scenario.Content.Seconds - drawn };
    }

    /// <summary>Milliseconds; infinite when a cue is missing.</summary>
    public static double WorstCue(PlayerReport report, IReadOnlyList<KnownCue> known) => 1000 * known.Max(cue =>
        report.Cues.FirstOrDefault(shown => shown.Text.Equals(cue.Text, StringComparison.Ordinal)) is not { } shown
            ? double.PositiveInfinity
            : Math.Max(Math.Abs(shown.Start - report.ContentOffset - cue.Start), Math.Abs(shown.End - report.ContentOffset - cue.End)));

    /// <summary>
    /// Milliseconds, of cues that are read from the picture: how far from a cue's start or end stands a picture that bears words and
    /// should not, or should and does not. Infinite when a cue was never seen; pictures that were not shown tell nothing.
    /// </summary>
    /// <param name="last">Seconds of content that was shown, with its words.</param>
    private static double WorstDrawn(PlayerReport report, IReadOnlyList<KnownCue> known, double last)
    {
        if (known.Any(cue => cue.Start + 0.2 < last && !report.Drawn.Any(picture => picture.Words && Due(cue, picture)))) return double.PositiveInfinity;
        return 1000 * report.Drawn.Where(picture => picture.Time < last && picture.Words != known.Any(cue => Due(cue, picture)))
            .Select(picture => known.Min(cue => Math.Min(Math.Abs(picture.Time - cue.Start), Math.Abs(picture.Time - cue.End)))).DefaultIfEmpty().Max();
    }

    /// <summary>Seconds of content up to which words were shown where they were due: its whole length, but for the tail that VLC throws away.</summary>
    private static double WordsUntil(PlayerReport report, IReadOnlyList<KnownCue> known, double seconds)
    {
        var bare = report.Drawn.OrderByDescending(picture => picture.Time).Where(picture => known.Any(cue => Due(cue, picture))).TakeWhile(picture => !picture.Words).Select(picture => picture.Time).ToArray();
        return bare is [.., var first] && first > seconds - TailSeconds ? first : seconds;
    }

    private static bool Due(KnownCue cue, Captioned picture) => picture.Time >= cue.Start && picture.Time < cue.End;

    private static double? PauseAtSplice(PlayerReport report) => report.Player is Players.Ffmpeg
        ? null
        : report.Pauses.Where(pause => Math.Abs(pause.MediaTime - report.Trailer.First().MediaTime) < Near).Select(pause => pause.Ms).DefaultIfEmpty().Max();

    /// <summary>The most frames between two neighbours that were shown, the first and last included.</summary>
    private static int Leap(IEnumerable<ShownFrame> shown, int last)
    {
        var numbers = shown.Select(frame => frame.Frame.Number).Prepend(0).Append(last).Order().ToArray();
        return numbers.Zip(numbers.Skip(1), (earlier, later) => later - earlier).Max();
    }

    /// <summary>Sound of the trailer's own tone where it has any, silence where it has none, nothing at all where the content has none.</summary>
    private static double? HearTrailer(PlayerReport report, Scenario scenario, List<string> faults)
    {
        if (!scenario.Content.HasSound)
        {
            if (report.Sound.Any(heard => heard.Decibels > Heard.Nothing) || report.AudioBytes.Any(sample => sample.Bytes > 0)) faults.Add("sound where none should be");
            return null;
        }

        // What is heard lags behind the picture by the length of a look. Players that write files may lose pictures at the splice, and
        // their n-th picture then tells no time: their sound is counted back from its end.
        var start = Players.Browsers.Contains(report.Player) || report.Sound.Count == 0 ? report.Trailer.First().MediaTime : report.Sound[^1].MediaTime - TestMedia.TrailerSeconds;
        var over = report.Sound.Where(heard => heard.MediaTime > start + 0.3 && heard.MediaTime < start + TestMedia.TrailerSeconds - 0.3).ToArray();
        if (over.Length == 0)
        {
            faults.Add("no sound over the trailer");
            return null;
        }
        var right = over.Count(heard => scenario.TrailerHasSound ? heard.IsTone(TestMedia.TrailerHertz) : heard.IsSilence);
        if (right < 0.75 * over.Length) faults.Add(Text($"the trailer's {(scenario.TrailerHasSound ? "tone" : "silence")} was heard in {right} of {over.Length} looks"));
        var tone = scenario.Audio is null ? TestMedia.ContentHertz : TestMedia.OtherHertz;
        var content = report.Sound.Count(heard => heard.IsTone(tone) || heard.IsTone(TestMedia.ContentHertz));
        var before = report.Sound.Count(heard => heard.MediaTime < start);
        if (content < 0.75 * before) faults.Add(Text($"the content's tone was heard in {content} of {before} looks"));
        return over.Select(heard => heard.Decibels).Order().ElementAt(over.Length / 2);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
