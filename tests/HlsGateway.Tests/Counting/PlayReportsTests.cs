using HlsGateway.Counting;

namespace HlsGateway.Tests.Counting;

/// <summary>How event reports (<c>sta</c>, <c>pt</c>, <c>pr</c>, <c>ts</c>) turn what was fetched at once into what was played.</summary>
public sealed class PlayReportsTests
{
    private const long Begin = 1_800_000_000_000;
    private const int Content = 24_000;

    [Fact]
    public void What_lies_between_reports_of_a_player_that_plays_was_played_to_the_millisecond() =>
        Assert.Equal([(0, 6040)], Low(Tell(0, 0), Tell(4, 3.95), Tell(6.1, 6.04, "a")).Intervals);

    [Fact]
    public void Nothing_is_played_from_a_report_on_that_tells_of_a_pause_a_seek_or_an_empty_buffer()
    {
        foreach (var state in (string[])["a", "k", "r", "s", "w", "e", "f"])
            Assert.Equal(0, Low(Tell(0, 0, state), Tell(4, 4)).Length);
    }

    [Fact]
    public void A_seek_is_known_by_where_the_player_was_before_and_after_it() =>
        Assert.Equal([(0, 5000), (14_000, 19_000)], Low(Tell(0, 0), Tell(5, 5, "k"), Tell(5.1, 14), Tell(10.1, 19, "a")).Intervals);

    [Fact]
    public void A_leap_that_nobody_reported_is_no_play() =>
        Assert.Equal([(16_000, 18_000)], Low(Tell(0, 0), Tell(4, 16), Tell(6, 18, "a")).Intervals);

    [Fact]
    public void A_loop_plays_again_and_counts_once() =>
        Assert.Equal([(0, 24_000)], Low(Tell(0, 0), Tell(23.9, 24, "k"), Tell(24, 0), Tell(27, 3, "a")).Intervals);

    [Fact]
    public void At_twice_the_rate_twice_as_much_is_played()
    {
        Assert.Equal([(0, 8000)], Low(Tell(0, 0, rate: 2), Tell(4, 8, "a", 2)).Intervals);
        Assert.Equal(0, Low(Tell(0, 0), Tell(4, 8, "a")).Length);
    }

    [Fact]
    public void The_trailer_behind_the_content_is_no_content() => Assert.Equal([(20_000, 24_000)], Low(Tell(20, 20), Tell(28.8, 28.8, "e")).Intervals);

    [Fact]
    public void A_trailer_behind_the_content_or_in_front_of_it_is_proven_but_for_the_half_second_where_they_meet()
    {
        Hit[] behind = [Tell(20, 20), Tell(28.8, 28.8, "e")];
        Assert.Equal([(500, 4800)], OfTrailer(behind).Intervals);
        // Before 0 the player was in the trailer in front: 4.8 s long, it ends where the content begins.
        Hit[] inFront = [Tell(0, 0) with { DurationMs = 4800 }, Tell(8, 3.2, "a")];
        Assert.Equal([(0, 4300)], OfTrailer(inFront).Intervals);
        Assert.Equal([(0, 3200)], Low(inFront).Intervals);
        // The last moments of the content are no trailer, though the player's timeline is a little longer than the playlist's.
        Assert.Equal(0, OfTrailer([Tell(20, 20), Tell(24.4, 24.4, "e")]).Length);
    }

    [Fact]
    public void Content_and_trailer_share_the_time_that_passed_here()
    {
        Hit[] hasty = [Tell(0, 0) with { AtMs = Begin + 500 }, Tell(28.8, 28.8, "e") with { AtMs = Begin + 25_000 }];
        Assert.Equal((24_000, 1000), (Low(hasty).Length, OfTrailer(hasty).Length));
    }

    [Fact]
    public void Nothing_counts_that_was_not_handed_out_and_nothing_beyond_the_time_that_passed_here()
    {
        Assert.Equal(0, Proof.Of(State([Tell(0, 100), Tell(4, 104, "a")]), 600_000).Content.Length);
        // A whole film, by the player's own clock, within a second of ours.
        Hit[] hasty = [Tell(0, 0) with { AtMs = Begin + 500 }, Tell(24, 24, "e") with { AtMs = Begin + 1000 }];
        Assert.Equal(1000, Proof.Of(State(hasty), 600_000).Content.Length);
    }

    [Fact]
    public void Reports_may_come_in_any_order_and_twice_and_forged_ones_keep_within_what_was_handed_out()
    {
        var random = new Random(27);
        for (var round = 0; round < 2000; round++)
        {
            var reports = Enumerable.Range(0, random.Next(1, 30))
                .Select(_ => Tell(random.Next(60), random.Next(300) / 10.0, random.Next(3) == 0 ? "a" : "p", random.Next(8))).ToArray();
            var low = Proof.Of(State(reports), 600_000).Content;
            Hit[] again = [.. reports, reports[random.Next(reports.Length)]];
            random.Shuffle(again);
            var state = State(again);
            Assert.Equal(low.Intervals, Proof.Of(state, 600_000).Content.Intervals);
            Assert.All(low.Intervals, stretch => Assert.True(state.Watched.Covers(stretch.Start, stretch.End)));
            Assert.Equal(state.Reports.ToBytes(), PlayReports.FromBytes(state.Reports.ToBytes()).ToBytes());
        }
    }

    [Fact]
    public void Of_too_many_reports_the_earliest_are_kept()
    {
        var all = Enumerable.Range(0, PlayReports.Most + 50).Select(i => new PlayReport(Begin + (i * 1000), i * 1000, 100, true)).ToArray();
        new Random(1).Shuffle(all);
        var kept = new PlayReports();
        foreach (var each in all) kept.Add(each);
        Assert.Equal([(0, (PlayReports.Most - 1) * 1000)], kept.Played().Intervals);
    }

    private static IntervalSet OfTrailer(Hit[] reports)
    {
        var state = State(reports);
        state.Apply(new Hit(Guid.Empty, "clip", "720p/~t/0.ts", HitKind.Trailer, HitRule.Counted, 0, 4800, Begin, 0, PlayerFamily.Browser));
        return Proof.Of(state, 600_000).Trailer;
    }

    private static IntervalSet Low(params Hit[] reports) => Proof.Of(State(reports), 600_000).Content;

    /// <summary>Six segments are fetched at once; then the player reports.</summary>
    private static SessionState State(Hit[] reports)
    {
        var state = new SessionState { Session = Guid.Empty, Video = "clip" };
        for (var i = 0; i < Content / 4000; i++)
            state.Apply(new Hit(Guid.Empty, "clip", $"720p/video{i}.ts", HitKind.Content, HitRule.Counted, i * 4000, 4000, Begin, 0, PlayerFamily.Browser));
        foreach (var report in reports) state.Apply(report);
        return state;
    }

    /// <param name="at">Seconds since the beginning, by a player's clock that is a day behind.</param>
    /// <param name="playhead">Seconds.</param>
    private static Hit Tell(double at, double playhead, string state = "p", decimal rate = 1) =>
        new(Guid.Empty, "clip", "~cmcd", HitKind.Report, HitRule.Counted, (int)(playhead * 1000), 0, Begin + (long)(at * 1000), 0, PlayerFamily.Browser)
        {
            Cmcd = new Cmcd { Event = "t", EventAtMs = Begin + (long)(at * 1000) - 86_400_000, PlayheadMs = (int)(playhead * 1000), State = state, Rate = rate },
        };
}
