using HlsGateway.Counting;

namespace HlsGateway.Tests.Counting;

public sealed class IntervalSetTests
{
    [Fact]
    public void The_union_equals_a_bitmap_of_every_millisecond()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var (set, twice) = (new IntervalSet(), new IntervalSet());
            var counts = new int[400];
            for (var step = 0; step < 40; step++)
            {
                var start = random.Next(counts.Length);
                var end = Math.Min(counts.Length, start + random.Next(-3, 60));
                var added = 0;
                for (var ms = start; ms < end; ms++)
                {
                    if (counts[ms]++ == 0) added++;
                }

                Assert.Equal(added, set.Add(start, end, twice));
                Assert.Equal(counts.Count(count => count > 0), set.Length);
                Assert.Equal(Runs(counts, 1), set.Intervals);
                Assert.Equal(Runs(counts, 2), twice.Intervals);
                var (from, to) = (random.Next(counts.Length - 1), 0);
                to = from + 1 + random.Next(counts.Length - from - 1);
                Assert.Equal(counts.AsSpan(from, to - from).IndexOf(0) < 0, set.Covers(from, to));
            }
            var copy = IntervalSet.FromBytes(set.ToBytes());
            Assert.Equal(set.Intervals, copy.Intervals);
            Assert.Equal(set.Length, copy.Length);
            Assert.Equal(set.End, copy.End);
            Assert.Equal(set.End, HlsGateway.Analytics.MediaEnd.Of(set.ToBytes()));
        }
    }

    [Fact]
    public void Neighbours_become_one_interval()
    {
        var set = new IntervalSet();
        for (var segment = 0; segment < 1800; segment++)
            Assert.Equal(4000, set.Add(segment * 4000, (segment + 1) * 4000));
        Assert.Equal([(0, 7_200_000)], set.Intervals);
        Assert.Equal(5, set.ToBytes().Length);
    }

    [Theory]
    [InlineData("80")]
    [InlineData("01")]
    [InlineData("0000")]
    [InlineData("FFFFFFFF0FFFFFFFFF0F")]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFF01")]
    public void Damaged_bytes_are_told_as_such(string hex) =>
        Assert.Throws<InvalidDataException>(() => IntervalSet.FromBytes(Convert.FromHexString(hex)));

    private static List<(int, int)> Runs(int[] counts, int atLeast)
    {
        var runs = new List<(int, int)>();
        for (var ms = 0; ms < counts.Length; ms++)
        {
            if (counts[ms] < atLeast) continue;
            var start = ms;
            while (ms < counts.Length && counts[ms] >= atLeast) ms++;
            runs.Add((start, ms));
        }
        return runs;
    }
}
