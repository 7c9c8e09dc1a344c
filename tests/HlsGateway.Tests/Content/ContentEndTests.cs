using System.Collections.Immutable;
using HlsGateway.Content;

namespace HlsGateway.Tests.Content;

public sealed class ContentEndTests
{
    private static readonly RenditionFacts Picture = new("v.m3u8", new("ts", 1280, 720, "25/1", "high", 0, 0), 133_200);
    private static readonly RenditionFacts Sound = new("a.m3u8", new("ts", 0, 0, "", "", 48000, 2), 126_000);
    private static readonly RenditionFacts Muxed = new("m.m3u8", new("ts", 1280, 720, "25/1", "high", 48000, 2), 133_200);

    [Theory]
    [InlineData(900_000, 900_000, 100)]
    [InlineData(900_001, 899_000, 101)]
    [InlineData(899_000, 909_000, 101)]
    [InlineData(8_589_934_592 + 45_000, 8_589_934_592 + 44_000, 5)]
    public void S1_A_trailer_goes_on_at_the_next_tenth_of_a_second_behind_the_later_end(long picture, long sound, int step) =>
        Assert.Equal(step, ContentEnd.StepBehind([Picture with { EndPts = picture }, Sound with { EndPts = sound }]));

    [Fact]
    public void S1_Where_an_end_is_not_known_or_none_both_share_there_is_nothing_to_go_on_from()
    {
        Assert.Null(ContentEnd.StepBehind([Picture with { EndPts = 900_000 }, Sound]));
        Assert.Null(ContentEnd.StepBehind([Picture, Sound with { EndPts = 900_000 }]));
        Assert.Null(ContentEnd.StepBehind([Picture with { EndPts = 900_000 }, Sound with { EndPts = 900_000 + (6 * 90_000) }]));
    }

    [Fact]
    public void S1_Containers_with_a_clock_of_their_own_have_an_end_to_go_on_from()
    {
        Assert.Equal([1, 0], ContentEnd.Deciding([Sound, Picture, Picture, Sound]).AsEnumerable());
        Assert.Equal([0], ContentEnd.Deciding([Muxed, Muxed, Sound]).AsEnumerable());
        Assert.Equal([0], ContentEnd.Deciding([Picture]).AsEnumerable());
        Assert.True(ContentEnd.ComesApart([Picture, Sound]));
        Assert.False(ContentEnd.ComesApart([Muxed, Sound]));
        Assert.Equal(100, ContentEnd.StepBehind([Muxed with { EndPts = 900_000 }]));
        Assert.Null(ContentEnd.StepBehind([Muxed with { EndPts = RenditionFacts.UnknownPts }]));
        ImmutableArray<ImmutableArray<RenditionFacts>> others =
        [
            [], [Sound],
            [Picture, Sound with { Shape = Sound.Shape with { Container = "fmp4" } }],
            [Picture, Sound, Muxed with { Unsupported = "encrypted" }],
        ];
        Assert.All(others, facts => Assert.Empty(ContentEnd.Deciding(facts)));
    }
}
