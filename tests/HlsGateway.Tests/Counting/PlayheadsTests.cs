using HlsGateway.Counting;

namespace HlsGateway.Tests.Counting;

/// <summary>How <c>bl</c> and <c>pr</c> turn what was fetched into what was played. Segments of 4 s; a player that keeps 8 s ahead.</summary>
public sealed class PlayheadsTests
{
    private const long Begin = 1_800_000_000_000;
    private const int Buffer = 600_000;
    private const int Rounding = 100;

    [Fact]
    public void What_lies_between_the_playheads_of_straight_play_was_played()
    {
        // Two segments at once, then one for each that was played: the sixth was asked for at 16 s.
        Hit[] requests = [Ask(0, 0, 0), Ask(1, 0.2, 3.9), Ask(2, 0.4, 7.7), Ask(3, 4.2, 8), Ask(4, 8.2, 8), Ask(5, 12.2, 8)];
        Assert.Equal([(100, 12_000 - Rounding)], Low(requests).Intervals);
    }

    [Fact]
    public void Without_a_buffer_the_old_bound_holds()
    {
        Hit[] requests = [Ask(0, 0, null), Ask(1, 4, null), Ask(2, 8, null)];
        Assert.Equal(0, Low(requests).Length);
        Assert.Equal(3000, Low(requests, bufferMs: 9000).Length);
    }

    [Fact]
    public void An_empty_buffer_tells_no_position() => Assert.Equal(0, Low([Ask(0, 0, 0), Ask(1, 4, 0), Ask(2, 8, 0)]).Length);

    [Fact]
    public void A_leap_forward_is_a_seek_and_not_play()
    {
        // From 4 s to 20 s within 2 s; then on.
        Hit[] requests = [Ask(0, 0, 0), Ask(1, 0, 4), Ask(2, 4, 4), Ask(5, 6, 0), Ask(6, 6.2, 3.8), Ask(7, 10.2, 3.8)];
        Assert.Equal([(0, 4000 - Rounding), (20_200, 24_200 - Rounding)], Low(requests).Intervals);
    }

    [Fact]
    public void A_step_back_is_a_seek_and_what_is_played_again_counts_once()
    {
        Hit[] requests = [Ask(0, 0, 0), Ask(1, 0, 4), Ask(2, 4, 4), Ask(3, 8, 4), Ask(1, 9, 4), Ask(2, 13, 4)];
        Assert.Equal([(0, 8000 - Rounding)], Low(requests).Intervals);
    }

    [Fact]
    public void At_twice_the_rate_twice_as_much_is_played()
    {
        Hit[] at2 = [Ask(0, 0, 0), Ask(1, 0, 4, 2), Ask(2, 2, 4, 2), Ask(3, 4, 4, 2)];
        Assert.Equal(8000 - Rounding, Low(at2).Length);
        Assert.Equal(0, Low([Ask(0, 0, 0), Ask(1, 0, 4), Ask(2, 2, 4), Ask(3, 4, 4)]).Length);
    }

    [Fact]
    public void The_trailer_s_requests_tell_how_the_content_ended()
    {
        Hit[] requests = [Ask(0, 0, 0), Ask(1, 0, 4), Ask(2, 4, 4), Trailer(0, 8, 4), Trailer(2.4, 10.4, 4)];
        // The last was asked for 4 s before 2.4 s after the end at 12 s.
        Assert.Equal(10_400 - Rounding, Low(requests).Length);
        Assert.Equal(12_000 - Rounding, Low([.. requests, Trailer(4.8, 12.8, 4)]).Length);
    }

    [Fact]
    public void A_trailer_in_front_tells_nothing_of_the_content()
    {
        Hit[] requests = [Trailer(0, 0, 0), Trailer(2.4, 0.2, 2.4), Ask(0, 0.4, 4.8), Ask(1, 4.8, 4), Ask(2, 8.8, 4)];
        Assert.Equal([(0, 4000 - Rounding)], Low(requests).Intervals);
    }

    [Fact]
    public void A_trailer_is_proven_between_the_playheads_on_it_and_by_the_content_s_requests_that_follow_one_in_front()
    {
        Hit[] behind = [Ask(0, 0, 0), Ask(1, 0, 4), Ask(2, 4, 4), Trailer(0, 8, 4), Trailer(2.4, 10.4, 4), Trailer(2.4, 14, 0.4)];
        Assert.Equal([(0, 2000 - Rounding)], Proof.Of(State(behind), Buffer).Trailer.Intervals);
        // All of it is in the buffer before it is shown; the content's third segment is asked for when the player is 2 s into the content.
        Hit[] inFront = [Trailer(0, 0, 0), Trailer(2.4, 0.1, 2.4), Ask(0, 0.2, 4.8), Ask(1, 0.3, 8.8), Ask(2, 6.8, 6)];
        Assert.Equal(4800, Proof.Of(State(inFront), Buffer).Trailer.Length);
        Assert.Equal([(0, 2000 - Rounding)], Low(inFront).Intervals);
        // Skipped: from its begin to the content's third second within a second.
        Hit[] skipped = [Trailer(0, 0, 0), Trailer(2.4, 0.1, 2.4), Ask(0, 0.2, 4.8), Ask(1, 1.2, 1)];
        Assert.Equal((0, 0), (Proof.Of(State(skipped), Buffer).Trailer.Length, Low(skipped).Length));
    }

