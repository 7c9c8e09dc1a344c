using HlsGateway.Analytics;

namespace HlsGateway.Tests.Analytics;

public sealed class MomentsTests
{
    [Theory]
    [InlineData(0, 10, 1.96, 0, 0.2775)]
    [InlineData(5, 10, 1.96, 0.2366, 0.7634)]
    [InlineData(10, 10, 1.96, 0.7225, 1)]
    [InlineData(14, 96, 1.96, 0.0889, 0.23)]
    [InlineData(0, 0, 1.96, 0, 1)]
    public void Wilson_s_interval_has_the_published_values(int events, int of, double width, double low, double high)
    {
        var (found, above) = Moments.Wilson(events, of, width);
        Assert.Equal((low, high), (Math.Round(found, 4), Math.Round(above, 4)));
    }

    [Fact]
    public void A_planted_cliff_is_found_to_the_second()
    {
        var random = new Random(1);
        for (var run = 0; run < 1000; run++)
        {
            var (length, sessions) = (20 + random.Next(71), 80 + random.Next(400));
            var cliff = 3 + random.Next(length - 10);
            var curve = Curve(random, length, sessions, 0.005 + (random.NextDouble() * 0.01), (cliff, 0.3 + (random.NextDouble() * 0.4)));
            var dip = Assert.Single(Moments.Of(curve, []), moment => moment.Kind == MomentKind.Dip);
            Assert.True(dip.FromSecond <= cliff + 1 && dip.ToSecond > cliff - 1 && dip.ToSecond - dip.FromSecond <= 3, $"run {run}: cliff at {cliff}, {dip}");
            Assert.Equal(Enumerable.Range(dip.FromSecond, dip.ToSecond - dip.FromSecond).Sum(second => curve[second].Left), dip.Sessions);
            Assert.Equal(curve.Skip(dip.FromSecond).Sum(point => point.Left), dip.Of);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(10)]
    public void People_who_leave_evenly_make_no_dip_spike_or_top_however_long_the_segments_are(int segment)
    {
        var random = new Random(2);
        for (var run = 0; run < 1000; run++)
        {
            var curve = Curve(random, 20 + random.Next(71), 20 + random.Next(600), random.NextDouble() * 0.03, null, segment);
            Assert.DoesNotContain(Moments.Of(curve, []), moment => moment.Kind != MomentKind.Intro);
        }
    }

    [Fact]
    public void Where_all_stay_to_the_end_nothing_is_told() => Assert.Empty(Moments.Of(Curve(new Random(3), 60, 500, 0, null), []));

    [Fact]
    public void Fewer_than_twenty_sessions_tell_nothing()
    {
        Assert.Empty(Moments.Of(Curve(new Random(4), 60, 19, 0.01, (20, 0.9)), []));
        Assert.NotEmpty(Moments.Of(Curve(new Random(4), 60, 20, 0.01, (20, 0.9)), []));
        Assert.Empty(Moments.Of([], []));
    }

    [Fact]
    public void What_is_usual_at_a_place_is_no_dip_there()
    {
        var random = new Random(5);
        var curve = Curve(random, 60, 300, 0.01, (30, 0.4));
        Assert.Contains(Moments.Of(curve, []), moment => moment.Kind == MomentKind.Dip);
        // A few seconds longer or shorter: their cliffs are at the same part of them.
        var likewise = Enumerable.Range(0, 10).Select(i => Curve(random, 52 + (2 * i), 300, 0.01, ((52 + (2 * i)) / 2, 0.5))).ToList();
        Assert.DoesNotContain(Moments.Of(curve, likewise), moment => moment.Kind == MomentKind.Dip);
        var calm = Enumerable.Range(0, 10).Select(i => Curve(random, 52 + (2 * i), 300, 0.01, null)).ToList();
        var dip = Assert.Single(Moments.Of(curve, calm), moment => moment.Kind == MomentKind.Dip);
        Assert.True(dip.UsualLow <= dip.UsualHigh && dip.UsualHigh < dip.Share, $"{dip}");
        // Two are not enough to call anything usual.
        Assert.Null(Assert.Single(Moments.Of(curve, likewise[..2]), moment => moment.Kind == MomentKind.Dip).UsualHigh);
    }

    [Fact]
    public void A_stretch_that_is_fetched_again_is_a_spike_and_one_that_more_have_than_before_is_the_top()
    {
        var curve = Curve(new Random(6), 60, 200, 0.005, null);
        var replayed = curve.ConvertAll(point => point.Second is >= 24 and < 28 ? point with { Plays = point.Sessions + 60 } : point with { Plays = point.Sessions + 2 });
        var spike = Assert.Single(Moments.Of(replayed, []), moment => moment.Kind == MomentKind.Spike);
        Assert.Equal((24, 28, 60L), (spike.FromSecond, spike.ToSecond, spike.Sessions));
        Assert.DoesNotContain(Moments.Of(replayed.ConvertAll(point => point with { Plays = null }), []), moment => moment.Kind == MomentKind.Spike);

        // Half of them go from second 10 to second 40 at once.
        var skipped = curve.ConvertAll(point => point.Second is >= 10 and < 40 ? point with { Sessions = point.Sessions / 2, Plays = point.Sessions / 2 } : point);
        var top = Assert.Single(Moments.Of(skipped, []), moment => moment.Kind == MomentKind.Top);
        Assert.InRange(top.FromSecond, 39, 41);
        Assert.True(top.Sessions > skipped[20].Sessions, $"{top}");
    }

    [Fact]
    public void The_intro_tells_how_many_are_there_after_three_and_ten_seconds()
    {
        var curve = Curve(new Random(7), 60, 400, 0.02, null);
        var others = Enumerable.Range(0, 5).Select(i => Curve(new Random(i), 55 + i, 400, 0.02, null)).ToList();
        var intros = Moments.Of(curve, others).Where(moment => moment.Kind == MomentKind.Intro).ToList();
        Assert.Equal([(0, 3, curve[3].Sessions, 400L), (0, 10, curve[10].Sessions, 400L)], intros.Select(intro => (intro.FromSecond, intro.ToSecond, intro.Sessions, intro.Of)));
        Assert.All(intros, intro => Assert.True(intro.UsualLow > 0.5 && intro.UsualHigh <= 1, $"{intro}"));
    }

    /// <param name="hazard">Of those who are there, so many leave in each second.</param>
    /// <param name="segment">They have fetched the segment in which they leave to its end.</param>
    private static List<RetentionPoint> Curve(Random random, int length, int sessions, double hazard, (int Second, double Share)? cliff, int segment = 1)
    {
        var (has, left) = (new long[length], new long[length]);
        for (var session = 0; session < sessions; session++)
        {
            var second = 0;
            while (second < length - 1 && random.NextDouble() >= hazard + (cliff is { } at && at.Second == second ? at.Share : 0)) second++;
            var last = Math.Min(length - 1, (((second / segment) + 1) * segment) - 1);
            left[last]++;
            for (var at = 0; at <= last; at++) has[at]++;
        }
        return [.. Enumerable.Range(0, length).Select(second => new RetentionPoint(second, has[second], 0, has[second], left[second], 0))];
    }
}
