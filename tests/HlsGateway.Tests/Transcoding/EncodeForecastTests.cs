using HlsGateway.Transcoding;

namespace HlsGateway.Tests.Transcoding;

/// <summary>Encodes as they run: the muxer is four seconds of content behind the encoder, a segment appears when its first picture is written.</summary>
public sealed class EncodeForecastTests
{
    public static TheoryData<double, double, double, double?> Jobs()
    {
        var jobs = new TheoryData<double, double, double, double?>();
        // Slow and fast machines, short and long films, steady and getting faster; earlier jobs that took a fifth more or less, or none.
        foreach (var seconds in (double[])[20, 45, 90])
            foreach (var pace in (double[])[0.15, 0.3, 0.6, 1.5])
                foreach (var faster in (double[])[1, 0.85])
                    foreach (var usual in (double?[])[0.8, 1, 1.2, null])
                        jobs.Add(seconds, pace, faster, usual);
        return jobs;
    }

    [Theory]
    [MemberData(nameof(Jobs))]
    public void After_five_seconds_the_end_is_known_to_a_quarter(double seconds, double pace, double faster, double? usual)
    {
        // From the first second of content to the last, the time for one changes evenly.
        double At(double content) => pace * content * (1 + ((faster - 1) * content / seconds / 2));
        var encoded = At(seconds);
        var end = (encoded * 1.04) + 0.6;
        var elapsed = 0.0;
        var forecast = new EncodeForecast(seconds, usual * end, () => TimeSpan.FromSeconds(elapsed));
        var (written, told) = (0, 0);
        for (; elapsed < end; elapsed += 0.25)
        {
            while (4 * written < seconds && At(Math.Min(seconds, (4 * written) + 4)) <= elapsed)
                forecast.Reached(4 * written++);
            if (elapsed < 5 || forecast.Remaining is not { } remaining)
                continue;
            told++;
            // Of the whole job: a second too much in the last one is no fault.
            Assert.True(Math.Abs(elapsed + remaining - end) <= 0.25 * end, $"after {elapsed} of {end:0.0} s it expected {elapsed + remaining:0.0}");
        }

        Assert.True(told > 0 || end < 6 || usual is null);
    }

    [Fact]
    public void Nothing_is_said_while_there_is_nothing_to_go_by()
    {
        var now = TimeSpan.Zero;
        var forecast = new EncodeForecast(60, usual: null, () => now);
        Assert.Null(forecast.Remaining);
        now += TimeSpan.FromSeconds(3);
        forecast.Reached(0);
        Assert.Null(forecast.Remaining);
        Assert.Equal(0, forecast.Content(4));
        now += TimeSpan.FromSeconds(2);
        forecast.Reached(4);
        Assert.NotNull(forecast.Remaining);
    }

    [Fact]
    public void Between_two_segments_the_content_goes_on_at_its_pace_and_not_beyond_the_next()
    {
        var now = TimeSpan.Zero;
        var forecast = new EncodeForecast(60, usual: null, () => now);
        forecast.Reached(0);
        now += TimeSpan.FromSeconds(2);
        forecast.Reached(4);
        now += TimeSpan.FromSeconds(1);
        Assert.Equal(6, forecast.Content(4), 0.001);
        now += TimeSpan.FromSeconds(60);
        Assert.Equal(7.96, forecast.Content(4), 0.001);
        Assert.True(forecast.Remaining > 0, "what takes longer than expected is not over");
    }

    [Fact]
    public void Earlier_jobs_tell_by_the_pictures_that_they_made_and_the_median_counts()
    {
        Assert.Null(EarlierJobs.Usual([], 5));
        Assert.Null(EarlierJobs.Usual([(3, 0), (0, 3)], 5));
        Assert.Equal(10, EarlierJobs.Usual([(2, 1), (90, 1), (4, 2), (1, 1), (2, 1)], 5));
        Assert.Equal(2.0 * 25 * ((1280 * 720) + (640 * 360)), EarlierJobs.Work(2, 25, [1280 * 720, 640 * 360]));
    }
}