    [Fact]
    public void Without_a_word_of_the_player_a_trailer_that_is_longer_than_the_buffer_is_proven_for_the_rest()
    {
        Hit[] requests = [Ask(0, 0, null), Trailer(0, 60, 0) with { DurationMs = 30_000, Cmcd = null }];
        Assert.Equal([(0, 21_000)], Proof.Of(State(requests), 9000).Trailer.Intervals);
    }

    [Fact]
    public void Whoever_forges_gains_neither_more_than_was_handed_out_nor_more_than_the_time_allows()
    {
        // The whole film within a second, claimed to be watched at a rate of 100.
        var hasty = Enumerable.Range(0, 15).Select(i => Ask(i, i / 15.0, 0.1, 100)).ToArray();
        Assert.InRange(Low(hasty).Length, 0, 4000);
        // Hours of patience: all that was handed out, and no more.
        var patient = Enumerable.Range(0, 15).Select(i => Ask(i, i * 3600, 0.1, 100)).ToArray();
        Assert.InRange(Low(patient).Length, 0, 60_000);
        // A position behind everything that was handed out, or before it.
        Assert.Equal(0, Low([Ask(3, 0, 80_000), Ask(4, 4, 80_000)]).Length);
    }

    [Fact]
    public void Random_and_forged_reports_keep_within_what_was_handed_out_in_whatever_order_they_come()
    {
        var random = new Random(26);
        for (var round = 0; round < 2000; round++)
        {
            var requests = Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(4) == 0
                ? Trailer(random.Next(6), random.Next(60), random.Next(12) / 2.0, random.Next(8))
                : Ask(random.Next(15), random.Next(60), random.Next(3) == 0 ? null : random.Next(30) / 2.0, random.Next(8))).ToArray();
            var (once, low) = (State(requests), Low(requests));
            random.Shuffle(requests);
            Assert.Equal(low.Intervals, Low(requests).Intervals);
            Assert.InRange(low.Length, 0, once.Watched.Length);
            Assert.All(low.Intervals, stretch => Assert.True(once.Watched.Covers(stretch.Start, stretch.End)));
            Assert.InRange(low.Length, 0, (once.LastAt - once.FirstAt) * Playhead.Fastest / 100);
            Assert.Equal(once.Playheads.ToBytes(), Playheads.FromBytes(once.Playheads.ToBytes()).ToBytes());
        }
    }

    [Fact]
    public void Of_too_many_playheads_the_earliest_are_kept()
    {
        var all = Enumerable.Range(0, Playheads.Most + 50).Select(i => new Playhead(Begin + (i * 1000), i * 1000, 100, false)).ToArray();
        new Random(1).Shuffle(all);
        var kept = new Playheads();
        foreach (var each in all) kept.Add(each);
        Assert.Equal([(0, ((Playheads.Most - 1) * 1000) - Rounding)], kept.Played(int.MaxValue, 0).Intervals);
    }

    private static IntervalSet Low(Hit[] requests, int bufferMs = Buffer) => Proof.Of(State(requests), bufferMs).Content;

    private static SessionState State(Hit[] requests)
    {
        var state = new SessionState { Session = Guid.Empty, Video = "clip" };
        foreach (var hit in requests) state.Apply(hit);
        return state;
    }

    /// <param name="at">Seconds since the beginning.</param>
    /// <param name="ahead">Seconds of buffer; null tells none.</param>
    private static Hit Ask(int segment, double at, double? ahead, decimal rate = 1) =>
        new(Guid.Empty, "clip", $"720p/video{segment}.ts", HitKind.Content, HitRule.Counted, segment * 4000, 4000, Begin + (long)(at * 1000), 0, PlayerFamily.Browser)
        {
            Cmcd = ahead is { } seconds ? new Cmcd { BufferMs = (int)(seconds * 1000), Rate = rate } : null,
        };

    private static Hit Trailer(double start, double at, double ahead, decimal rate = 1) =>
        Ask(0, at, ahead, rate) with { Kind = HitKind.Trailer, StartMs = (int)(start * 1000), DurationMs = 2400, Path = "720p/~t/x/0.ts" };
}
