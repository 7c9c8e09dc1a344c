using HlsGateway.Players.Tests.Rig;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests;

/// <summary>
/// Real players, the real gateway, a foreign origin and a CDN on other origins. What was shown is read from the picture, what was
/// fetched from the CDN's log, what was counted from the API.
/// </summary>
public sealed class PlayerTests(PlayedOnce played, ITestOutputHelper output) : IClassFixture<PlayedOnce>
{
    /// <summary>Frames that may pass unseen on a busy machine: fewer than the shortest segment has, so that none can be missing.</summary>
    private const int Glance = 50;

    public static TheoryData<string, string> EveryPlayer => Pairs(_ => true);

    public static TheoryData<string, string> PlayersWithCaptions => Pairs(player => player is Rig.Players.HlsJs or Rig.Players.Shaka or Rig.Players.VideoJs);

    public static TheoryData<string, string> Browsers => Pairs(player => player is not Rig.Players.Ffmpeg);

    [Theory]
    [MemberData(nameof(EveryPlayer))]
    public async Task S1_Content_and_then_the_whole_trailer_are_shown(string scenario, string player)
    {
        var report = await ReportAsync(scenario, player);

        Assert.Null(report.Error);
        Assert.True(report.Ended);
        AssertShown(report.Content, TestMedia.ContentFrames);
        AssertShown(report.Trailer, TestMedia.TrailerFrames);
        Assert.All(report.Frames.SkipWhile(frame => frame.Frame.Source != Barcode.Trailer), frame => Assert.Equal(Barcode.Trailer, frame.Frame.Source));
        if (player is Rig.Players.Ffmpeg)
            Assert.Equal(TestMedia.ContentFrames + TestMedia.TrailerFrames, report.Frames.Count);
    }

    [Theory]
    [MemberData(nameof(Browsers))]
    public async Task S2_Nothing_stalls_and_the_trailer_begins_where_the_content_ends(string scenario, string player)
    {
        var report = await ReportAsync(scenario, player);

        Assert.InRange(report.LongestStillMs, 0, 2000);
        Assert.InRange(report.TrailerOffset - report.ContentOffset, TestMedia.ContentSeconds - 0.1, TestMedia.ContentSeconds + 0.15);
        Assert.InRange(report.Duration, TestMedia.ContentSeconds + TestMedia.TrailerSeconds - 0.1, TestMedia.ContentSeconds + TestMedia.TrailerSeconds + 0.25);
    }

    [Theory]
    [MemberData(nameof(Browsers))]
    public async Task S7_Sound_goes_on_through_the_trailer_where_the_content_has_sound(string scenario, string player)
    {
        var report = await ReportAsync(scenario, player);
        var splice = report.TrailerOffset;
        var before = report.AudioBytes.Where(sample => sample.MediaTime < splice).Select(sample => sample.Bytes).DefaultIfEmpty().Max();
        var after = report.AudioBytes[^1].Bytes;

        if (!Scenario.Of(scenario).HasSound)
        {
            Assert.Equal(0, after);
            return;
        }
        // Sound is decoded a little ahead of the picture: more than half of the trailer's must still come after the splice.
        Assert.True(before > 0);
        Assert.InRange((after - before) / before, 0.5 * TestMedia.TrailerSeconds / TestMedia.ContentSeconds, double.MaxValue);
    }

    [Theory]
    [MemberData(nameof(PlayersWithCaptions))]
    public async Task W2_Cues_stand_within_50_ms_of_the_picture_they_belong_to(string scenario, string player)
    {
        var report = await ReportAsync(scenario, player);
        var shown = report.Cues.Where(cue => !string.IsNullOrWhiteSpace(cue.Text.Replace("&nbsp;", "", StringComparison.Ordinal))).ToArray();

        Assert.Equal(PlayedOnce.Cues.Select(cue => cue.Text), shown.Select(cue => cue.Text));
        foreach (var (cue, known) in shown.Zip(PlayedOnce.Cues))
        {
            Assert.InRange(cue.Start - report.ContentOffset - known.Start, -0.05, 0.05);
            Assert.InRange(cue.End - report.ContentOffset - known.End, -0.05, 0.05);
            if (cue.SeenAt is { } seen) Assert.InRange(seen, cue.Start - 0.05, cue.End + 0.25);
        }
        Assert.InRange(shown.Count(cue => cue.SeenAt is not null), shown.Length - 1, shown.Length);
    }

