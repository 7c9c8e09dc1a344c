using HlsGateway.Benchmarks.Measuring;

namespace HlsGateway.Tests.Measuring;

/// <summary>The parts of the benchmarks that can be wrong without anybody seeing it in a figure.</summary>
public sealed class FigureTests
{
    [Fact]
    public void A_percentile_is_the_smallest_sample_that_so_many_do_not_exceed()
    {
        var told = Percentiles.Of([.. Enumerable.Range(1, 1000).Reverse().Select(n => (float)n)]);
        Assert.Equal((500, 990, 999, 1000), (told.P50, told.P99, told.P999, told.Slowest));
        Assert.Equal(new Percentiles(7, 7, 7, 7), Percentiles.Of([7]));
        Assert.Equal(default, Percentiles.Of([]));
    }

    [Theory]
    [InlineData(new[] { 3.0, 1.0, 2.0 }, 2.0)]
    [InlineData(new[] { 4.0, 1.0, 2.0, 3.0 }, 2.5)]
    [InlineData(new double[0], 0.0)]
    public void A_median_stands_in_the_middle(double[] values, double median) => Assert.Equal(median, Percentiles.Median(values));

    [Fact]
    public void A_thread_is_read_from_its_line_whatever_its_name_is()
    {
        var thread = ProcStat.Parse("4711 (odd) (name 1) S 42 4711 4711 0 -1 4194560 100 0 2 0 1234 66 0 0 20 0 30 0 99 1000 10 18446744073709551615 0 0");
        Assert.Equal(new ProcStat("odd) (name 1", 42, 1300), thread);
        Assert.Equal(".NET TP Worker", ProcStat.KindOf(".NET TP Worker"));
        Assert.Equal("worker", ProcStat.KindOf("worker-12"));
        Assert.Throws<FormatException>(() => ProcStat.Parse("no line of such a file"));
    }

    [Fact]
    public void A_processor_is_busy_with_everything_but_waiting() => Assert.Equal(
        10 + 20 + 30 + 3 + 4 + 5, ProcStat.BusyTicks(["cpu  1 1 1 1 1 1 1 1 0 0", "cpu0 9 9 9 9 9 9 9 9 0 0", "cpu1 10 20 30 1000 2000 3 4 5 0 0", "intr 5"], 1));

    [Fact]
    public void A_session_comes_back_only_after_all_others()
    {
        string[][] sessions = [["a0", "a1"], ["b0", "b1"], ["c0", "c1"]];
        Assert.Equal(["a0", "b0", "c0", "a1", "b1", "c1"], UrlOrder.Of(sessions));
        Assert.Empty(UrlOrder.Of([]));
    }
}
