using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests;

public sealed class BackoffTests
{
    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 20)]
    [InlineData(6, 320)]
    [InlineData(7, 600)]
    [InlineData(int.MaxValue, 600)]
    public void Each_wait_is_twice_the_last_up_to_the_longest(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), new Backoff(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(10)).After(failures));

    [Fact]
    public void A_wait_with_jitter_is_between_half_and_all_of_it_and_differs()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)) { Jitter = true };
        var waits = Enumerable.Range(0, 1000).Select(_ => backoff.After(9)).ToArray();
        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(5)));
        Assert.NotEqual(waits.Min(), waits.Max());
    }

    [Fact]
    public void The_next_try_is_counted_from_the_clock_it_is_given()
    {
        var clock = new ManualClock();
        Assert.Equal(clock.GetUtcNow() + TimeSpan.FromSeconds(9), new Backoff(TimeSpan.FromSeconds(3), TimeSpan.FromHours(1)) { Growth = 3 }.NextTry(clock, 2));
    }

    [Fact]
    public void A_wait_before_any_failure_is_a_mistake_of_the_caller() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)).After(0));
}
