using HlsGateway.Players.Tests.Rig;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests;

/// <summary>
/// Real players, the real gateway, a foreign origin and a CDN on other origins. What was shown is read from the picture, what was heard
/// from the sound's tone, what was fetched from the CDN's log, what was counted from the API.
/// </summary>
public sealed class PlayerTests(PlayedOnce played, ITestOutputHelper output) : IClassFixture<PlayedOnce>
{
    public static TheoryData<string, string> EveryPlayer => Pairs(_ => true);

    public static TheoryData<string, string> PlayersWithCaptions => Pairs(player => Rig.Players.WithCaptions.Contains(player));

    public static TheoryData<string, string> Browsers => Pairs(player => Rig.Players.Browsers.Contains(player));

    [Theory]
    [MemberData(nameof(EveryPlayer))]
    public Task S1_S7_Content_and_then_the_whole_trailer_are_shown_and_heard_without_a_stop(string scenario, string player) => CheckAsync(scenario, player, ShownAndHeard);

    [Theory]
    [MemberData(nameof(Browsers))]
    public Task S2_The_trailer_begins_where_the_content_ends(string scenario, string player) => CheckAsync(scenario, player, TrailerBehindContent);

    [Theory]
    [MemberData(nameof(PlayersWithCaptions))]
    public Task W2_Cues_are_shown_at_their_time_and_no_others(string scenario, string player) => CheckAsync(scenario, player, CuesAtTheirTime);

    [Theory]
    [MemberData(nameof(PlayersWithCaptions))]
    public Task W3_Over_the_trailer_stands_one_blank_cue_and_no_words(string scenario, string player) => CheckAsync(scenario, player, BlankOverTheTrailer);

    [Theory]
    [MemberData(nameof(EveryPlayer))]
    public Task H2_The_session_counts_what_the_player_fetched(string scenario, string player) => CheckAsync(scenario, player, CountedAsFetched);

    [Theory]
    [MemberData(nameof(EveryPlayer))]
    public Task H1_Every_segment_came_from_the_CDN_whose_address_tells_nothing_of_the_session(string scenario, string player) => CheckAsync(scenario, player, FetchedFromTheCdn);

    [Fact]
    public async Task S2_The_chosen_audio_Rendition_is_the_one_that_is_fetched()
    {
        foreach (var player in new[] { Rig.Players.HlsJs, Rig.Players.Shaka, Rig.Players.VideoJs })
        {
            var play = await played.PlayAsync("demuxed", player, CheckAll);

            Assert.Contains(play.Cdn, request => request.Path.Equals("/demuxed/de/video2.ts", StringComparison.Ordinal));
        }
    }

    /// <summary>hls.js puts what follows a discontinuity in its place by DTS: where a trailer's delay differed from its content's, this play never ended.</summary>
    [Fact]
    public async Task S7_A_change_of_the_Variant_Stream_at_the_splice_costs_neither_pictures_nor_the_end()
    {
        Scenario[] scenarios = [Scenario.Of("ts"), Scenario.Of("silent"), Scenario.Of("demuxed")];
        foreach (var scenario in scenarios) await PlayedOnce.PrepareAsync(played.Stage, scenario);

        var told = new List<string>();
        await Fair.JudgeAllAsync(
            [
                .. scenarios.Select(scenario => (Func<bool, Task<(Scenario, Play)>>)(async alone =>
                    (scenario, await played.Stage.PlayAsync(
                        Rig.Players.HlsJs, scenario.Content.Name, scenario.Content.FramesPerSecond, alone ? 1 : 2, scenario.Audio, switchAt: ContentShape.Segments)))),
            ],
            play =>
            {
                var (scenario, played) = play;
                output.WriteLine($"{scenario.Name}: {played.Report}");
                Assert.Equal(["180p", "360p"], played.ContentSegments.Concat(played.TrailerSegments).Select(path => path.Contains("180p/", StringComparison.Ordinal) || path.Contains("x180-", StringComparison.Ordinal) ? "180p" : "360p").Distinct());
                ShownAndHeard(played, scenario);
                TrailerBehindContent(played, scenario);
            }, told.Add);
        foreach (var text in told) output.WriteLine(text);
        // Alone at the film's own speed it came to the end now and then all the same.
        Assert.InRange(told.Count(text => text.Contains("alone", StringComparison.Ordinal) && text.Contains("did not end", StringComparison.Ordinal)), 0, 1);
    }

    /// <summary>Looks at what came of a play that was judged as a whole: it was played again if the machine, and not the stream, may have been at fault.</summary>
    private async Task CheckAsync(string scenario, string player, Action<Play, Scenario> check)
    {
        var play = await played.PlayAsync(scenario, player, CheckAll);
        output.WriteLine($"{play.Report}\n{Verdict.Of(play, Scenario.Of(scenario))}\n{play.Session}\n{played.Told}");
        check(play, Scenario.Of(scenario));
    }