    [Theory]
    [MemberData(nameof(PlayersWithCaptions))]
    public async Task W3_Over_the_trailer_stands_one_blank_cue_and_no_words(string scenario, string player)
    {
        var report = await ReportAsync(scenario, player);

        var over = report.Cues.Where(cue => cue.End - report.ContentOffset > TestMedia.ContentSeconds + 0.05).ToArray();

        var blank = Assert.Single(over);
        Assert.True(string.IsNullOrWhiteSpace(blank.Text.Replace("&nbsp;", "", StringComparison.Ordinal)));
        Assert.InRange(blank.Start - report.TrailerOffset, -0.15, 0.15);
    }

    [Theory]
    [MemberData(nameof(EveryPlayer))]
    public async Task H2_The_session_counts_what_the_player_fetched(string scenario, string player)
    {
        var play = await played.PlayAsync(scenario, player);
        output.WriteLine(play.Session.ToString());
        var counted = play.CountedSegments.Order(StringComparer.Ordinal).ToList();
        var onlyCounted = counted.ToList();

        // Everything that was fetched is counted; and nothing else, but what the player asked for and then broke off.
        foreach (var path in play.ContentSegments) Assert.True(onlyCounted.Remove(path), $"{path} was fetched and not counted");
        Assert.InRange(onlyCounted.Count, 0, play.Report.GivenUp);
        Assert.Equal(counted.Count, play.Number("segments_fetched"));
        Assert.Equal(counted.Sum(TestMedia.SecondsOf), play.Number("seconds_fetched"), 0.01);
        Assert.Equal(TestMedia.ContentSeconds, play.Number("watch_seconds"), 0.01);
        Assert.Equal(TestMedia.TrailerSeconds, play.Number("trailer_seconds"), 0.05);
        Assert.True(play.Session.GetProperty("completed").GetBoolean());
    }

    [Theory]
    [MemberData(nameof(EveryPlayer))]
    public async Task H1_Every_segment_came_from_the_CDN_whose_address_tells_nothing_of_the_session(string scenario, string player)
    {
        var play = await played.PlayAsync(scenario, player);

        Assert.NotEmpty(play.ContentSegments);
        Assert.NotEmpty(play.TrailerSegments);
        Assert.All(play.Cdn, request =>
        {
            Assert.InRange(request.Status, 200, 206);
            Assert.Equal("", request.Query);
        });
    }

    [Fact]
    public async Task S2_The_chosen_audio_Rendition_is_the_one_that_is_fetched()
    {
        foreach (var player in new[] { Rig.Players.HlsJs, Rig.Players.Shaka })
        {
            var play = await played.PlayAsync("demuxed", player);

            Assert.Contains(play.Cdn, request => request.Path.Equals("/demuxed/de/video2.ts", StringComparison.Ordinal));
        }
    }

    private async Task<PlayerReport> ReportAsync(string scenario, string player)
    {
        var report = (await played.PlayAsync(scenario, player)).Report;
        output.WriteLine(report.ToString());
        return report;
    }

    /// <summary>From the first frames to the last, without a hole.</summary>
    private static void AssertShown(IEnumerable<ShownFrame> shown, int frames)
    {
        var numbers = shown.Select(frame => frame.Frame.Number).Prepend(0).Append(frames - 1).Order().ToArray();
        Assert.InRange(numbers.Length, frames / Glance, int.MaxValue);
        Assert.InRange(numbers.Zip(numbers.Skip(1), (earlier, later) => later - earlier).Max(), 0, Glance);
    }

    private static TheoryData<string, string> Pairs(Func<string, bool> wanted)
    {
        var pairs = new TheoryData<string, string>();
        foreach (var scenario in Scenario.Known)
        {
            foreach (var player in scenario.Players.Where(wanted))
                pairs.Add(scenario.Name, player);
        }
        return pairs;
    }
}
