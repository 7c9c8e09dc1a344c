using System.Globalization;
using HlsGateway.Counting;

namespace HlsGateway.Tests.Counting;

public sealed class VideoLengthsTests
{
    private const int Most = 64 << 10;

    [Fact]
    public void A_length_is_known_as_it_was_told_last()
    {
        var lengths = new VideoLengths();
        lengths.Set("clip", 4000);
        lengths.Set("clip", 5000);

        Assert.True(lengths.TryGet("clip", out var length));
        Assert.Equal((5000, false), (length, lengths.Contains("other")));
        Assert.Equal(5000, Assert.Single(lengths.All()).Value);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1000)]
    public void However_many_names_are_made_up_memory_is_bounded_and_what_is_watched_stays(int letters)
    {
        var lengths = new VideoLengths(Most);
        lengths.Set("watched", 1);
        for (var at = 0; at < 20_000; at++)
        {
            lengths.Set(Name(at, letters), at + 2);
            Assert.True(lengths.TryGet("watched", out var length) && length == 1);
        }

        var known = lengths.All().Select(pair => pair.Key).ToArray();
        Assert.InRange(known.Sum(name => 100 + 22 + (2 * name.Length)), Most / 4, Most);
        Assert.Equal(known.Length, known.Distinct(StringComparer.Ordinal).Count());
        Assert.False(lengths.Contains(Name(0, letters)));
        Assert.True(lengths.Contains(Name(19_999, letters)));
    }

    private static string Name(int number, int letters) => number.ToString(CultureInfo.InvariantCulture).PadLeft(letters, '0');
}
