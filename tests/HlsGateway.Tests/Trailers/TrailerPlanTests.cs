using System.Collections.Frozen;
using System.Collections.Immutable;
using HlsGateway.Content;
using HlsGateway.Media;
using HlsGateway.Playback;
using HlsGateway.Trailers;

namespace HlsGateway.Tests.Trailers;

public sealed class TrailerPlanTests
{
    private static readonly RenditionShape Large = new("ts", 1280, 720, "25/1", "high", 48000, 2);
    private static readonly RenditionShape Small = new("ts", 640, 360, "25/1", "main", 48000, 2);
    private static readonly RenditionShape Silent = new("ts", 1280, 720, "25/1", "high", 0, 0);
    private static readonly RenditionShape Sound = new("ts", 0, 0, "", "", 48000, 2);

    [Fact]
    public void S2_Every_variant_gets_the_copy_of_its_own_shape()
    {
        var decision = TrailerPlan.Decide(["720p/video.m3u8", "360p/video.m3u8"], [], Facts(("360p/video.m3u8", Small), ("720p/video.m3u8", Large)), Version(Large, Small));
        Assert.Null(decision.Reason);
        Assert.Equal([Large.Profile, Small.Profile], decision.Variants.Select(c => c.Profile));
    }

    [Fact]
    public void S7_Demuxed_audio_gets_picture_in_the_variants_and_sound_in_the_audio_renditions()
    {
        var decision = TrailerPlan.Decide(
            ["v.m3u8"], ["en.m3u8", null, "fr.m3u8"], Facts(("v.m3u8", Silent), ("en.m3u8", Sound), ("fr.m3u8", Sound)), Version(Silent, Sound));
        Assert.Equal([Silent.Profile], decision.Variants.Select(c => c.Profile));
        Assert.Equal([(0, Sound.Profile), (2, Sound.Profile)], decision.Renditions.OrderBy(r => r.Key).Select(r => (r.Key, r.Value.Profile)));
    }

    [Fact]
    public void S1_Where_sound_comes_apart_the_copies_that_go_on_are_preferred_and_the_shared_ones_stand_in()
    {
        var facts = Facts(("v.m3u8", Silent), ("en.m3u8", Sound)).Select(fact => fact with { EndPts = 900_000 }).ToImmutableArray();
        var (silent, sound) = (Silent with { Continues = 100 }, Sound with { Continues = 100 });
        TrailerDecision Decide(TrailerPlacement placement, params RenditionShape[] copies) => TrailerPlan.Decide(["v.m3u8"], ["en.m3u8"], facts, Version(copies), placement, copies.Contains);

        var whole = Decide(TrailerPlacement.BehindContinuing, Silent, Sound, silent, sound);
        Assert.Equal((TrailerPlacement.BehindContinuing, silent.Profile, sound.Profile), (whole.Placement, whole.Variants[0].Profile, whole.Renditions[0].Profile));
        Assert.Empty(whole.Missing);

        // One of them alone is no use: picture and sound begin at one time.
        var half = Decide(TrailerPlacement.BehindContinuing, Silent, Sound, silent);
        Assert.Equal((TrailerPlacement.Behind, Silent.Profile, Sound.Profile), (half.Placement, half.Variants[0].Profile, half.Renditions[0].Profile));
        Assert.Equal([sound], half.Missing.AsEnumerable());

        var none = Decide(TrailerPlacement.BehindContinuing, Silent);
        Assert.Equal((null, TrailerPlan.CopyMissing), (none.Version, none.Reason));
        Assert.Equal([Sound, silent, sound], none.Missing.AsEnumerable());

        var pinned = Decide(TrailerPlacement.Behind, Silent, Sound, silent, sound);
        Assert.Equal((TrailerPlacement.Behind, Silent.Profile), (pinned.Placement, pinned.Variants[0].Profile));
        // What a session pinned at another gateway is there, whatever this one knows.
        var elsewhere = TrailerPlan.Decide(["v.m3u8"], ["en.m3u8"], facts, Version(Silent, Sound), TrailerPlacement.BehindContinuing);
        Assert.Equal((TrailerPlacement.BehindContinuing, silent.Profile, $"trailers/demo/00000007/{sound.Profile}/"), (elsewhere.Placement, elsewhere.Variants[0].Profile, elsewhere.Renditions[0].KeyPrefix));
        Assert.Equal(900_000, elsewhere.Variants[0].FirstVideoPts);
        var before = Decide(TrailerPlacement.Before, Silent, Sound, silent, sound);
        Assert.Equal((TrailerPlacement.Before, Silent.Profile), (before.Placement, before.Variants[0].Profile));
    }

