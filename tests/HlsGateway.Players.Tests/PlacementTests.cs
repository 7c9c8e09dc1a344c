using System.Text.Json;
using HlsGateway.Players.Tests.Rig;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests;

/// <summary>A trailer before the content, and one that the player fetches by itself, in real players.</summary>
public sealed class PlacementTests(ITestOutputHelper output)
{
    [Fact]
    public async Task S5_The_trailer_is_shown_first_then_encrypted_content_with_its_cues_on_its_own_time()
    {
        var content = ContentShape.Of("aes");
        await using var stage = await SetAsync(content, "pre");
        await stage.CaptionAsync(content.Name, PlayedOnce.Cues, "en");
        await stage.TrailerReadyAsync(content.Name);
        foreach (var player in new[] { Rig.Players.HlsJs, Rig.Players.Shaka, Rig.Players.Ffmpeg })
            await Fair.JudgeAsync(async alone => PlayedBefore(await stage.PlayAsync(player, content.Name, content.FramesPerSecond, alone ? 1 : 2), content), output.WriteLine);

        void PlayedBefore(Play play, ContentShape content)
        {
            var report = play.Report;
            output.WriteLine(report.ToString());
            Assert.Null(report.Error);
            Assert.True(report.Ended);
            Assert.Equal(Barcode.Trailer, report.Frames[0].Frame.Source);
            Assert.All(report.Frames.SkipWhile(frame => frame.Frame.Source == Barcode.Trailer), frame => Assert.NotEqual(Barcode.Trailer, frame.Frame.Source));
            Assert.InRange(report.Trailer.Max(frame => frame.Frame.Number), TestMedia.TrailerFrames - 25, TestMedia.TrailerFrames);
            Assert.InRange(report.Content.Max(frame => frame.Frame.Number), content.Frames - 25, content.Frames);
            Assert.Equal(content.Seconds, play.Number("watch_seconds"), 0.01);
            Assert.Equal(TestMedia.TrailerSeconds, play.Number("trailer_seconds"), 0.05);
            if (report.Player is Rig.Players.Ffmpeg)
                return;

            Assert.InRange(report.ContentOffset - report.TrailerOffset, TestMedia.TrailerSeconds - 0.15, TestMedia.TrailerSeconds + 0.15);
            var words = report.Cues.Where(cue => !string.IsNullOrWhiteSpace(cue.Text.Replace("&nbsp;", "", StringComparison.Ordinal))).ToArray();
            Assert.Equal(PlayedOnce.Cues.Select(cue => cue.Text), words.Select(cue => cue.Text));
            foreach (var (cue, known) in words.Zip(PlayedOnce.Cues))
                Assert.InRange(cue.Start - report.ContentOffset - known.Start, -0.05, 0.05);
        }
    }

    [Theory]
    [InlineData("pre")]
    [InlineData("post")]
    public async Task Hls_js_plays_an_interstitial_beside_the_content_and_its_seconds_count(string position)
    {
        var content = ContentShape.Of("ts");
        await using var stage = await SetAsync(content, position);
        await stage.TrailerReadyAsync(content.Name);

        var asked = new Assignment(new Uri(stage.MasterPlaylist(content.Name) + "?trailer=interstitial"), 1, "", Audio: null, Beside: position);
        await Fair.JudgeAsync(async alone =>
        {
            var (report, session) = await stage.Players.PlayAsync(Rig.Players.HlsJs, $"inter-{position}", asked, content.FramesPerSecond);
            output.WriteLine(report.ToString());

            Assert.Null(report.Error);
            Assert.InRange(report.Trailer.Count(), TestMedia.TrailerFrames / 4, TestMedia.TrailerFrames * 2);
            Assert.InRange(report.Content.Max(frame => frame.Frame.Number), content.Frames - 25, content.Frames);
            Assert.Equal(position is "pre", report.Frames[0].Frame.Source == Barcode.Trailer);
            Assert.Equal(position is "post", report.Frames[^1].Frame.Source == Barcode.Trailer);
            using var json = JsonDocument.Parse(await stage.Gateway.Api.GetStringAsync($"api/sessions/{session}"));
            Assert.Equal(content.Seconds, json.RootElement.GetProperty("watch_seconds").GetDouble(), 0.01);
            Assert.Equal(TestMedia.TrailerSeconds, json.RootElement.GetProperty("trailer_seconds").GetDouble(), 0.05);
        }, output.WriteLine);
    }

    private static async Task<Stage> SetAsync(ContentShape content, string position)
    {
        var stage = await PlayedOnce.SetAsync([content]);
        await stage.ActivateAsync(Stage.Trailer, position);
        return stage;
    }
}
