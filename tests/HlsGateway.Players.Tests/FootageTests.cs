using System.Globalization;
using System.Text;
using System.Text.Json;
using HlsGateway.Players.Tests.Rig;

namespace HlsGateway.Players.Tests;

/// <summary>Runs when <c>scripts/try-footage</c> names a film.</summary>
internal sealed class FootageFactAttribute : FactAttribute
{
    public FootageFactAttribute()
    {
        if (string.IsNullOrEmpty(FootageTests.File)) Skip = "scripts/try-footage FILE plays a film of yours";
    }
}

/// <summary>A film of somebody's own through the whole machine, at its own speed, one player after the other.</summary>
public sealed class FootageTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string? File => Environment.GetEnvironmentVariable("FOOTAGE");

    [FootageFact]
    public async Task A_film_plays_with_trailer_and_captions_in_every_player()
    {
        var folder = Directory.CreateTempSubdirectory("hlsgateway-footage-").FullName;
        try
        {
            var footage = await Footage.CutAsync(File!, folder);
            KnownCue[] cues = [new("first words", 1, 2), new("across the border", 3.2, 5.1), new("in the middle", 6.04, 7), new("last words", footage.Seconds - 1.8, footage.Seconds - 0.3)];
            await using var stage = await Stage.SetAsync((Footage.Video, Path.Combine(footage.Root, Footage.Video)));
            await stage.CaptionAsync(Footage.Video, cues, "en", "de");
            await stage.TrailerReadyAsync(Footage.Video);

            var report = new StringBuilder($"Film: {footage.Seconds:F3} s, {footage.FramesPerSecond:F3} frames a second, two renditions; trailer {TestMedia.TrailerSeconds} s.\n");
            foreach (var (uri, text) in await stage.PlaylistsAsync(Footage.Video)) report.Append(CultureInfo.InvariantCulture, $"\n== GET {uri}\n{text}");

            var plays = new List<Play>();
            foreach (var player in Rig.Players.Fast)
            {
                plays.Add(await stage.PlayAsync(player, Footage.Video, footage.FramesPerSecond));
            }
            report.Append("\n== Players\n");
            foreach (var play in plays) report.AppendLine(Line(play, cues));
            foreach (var play in plays) report.Append(CultureInfo.InvariantCulture, $"\n== GET /api/sessions/{play.SessionId}   ({play.Report.Player})\n{JsonSerializer.Serialize(play.Session, Indented)}\n");
            await WriteAsync(report.ToString());

            Assert.All(plays, play =>
            {
                Assert.True(play.Report.Ended && play.Report.Error is null, play.Report.ToString());
                Assert.InRange(play.Report.Trailer.Max(frame => frame.Frame.Number), TestMedia.TrailerFrames - 25, TestMedia.TrailerFrames);
                Assert.InRange(play.Report.LongestStillMs, 0, 2000);
                Assert.Equal(footage.Seconds, play.Number("watch_seconds"), 0.1);
                Assert.Equal(TestMedia.TrailerSeconds, play.Number("trailer_seconds"), 0.1);
            });
            Assert.All(plays.Take(3), play => Assert.InRange(Verdict.WorstCue(play.Report, cues), 0, 50));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Line(Play play, IReadOnlyList<KnownCue> cues)
    {
        var report = play.Report;
        return string.Create(CultureInfo.InvariantCulture,
            $"{report.Player,-8} {report.Version,-14} {(report.Ended ? "ended" : "DID NOT END")}{(report.Error is null ? "" : " " + report.Error)}; shown: content frames {report.Content.Min(frame => frame.Frame.Number)}..{report.Content.Max(frame => frame.Frame.Number)} ({report.Content.Count()} read), " +
            $"trailer frames {report.Trailer.Min(frame => frame.Frame.Number)}..{report.Trailer.Max(frame => frame.Frame.Number)} ({report.Trailer.Count()} read); longest pause {report.LongestStillMs:F0} ms; " +
            $"captions: {(report.Cues.Count == 0 ? "shows none" : $"{report.Cues.Count(cue => cue.SeenAt is not null)} cues shown, worst {Verdict.WorstCue(report, cues):F1} ms off")}; " +
            $"CDN served {play.ContentSegments.Count()} content and {play.TrailerSegments.Count()} trailer segments; counted segments_fetched {play.Number("segments_fetched")}, " +
            $"seconds_fetched {play.Number("seconds_fetched")}, watch_seconds {play.Number("watch_seconds")}, trailer_seconds {play.Number("trailer_seconds")}");
    }

    private static async Task WriteAsync(string report)
    {
        var folder = Path.Combine(Places.Repository, ".build", "footage");
        Directory.CreateDirectory(folder);
        await System.IO.File.WriteAllTextAsync(Path.Combine(folder, "report.txt"), report);
    }
}