    [Theory]
    [InlineData(4, 3, 5, 3, 5)]
    // The trailer's longest segment of 2.3 s and a frame is rounded up below version 6, and to the nearest from there on.
    [InlineData(2, 3, 2, 7, 3)]
    [InlineData(4, 3, 4, 7, 0)]
    [InlineData(2, 3, 3, 3, 0)]
    [InlineData(2, 3, 100, 3, 0)]
    public void S3_Renditions_whose_target_durations_would_differ_are_told_the_greatest(int picture, int pictureVersion, int sound, int soundVersion, int told)
    {
        var facts = Facts(("v.m3u8", Silent), ("en.m3u8", Sound));
        facts = [facts[0] with { Timing = new(picture, pictureVersion) }, facts[1] with { Timing = new(sound, soundVersion) }];
        var version = Version(Silent, Sound);
        version = version with { Source = version.Source with { DurationMs = 2300 } };

        Assert.Equal(told, TrailerPlan.Decide(["v.m3u8"], ["en.m3u8"], facts, version).TargetDuration);
        Assert.Equal(0, TrailerPlan.Decide(["v.m3u8"], ["en.m3u8"], [facts[0], facts[1] with { Timing = null }], version).TargetDuration);
    }

    [Theory]
    [InlineData("v-ts-nv-48000x2", 'v', "ts-nv-48000x2", 0)]
    [InlineData("a5-ts-nv-48000x2-at61", 'a', "ts-nv-48000x2-at61", 5)]
    [InlineData("v99-ts-640x360-25_1-high-na", 'v', "ts-640x360-25_1-high-na", 99)]
    [InlineData("s", 's', "", 0)]
    [InlineData("t", 't', "", 0)]
    [InlineData("", 'i', "", 0)]
    [InlineData("x-ts", 'i', "", 0)]
    [InlineData("v100-ts", 'v', "", 0)]
    [InlineData("v+5-ts", 'v', "", 0)]
    [InlineData("v5-", 'v', "", 0)]
    [InlineData("v5", 'v', "", 0)]
    public void A_child_playlists_role_is_read_as_it_was_written(string text, char role, string copy, int target)
    {
        var read = ChildRole.Read(text);
        Assert.Equal(new ChildRole(role, copy, target), read);
        Assert.Equal(read, ChildRole.Read(read.ToString()));
    }

    [Fact]
    public void S8_One_missing_copy_leaves_the_whole_session_without_trailer_and_is_asked_for()
    {
        var decision = TrailerPlan.Decide(["720p/video.m3u8", "360p/video.m3u8"], [], Facts(("360p/video.m3u8", Small), ("720p/video.m3u8", Large)), Version(Small));
        Assert.Equal((null, TrailerPlan.CopyMissing), (decision.Version, decision.Reason));
        Assert.Equal(Large, Assert.Single(decision.Missing));
        Assert.Empty(decision.Variants);
    }

    [Fact]
    public void S8_Unmeasured_content_has_no_trailer_yet()
    {
        Assert.Equal(TrailerPlan.FactsPending, TrailerPlan.Decide(["v.m3u8"], [], null, Version(Large)).Reason);
        Assert.Equal(TrailerPlan.FactsPending, TrailerPlan.Decide(["v.m3u8", "w.m3u8"], [], Facts(("v.m3u8", Large)), Version(Large)).Reason);
    }

    [Fact]
    public void S8_A_shape_that_cannot_be_matched_is_told_and_nothing_is_asked_for()
    {
        var decision = TrailerPlan.Decide(["v.m3u8"], [], Facts(("v.m3u8", Large with { VideoProfile = "high-10" })), Version(Large));
        Assert.Equal(TrailerPlan.UnsupportedShape, decision.Reason);
        Assert.Empty(decision.Missing);
    }

    [Fact]
    public void S11_A_rendition_that_is_live_keeps_the_session_without_trailer() =>
        Assert.Equal("live", TrailerPlan.Decide(["v.m3u8"], [], [new RenditionFacts("v.m3u8", Large, 0, "live")], Version(Large)).Reason);

    [Fact]
    public void Without_an_active_trailer_there_is_none_and_nothing_is_missing() =>
        Assert.Equal(TrailerPlan.NoTrailer, TrailerPlan.Decide(["v.m3u8"], [], null, active: null).Reason);

