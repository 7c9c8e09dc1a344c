using System.Text.Json;
using HlsGateway.Players.Tests.Rig;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests;

/// <summary>A trailer before the content, and one that the player fetches by itself, in real players.</summary>
public sealed class PlacementTests(PlacementStage set, ITestOutputHelper output) : IClassFixture<PlacementStage>
{
    [Fact]
    public async Task S5_The_trailer_is_shown_first_then_encrypted_content_with_its_cues_on_its_own_time()
    {
        var content = PlacementStage.Encrypted;
        await Fair.JudgeAllAsync(
            [
                .. new[] { Rig.Players.HlsJs, Rig.Players.Shaka, Rig.Players.Ffmpeg }
                    .Select(player => (Func<bool, Task<Play>>)(alone => set.Stage.PlayAsync(player, content.Name, content.FramesPerSecond, alone ? 1 : 2))),
            ],
            PlayedBefore, output.WriteLine);

        void PlayedBefore(Play play)
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

    private static readonly string[] Positions = ["pre", "post"];

    [Fact]
    public async Task Hls_js_plays_an_interstitial_before_and_behind_the_content_and_its_seconds_count()
    {
        await Fair.JudgeAllAsync([.. Positions.Select(position => (Func<bool, Task<Beside>>)(_ => PlayAsync(position)))], PlayedBeside, output.WriteLine);

        async Task<Beside> PlayAsync(string position)
        {
            var asked = new Assignment(new Uri(set.Stage.MasterPlaylist(position) + "?trailer=interstitial"), 1, "", Audio: null, Beside: position);
            var (report, session) = await set.Stage.Players.PlayAsync(Rig.Players.HlsJs, $"inter-{position}", asked, PlacementStage.Plain.FramesPerSecond);
            using var json = JsonDocument.Parse(await set.Stage.Gateway.Api.GetStringAsync($"api/sessions/{session}"));
            return new Beside(position, report, json.RootElement.Clone());
        }

        void PlayedBeside(Beside play)
        {
            var (position, report, session) = play;
            output.WriteLine(report.ToString());

            Assert.Null(report.Error);
            Assert.InRange(report.Trailer.Count(), TestMedia.TrailerFrames / 4, TestMedia.TrailerFrames * 2);
            Assert.InRange(report.Content.Max(frame => frame.Frame.Number), PlacementStage.Plain.Frames - 25, PlacementStage.Plain.Frames);
            Assert.Equal(position is "pre", report.Frames[0].Frame.Source == Barcode.Trailer);
            Assert.Equal(position is "post", report.Frames[^1].Frame.Source == Barcode.Trailer);
            Assert.Equal(PlacementStage.Plain.Seconds, session.GetProperty("watch_seconds").GetDouble(), 0.01);
            Assert.Equal(TestMedia.TrailerSeconds, session.GetProperty("trailer_seconds").GetDouble(), 0.05);
        }
    }

    private sealed record Beside(string Position, PlayerReport Report, JsonElement Session);
}

/// <summary>Encrypted content behind a trailer, and plain content as the videos <c>pre</c> and <c>post</c> with a trailer in that place.</summary>
public sealed class PlacementStage : IAsyncLifetime
{
    private Stage? stage;

    internal static ContentShape Encrypted { get; } = ContentShape.Of("aes");

    internal static ContentShape Plain { get; } = ContentShape.Of("ts");

    internal Stage Stage => stage!;

    public async Task InitializeAsync()
    {
        var plain = await TestMedia.MakeAsync(Plain);
        stage = await Stage.SetAsync((Encrypted.Name, await TestMedia.MakeAsync(Encrypted)), ("pre", plain), ("post", plain));
        await stage.ActivateAsync(Stage.Trailer, "pre");
        await stage.ActivateAsync(Stage.Trailer, "post", videos: "post");
        await stage.CaptionAsync(Encrypted.Name, PlayedOnce.Cues, "en");
        foreach (var video in new[] { Encrypted.Name, "pre", "post" }) await stage.TrailerReadyAsync(video);
    }

    public async Task DisposeAsync()
    {
        if (stage is not null) await stage.DisposeAsync();
    }
}