    private static void CheckAll(Play play, Scenario scenario)
    {
        ShownAndHeard(play, scenario);
        if (Rig.Players.Browsers.Contains(play.Report.Player)) TrailerBehindContent(play, scenario);
        if (Rig.Players.WithCaptions.Contains(play.Report.Player))
        {
            CuesAtTheirTime(play, scenario);
            BlankOverTheTrailer(play, scenario);
        }
        CountedAsFetched(play, scenario);
        FetchedFromTheCdn(play, scenario);
    }

    private static void ShownAndHeard(Play play, Scenario scenario)
    {
        Assert.Empty(Verdict.Of(play, scenario).Faults);
        if (play.Report.Player is Rig.Players.Ffmpeg)
            Assert.Equal(scenario.Content.Frames + Math.Round(TestMedia.TrailerSeconds * scenario.Content.FramesPerSecond), play.Report.Frames.Count);
    }

    private static void TrailerBehindContent(Play play, Scenario scenario)
    {
        var seconds = scenario.Content.Seconds;

        Assert.InRange(play.Report.TrailerOffset - play.Report.ContentOffset, seconds - 0.1, seconds + 0.15);
        Assert.InRange(play.Report.Duration, seconds + TestMedia.TrailerSeconds - 0.1, seconds + TestMedia.TrailerSeconds + 0.25);
    }

    private static void CuesAtTheirTime(Play play, Scenario scenario)
    {
        var shown = play.Report.Cues.Where(cue => !IsBlank(cue)).ToArray();

        Assert.Equal(PlayedOnce.Cues.Select(cue => cue.Text), shown.Select(cue => cue.Text));
        Assert.InRange(Verdict.WorstCue(play.Report, PlayedOnce.Cues), 0, 50);
        Assert.All(shown.Where(cue => cue.SeenAt is not null), cue => Assert.InRange(cue.SeenAt ?? 0, cue.Start - 0.05, cue.End + 0.25));
        Assert.InRange(shown.Count(cue => cue.SeenAt is not null), shown.Length - 1, shown.Length);
    }

    private static void BlankOverTheTrailer(Play play, Scenario scenario)
    {
        var over = play.Report.Cues.Where(cue => cue.End - play.Report.ContentOffset > scenario.Content.Seconds + 0.05).ToArray();

        var blank = Assert.Single(over);
        Assert.True(IsBlank(blank));
        Assert.InRange(blank.Start - play.Report.TrailerOffset, -0.15, 0.15);
    }

    private static void CountedAsFetched(Play play, Scenario scenario)
    {
        var content = scenario.Content;
        var counted = play.CountedSegments.Order(StringComparer.Ordinal).ToList();
        var onlyCounted = play.RecordedSegments.ToList();

        // Everything that was fetched is recorded; and nothing else, but what the player asked for and then broke off.
        foreach (var path in play.ContentSegments) Assert.True(onlyCounted.Remove(path), $"{path} was fetched and not recorded");
        Assert.InRange(onlyCounted.Count, 0, play.Report.GivenUp);
        Assert.Equal(counted.Count, play.Number("segments_fetched"));
        if (Rig.Players.WithRanges.Contains(play.Report.Player)) Assert.Equal(counted.Distinct(StringComparer.Ordinal), counted);
        Assert.Equal(counted.Sum(content.SecondsOf), play.Number("seconds_fetched"), 0.01);
        Assert.Equal(content.Seconds, play.Number("watch_seconds"), 0.01);
        Assert.Equal(TestMedia.TrailerSeconds, play.Number("trailer_seconds"), 0.05);
        Assert.True(play.Session.GetProperty("completed").GetBoolean());
    }

    private static void FetchedFromTheCdn(Play play, Scenario scenario)
    {
        Assert.NotEmpty(play.ContentSegments);
        Assert.NotEmpty(play.TrailerSegments);
        Assert.All(play.Cdn, request =>
        {
            Assert.InRange(request.Status, 200, 206);
            Assert.Equal("", request.Query);
        });
    }

    private static bool IsBlank(ShownCue cue) => string.IsNullOrWhiteSpace(cue.Text.Replace("&nbsp;", "", StringComparison.Ordinal));

    private static TheoryData<string, string> Pairs(Func<string, bool> wanted)
    {
        var pairs = new TheoryData<string, string>();
        foreach (var scenario in Scenario.Lean)
        {
            foreach (var player in scenario.Players.Where(wanted))
                pairs.Add(scenario.Name, player);
        }
        return pairs;
    }
}