    [Theory]
    [InlineData("ts", 1280, 720, "30000/1001", "high", 48000, 2)]
    [InlineData("fmp4", 854, 480, "24/1", "main", 0, 0)]
    [InlineData("ts", 0, 0, "", "", 44100, 1)]
    [InlineData("ts", 640, 360, "25/1", "high-4:2:2", 48000, 2)]
    [InlineData("ts", 640, 360, "25/1", "high", 0, 0, 0)]
    [InlineData("aac", 0, 0, "", "", 48000, 2, 954_000)]
    [InlineData("ts", 640, 360, "25/1", "high", 48000, 2, null, 2)]
    [InlineData("ts", 640, 360, "25/1", "main", 0, 0, 122, 1)]
    public void A_profile_names_its_shape(string container, int width, int height, string rate, string profile, int sampleRate, int channels, int? continues = null, int delay = 0)
    {
        var shape = new RenditionShape(container, width, height, rate, profile, sampleRate, channels) { Continues = continues, Delay = delay };
        Assert.True(RenditionShape.TryParse(shape.Profile, out var parsed));
        Assert.Equal(shape, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ts")]
    [InlineData("ts-nv")]
    [InlineData("ts-1280x720-25_1-48000x2")]
    [InlineData("ts-1280xx-25_1-high-48000x2")]
    [InlineData("ts-1280x720-25_1-high-48000y2")]
    [InlineData("ts-+1x720-25_1-high-48000x2")]
    [InlineData("ts-nv-48000x2-at")]
    [InlineData("ts-nv-48000x2-at-1")]
    [InlineData("ts-nv-48000x2-at007")]
    [InlineData("ts-nv-at7")]
    [InlineData("ts-640x360-25_1-high-na-d")]
    [InlineData("ts-640x360-25_1-high-na-d0")]
    [InlineData("ts-640x360-25_1-high-na-d02")]
    [InlineData("ts-640x360-25_1-high-na-at7-d2")]
    public void A_profile_of_no_shape_is_refused(string profile) => Assert.False(RenditionShape.TryParse(profile, out _));

    [Theory]
    [InlineData(29.97, "30000/1001")]
    [InlineData(29.9, "29900/1000")]
    [InlineData(30.0, "30/1")]
    [InlineData(23.976, "24000/1001")]
    [InlineData(25.001, "25/1")]
    [InlineData(59.94, "60000/1001")]
    [InlineData(12.5, "25/2")]
    public void A_measured_rate_becomes_the_fraction_it_means(double measured, string fraction) =>
        Assert.Equal(fraction, FrameRate.Nearest(measured).ToString());

    [Fact]
    public void S3_The_longest_segment_is_known_before_any_copy_and_stays_below_four_seconds()
    {
        for (var ms = 500; ms <= 60_000; ms += 37)
        {
            var grid = new TrailerGrid(ms);
            Assert.InRange(grid.LongestSegmentMs, 1, 3999);
            foreach (var rate in new[] { "8/1", "24/1", "30000/1001", "60/1" })
            {
                Assert.True(FrameRate.TryParse(rate, out var parsed));
                Assert.All(TrailerGrid.Segment(grid.VideoFrames(parsed), parsed, "ts"), s => Assert.InRange(s.DurationMs, 1, grid.LongestSegmentMs));
            }
            foreach (var sampleRate in new[] { 8000, 44100, 48000 })
                Assert.All(
                    TrailerGrid.Segment(grid.AudioFrames(sampleRate), new FrameRate(sampleRate, TrailerGrid.AudioFrame), "ts"),
                    s => Assert.InRange(s.DurationMs, 1, grid.LongestSegmentMs));
        }
    }

    private static ImmutableArray<RenditionFacts> Facts(params (string Path, RenditionShape Shape)[] facts) =>
        [.. facts.Select(f => new RenditionFacts(f.Path, f.Shape, 126_000))];

    private static TrailerVersion Version(params RenditionShape[] shapes) => new(
        "demo", 7, new TrailerSource(new string('0', 64), 1, 5800, HasAudio: true, DateTimeOffset.UnixEpoch),
        shapes.ToFrozenDictionary(s => s.Profile, s => new TrailerCopy(s.Profile, $"trailers/demo/00000007/{s.Profile}/", null, [], 126_000, 1, ""), StringComparer.Ordinal));
}
