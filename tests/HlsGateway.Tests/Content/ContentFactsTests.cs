using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapper;
using HlsGateway.Content;
using HlsGateway.Database;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Trailers;
using HlsGateway.Trailers;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Content;

/// <summary>Foreign content, made by ffmpeg as people make it, measured through the real program.</summary>
public sealed partial class ContentFactsTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    [Theory]
    [InlineData("25", 133_200)]
    [InlineData("30", 132_000)]
    public async Task W2_The_first_video_pts_is_measured_on_the_contents_own_segment(string rate, long pts)
    {
        var facts = await MeasureAsync($"pts{rate}", ["-r", rate, "-bf", "2"], []);
        var fact = Assert.Single(facts);
        Assert.Equal(pts, fact.FirstVideoPts);
        Assert.Equal(new RenditionShape("ts", 320, 180, $"{rate}/1", "high", 44100, 1) { Delay = 2 }, fact.Shape);
        Assert.Null(fact.Unsupported);
        Assert.Equal("v.m3u8", fact.Path);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("3", 2)]
    public async Task S7_How_far_decoding_runs_ahead_of_showing_is_measured(string bframes, int frames)
    {
        var fact = Assert.Single(await MeasureAsync($"bframes{bframes}", ["-r", "25", "-bf", bframes], []));
        Assert.Equal(frames, fact.Shape.Delay);
    }

    [Fact]
    public async Task W2_In_fmp4_it_is_tfdt_plus_the_first_composition_offset()
    {
        var fact = Assert.Single(await MeasureAsync("fmp4", ["-r", "25", "-bf", "2"], ["-hls_segment_type", "fmp4"]));
        Assert.Equal(7_200, fact.FirstVideoPts);
        Assert.Equal(new RenditionShape("fmp4", 320, 180, "25/1", "high", 44100, 1), fact.Shape);
    }

    [Fact]
    public async Task W2_Encrypted_segments_are_measured_with_the_origins_key()
    {
        var key = workshop["enc.key"];
        await File.WriteAllBytesAsync(key, [.. Enumerable.Range(1, 16).Select(i => (byte)i)]);
        await File.WriteAllTextAsync(workshop["enc.info"], $"enc.key\n{key}\n");
        var fact = Assert.Single(await MeasureAsync("aes", ["-r", "25"], ["-hls_key_info_file", workshop["enc.info"]], origin => origin.Serve("aes/enc.key", File.ReadAllBytes(key))));
        Assert.Equal((133_200, null, "ts"), (fact.FirstVideoPts, fact.Unsupported, fact.Shape.Container));

        var without = Assert.Single(await MeasureAsync("aes-nokey", ["-r", "25"], ["-hls_key_info_file", workshop["enc.info"]]));
        Assert.Equal((RenditionFacts.UnknownPts, "encrypted"), (without.FirstVideoPts, without.Unsupported));
    }

    [Fact]
    public async Task S7_Fractional_rates_silent_video_and_byte_ranges_are_measured_for_what_they_are()
    {
        var fact = Assert.Single(await MeasureAsync("ntsc", ["-r", "30000/1001", "-an", "-profile:v", "main"], ["-hls_flags", "single_file"]));
        Assert.Equal(new RenditionShape("ts", 320, 180, "30000/1001", "main", 0, 0) { Delay = 2 }, fact.Shape);
    }

    [Fact]
    public async Task S7_Pixels_that_are_not_quite_square_still_give_a_shape_that_a_copy_can_have()
    {
        // What `-vf scale=-2:240` makes of 854x480: 428 pixels that are shown on 427.
        var fact = Assert.Single(await MeasureAsync("odd", ["-r", "25", "-vf", "scale=428:240,setsar=427/428"], []));
        Assert.Equal((428, 240), (fact.Shape.Width, fact.Shape.Height));
        Assert.True(ConditioningArguments.Supports(fact.Shape));
    }

    [Fact]
    public async Task S8_A_second_session_of_a_foreign_video_carries_the_trailer_in_every_rendition_and_a_restart_needs_no_probe()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        var folder = Directory.CreateDirectory(workshop["brand"]).FullName;
        File.Copy(await workshop.SourceAsync(seconds: 2), Path.Combine(folder, "brand.mp4"));
        await workshop.ServeAsync(origin, "show", ["-r", "25"], []);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Trailers:Folder"] = folder,
            ["Trailers:Active"] = "brand",
        };
        await using var host = await GatewayHost.StartAsync(origin, settings);
        var library = host.Services.GetRequiredService<TrailerLibrary>();
        await Eventually.IsTrueAsync(() => library.ActiveFor("show") is not null, "a trailer is active");

        var first = await host.Client.GetStringAsync("watch/show/playlist.m3u8");
        Assert.DoesNotContain("p=v-", first, StringComparison.Ordinal);
        var child = await Eventually.GetAsync(
            async () => ChildPattern().Match(await host.Client.GetStringAsync("watch/show/playlist.m3u8")) is { Success: true } match ? match.Value : null,
            "a session gets the trailer");
        Assert.Contains("&p=v-ts-320x180-25_1-high-44100x1-d2", child, StringComparison.Ordinal);

        var media = await host.Client.GetStringAsync("watch/show/" + child);
        var after = media[media.IndexOf("#EXT-X-DISCONTINUITY", StringComparison.Ordinal)..];
        var version = library.ActiveFor("show") ?? throw new InvalidOperationException("no trailer");
        Assert.Contains($"#EXTINF:2,\n~t/{version.Label}/ts-320x180-25_1-high-44100x1-d2/0.ts?session_id=", after, StringComparison.Ordinal);
        Assert.EndsWith("#EXT-X-ENDLIST\n", media, StringComparison.Ordinal);

        var segment = after.Split('\n').First(l => l.StartsWith("~t/", StringComparison.Ordinal));
        using var redirect = await host.Client.GetAsync("watch/show/" + segment);
        Assert.Equal(302, (int)redirect.StatusCode);
        using var bytes = await host.Client.GetAsync(redirect.Headers.Location);
        Assert.True(TsSegment.TryInspect(await bytes.Content.ReadAsByteArrayAsync(), out var trailer));
        Assert.Equal((50, true), (trailer!.Video!.Value.Frames, trailer.BeginsWithKeyFrame));
    }

    [Fact]
    public async Task An_origin_that_fails_is_not_asked_again_for_every_viewer()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("gone/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Trailers:Folder"] = "" });
        var facts = host.Services.GetRequiredService<ContentFacts>();
        var reads = 0;
        var source = new ContentSource("gone", "1", ["v.m3u8"], (_, _) =>
        {
            reads++;
            throw new ContentUnreadableException("no");
        });
        for (var k = 0; k < 20; k++)
            Assert.Null(await facts.GetAsync(source, CancellationToken.None));
        Assert.Equal(1, reads);
    }

    [Fact]
    public async Task A_playlist_that_reads_otherwise_each_time_is_measured_now_and_then_and_its_facts_do_not_pile_up()
    {
        var clock = new ManualClock();
        await using var host = await GatewayHost.StartAsync(configure: services => services.AddSingleton<TimeProvider>(clock));
        var facts = host.Services.GetRequiredService<ContentFacts>();
        facts.Patience = TimeSpan.FromSeconds(60);
        var reads = 0;
        ContentSource Version(string video, int version) => new(video, version.ToString(CultureInfo.InvariantCulture), ["v.m3u8"], (_, _) =>
        {
            reads++;
            return Task.FromResult(new FirstSegment("encrypted", default, default));
        });
        async Task<int> MeasureAsync(string video, int from, int count)
        {
            var measured = 0;
            for (var version = from; version < from + count; version++)
                if (await facts.GetAsync(Version(video, version), CancellationToken.None) is not null) measured++;
            return measured;
        }
        async Task<long> RowsAsync(string video)
        {
            await using var connection = await host.Services.GetRequiredService<CatalogueDatabase>().OpenAsync(CancellationToken.None);
            return await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM content_facts WHERE video = @video", new { video });
        }

        Assert.Equal(8, await MeasureAsync("fickle", 0, 50));
        Assert.Equal(8, reads);
        Assert.Contains("is different each time", facts.Known("fickle", "49").Unreadable, StringComparison.Ordinal);
        // What is known stays known, and another video has a ration of its own.
        Assert.Equal(8, await MeasureAsync("fickle", 0, 8));
        Assert.Equal(1, await MeasureAsync("calm", 0, 1));
        for (var i = 1; i <= 4; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(20));
            Assert.Equal(2, await MeasureAsync("fickle", 100 * i, 5));
            Assert.Equal(8, await RowsAsync("fickle"));
        }

        // Nobody asks for it any more: the next measurement of any video takes it out.
        clock.Advance(TimeSpan.FromDays(100));
        Assert.Equal(1, await MeasureAsync("calm", 1, 1));
        Assert.Equal((0, 1), (await RowsAsync("fickle"), await RowsAsync("calm")));
    }

    [Fact]
    public async Task What_cannot_be_read_is_tried_again_after_waits_that_grow_to_six_hours_and_a_success_ends_them()
    {
        var clock = new ManualClock();
        await using var host = await GatewayHost.StartAsync(configure: services => services.AddSingleton<TimeProvider>(clock));
        var facts = host.Services.GetRequiredService<ContentFacts>();
        var reads = 0;
        var readable = false;
        var source = new ContentSource("gone", "1", ["v.m3u8"], (_, _) =>
        {
            reads++;
            return readable ? Task.FromResult(new FirstSegment("encrypted", default, default)) : throw new ContentUnreadableException($"no, for the {reads}. time");
        });
        foreach (var minutes in (int[])[1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360])
        {
            var before = reads;
            Assert.Null(await facts.GetAsync(source, CancellationToken.None));
            Assert.Equal(before + 1, reads);
            Assert.Equal($"no, for the {reads}. time", facts.Known("gone", "1").Unreadable);
            clock.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromMilliseconds(1));
            Assert.Null(await facts.GetAsync(source, CancellationToken.None));
            Assert.Equal(before + 1, reads);
            clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        // Other bytes of the playlist are other content.
        var other = reads;
        Assert.Null(facts.Known("gone", "2").Unreadable);
        Assert.Null(await facts.GetAsync(source with { Version = "2" }, CancellationToken.None));
        Assert.Equal(other + 1, reads);

        readable = true;
        Assert.NotNull(await facts.GetAsync(source, CancellationToken.None));
        Assert.Null(facts.Known("gone", "1").Unreadable);
    }

    private async Task<ImmutableArray<RenditionFacts>> MeasureAsync(string video, string[] encode, string[] mux, Action<LoopbackOrigin>? also = null)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, video, encode, mux);
        also?.Invoke(origin);
        // Any trailer at all makes the gateway measure.
        var folder = Directory.CreateDirectory(workshop[video + "-trailer"]).FullName;
        File.Copy(await workshop.SourceAsync(seconds: 2), Path.Combine(folder, "brand.mp4"));
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Trailers:Folder"] = folder, ["Trailers:Active"] = "brand" });
        await Eventually.IsTrueAsync(() => host.Services.GetRequiredService<TrailerLibrary>().ActiveFor(video) is not null, "a trailer is active");
        await host.Client.GetStringAsync($"watch/{video}/playlist.m3u8");
        var json = await Eventually.GetAsync(() => RowAsync(host, video), "the facts are kept");
        return JsonSerializer.Deserialize<ImmutableArray<RenditionFacts>>(json);
    }

    private static async Task<string?> RowAsync(GatewayHost host, string video)
    {
        await using var connection = await host.Services.GetRequiredService<CatalogueDatabase>().OpenAsync(CancellationToken.None);
        return await connection.QuerySingleOrDefaultAsync<string>("SELECT facts FROM content_facts WHERE video = @video", new { video });
    }

    [GeneratedRegex(@"^v\.m3u8\?.*&p=v-.*$", RegexOptions.Multiline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ChildPattern();
}
