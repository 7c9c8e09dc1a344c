using HlsGateway.Analytics;
using HlsGateway.Counting;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Analytics;

public sealed class MetricsDocTests
{
    [Fact]
    public void Every_figure_with_a_definition_is_in_the_document()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "metrics.md"));
        foreach (var name in Definitions.All.Keys.Except(["average_watch_seconds", "completion_rate", "trailer_sessions"], StringComparer.Ordinal))
            Assert.Contains($"`{name}`", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_figure_has_a_formula_and_three_figures_that_it_may_be_taken_for()
    {
        foreach (var name in Definitions.All.Keys)
        {
            Assert.False(string.IsNullOrWhiteSpace(Definitions.All[name]) || string.IsNullOrWhiteSpace(Definitions.Formulas[name]), name);
            Assert.DoesNotContain('\n', Definitions.Formulas[name]);
            Assert.Equal(3, Definitions.ConfusedWith[name].Distinct(StringComparer.Ordinal).Count(other => other != name && Definitions.All.ContainsKey(other)));
        }
    }

    [Fact]
    public void The_worked_example_is_true()
    {
        var state = new SessionState { Session = Guid.CreateVersion7(), Video = "clip" };
        (int Index, string Rendition, int At)[] requests = [(0, "720p", 0), (1, "720p", 4), (2, "720p", 8), (2, "360p", 9), (5, "720p", 21)];
        foreach (var (index, rendition, at) in requests)
            state.Apply(TestLedger.Segment(state.Session, index, rendition) with { AtMs = 1_800_000_000_000 + (at * 1000) });
        var report = SessionReport.Of(state, 24_000, new AnalyticsOptions { PlayerBuffer = TimeSpan.FromSeconds(9) });
        Assert.Equal(5, report.SegmentsFetched);
        Assert.Equal(20, report.SecondsFetched);
        Assert.Equal(16, report.WatchSeconds);
        Assert.Equal(3, report.WatchSecondsLow);
        Assert.False(report.Completed);
        Assert.Equal("3w5f4W8_4f", report.Strip);
    }

    [Theory]
    [InlineData(48_400, "48f")]
    [InlineData(48_500, "48f")]
    [InlineData(48_501, "49f")]
    [InlineData(400, "")]
    public void A_strip_ends_with_the_last_second_whose_middle_is_content(int length, string runs)
    {
        var watched = new IntervalSet();
        watched.Add(0, length);
        Assert.Equal((runs, 1), Strip.Draw(watched, new IntervalSet(), new IntervalSet(), length));
    }

    [Fact]
    public void A_strip_of_a_long_restless_session_fits_into_200_characters()
    {
        var watched = new IntervalSet();
        for (var second = 0; second < 7200; second += 2) watched.Add(second * 1000, (second + 1) * 1000);
        var (runs, unit) = Strip.Draw(watched, new IntervalSet(), new IntervalSet(), 7_200_000);
        Assert.InRange(runs.Length, 1, 200);
        Assert.True(unit > 1);
    }
}
