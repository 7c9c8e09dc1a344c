using System.Globalization;
using System.Reflection;
using System.Text;
using HlsGateway.Playback;
using HlsGateway.Playlists;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Playback;

/// <summary>The bound is one of memory: what the cache holds is counted on the heap, object by object.</summary>
public sealed class PlaylistCacheTests
{
    private const long Bound = 16 << 20;

    [Theory]
    [InlineData(6, 1)]
    [InlineData(6, 4)]
    [InlineData(23, 2)]
    [InlineData(1800, 1)]
    [InlineData(1800, 3)]
    [InlineData(0, 1)]
    public void What_is_held_never_passes_the_bound_and_is_weighed_for_what_it_is(int segments, int templates)
    {
        using var cache = New();
        var one = 0L;
        for (var at = 0; one == 0 || at * one < 3 * Bound; at++)
        {
            Keep(cache, at, segments, templates);
            Assert.InRange(cache.Held, 1, Bound);
            one = Math.Max(one, cache.Held / (at + 1));
        }

        var heap = HeapSize.Of(cache, Others(cache));
        Assert.InRange(heap, 0, Bound);
        // Too light would break the bound, too heavy would waste it.
        Assert.InRange(heap, cache.Held * 7 / 10, cache.Held);
        // The bound is used.
        Assert.InRange(cache.Held, Bound * 8 / 10, Bound);
    }

    [Fact]
    public void Every_kind_of_text_in_a_playlist_has_its_weight()
    {
        using var cache = New();
        var empty = HeapSize.Of(cache, Others(cache));
        var name = new string('n', 2000);
        Keep(cache, "master", $"#EXTM3U\n#EXT-X-DEFINE:NAME=\"v\",VALUE=\"{name}\"\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"{name}\",NAME=\"{name}\",LANGUAGE=\"{name}\",AUTOSELECT=YES,URI=\"{name}\"\n"
            + $"#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"{name}\",AUDIO=\"{name}\",SUBTITLES=\"{name}\",FRAME-RATE=25\n{name}\n", 1);
        Keep(cache, "media", $"#EXTM3U\n#EXT-X-DEFINE:NAME=\"v\",VALUE=\"{name}\"\n#EXT-X-PROGRAM-DATE-TIME:{name}\n#EXT-X-MAP:URI=\"{name}\"\n#EXTINF:4,\n{name}\n#EXTINF:3.337,\n{name}\n", 1);
        Assert.InRange(HeapSize.Of(cache, Others(cache)) - empty, 0, cache.Held);
    }

    [Fact]
    public void What_the_origin_has_replaced_is_gone_with_all_that_was_compiled_from_it()
    {
        using var cache = New();
        Keep(cache, "live", Media(100), 3);
        var once = HeapSize.Of(cache, Others(cache));
        var held = cache.Held;
        for (var reload = 0; reload < 200; reload++)
            Keep(cache, "live", Media(100), 3);
        Assert.Equal(held, cache.Held);
        Assert.InRange(HeapSize.Of(cache, Others(cache)), once / 2, once * 3 / 2);
    }

    [Fact]
    public void A_template_of_a_playlist_that_is_no_longer_kept_is_not_kept_either()
    {
        using var cache = New();
        var former = Keep(cache, "v", Media(6), 1);
        Keep(cache, "v", Media(6), 0);
        var held = cache.Held;
        var key = new TemplateKey(former, "v", "a.m3u8", Variant("late"));
        cache.Keep(key, new object(), former.Media!.Compile(new MediaEdit { Rewrite = Rewrite }));
        Assert.Null(cache.Find<object>(key));
        Assert.Equal(held, cache.Held);
    }

    [Fact]
    public void What_is_asked_for_stays_while_others_come_and_go()
    {
        using var cache = New();
        var hot = Keep(cache, "hot", Media(23), 1);
        var key = new TemplateKey(hot, "hot", "720p/video.m3u8", Variant("0"));
        for (var at = 0; at < 20_000; at++)
        {
            Keep(cache, at, 6, 1);
            Assert.Same(hot, cache.Find(hot.Target));
            Assert.NotNull(cache.Find<object>(key));
        }

        Assert.Null(cache.Find(new OriginTarget(OriginKind.Cluster, "0")));
    }

    [Fact]
    public void A_playlist_as_large_as_the_bound_pushes_nothing_out()
    {
        using var cache = New();
        var small = Keep(cache, "small", Media(6), 1);
        Keep(cache, "large", Media(60_000), 1);
        Assert.Same(small, cache.Find(small.Target));
        Assert.Null(cache.Find(new OriginTarget(OriginKind.Cluster, "large")));
    }

    [Fact]
    public async Task Many_at_once_leave_the_sum_right()
    {
        using var cache = New();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            for (var at = 0; at < 3000; at++)
            {
                Keep(cache, random.Next(200), random.Next(1, 200), random.Next(3));
                cache.Find(new OriginTarget(OriginKind.Cluster, random.Next(200).ToString(CultureInfo.InvariantCulture)));
            }
        })));
        Assert.InRange(HeapSize.Of(cache, Others(cache)), cache.Held / 2, cache.Held);
        Assert.InRange(cache.Held, 1, Bound);
    }

    [Theory]
    [InlineData(23)]
    [InlineData(1800)]
    public void A_zipped_form_is_weighed_when_it_is_made_and_makes_room_for_itself(int segments)
    {
        using var cache = New();
        for (var at = 0L; at < 3 * Bound; at += 150L * segments)
        {
            var path = at.ToString(CultureInfo.InvariantCulture);
            var playlist = Keep(cache, path, Media(segments), 1);
            var template = cache.Find<PlaylistTemplate>(new TemplateKey(playlist, path, "720p/video.m3u8", Variant("0")))!;
            var before = cache.Held;
            Assert.NotNull(template.MakeGzip());
            Assert.InRange(cache.Held, 1, Bound);
            if (at == 0)
                Assert.InRange(cache.Held - before, template.Gzip!.Length, template.Gzip.Length + 200);
        }

        Assert.InRange(HeapSize.Of(cache, Others(cache)), cache.Held * 7 / 10, cache.Held);
        Assert.InRange(cache.Held, Bound * 8 / 10, Bound);
    }

    private static TemplateVariant Variant(string more) => new(default, More: more);

    private static PlaylistCache New() => new(Options.Create(new OriginOptions { CacheBytes = Bound }));

    /// <summary>A MemoryCache of its own bound, which also leads to much of the runtime.</summary>
    private static object Others(PlaylistCache cache) => typeof(PlaylistCache).GetField("others", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(cache)!;

    private static void Keep(PlaylistCache cache, int number, int segments, int templates) =>
        Keep(cache, number.ToString(CultureInfo.InvariantCulture), segments == 0 ? SampleVideo.Master : Media(segments), templates);

    private static OriginPlaylist Keep(PlaylistCache cache, string path, string text, int templates)
    {
        Assert.True(Playlist.TryParse(Encoding.UTF8.GetBytes(text), out var master, out var media, out var error), error.ToString());
        var playlist = new OriginPlaylist
        {
            Target = new OriginTarget(OriginKind.Cluster, path),
            Master = master,
            Media = media,
            Version = new string('0', 16),
            Url = $"http://origin.example/{path}",
            ETag = new string('e', 34),
            FreshFor = TimeSpan.FromSeconds(1),
        };
        cache.Keep(playlist);
        for (var at = 0; at < templates; at++)
        {
            var template = media?.Compile(new MediaEdit { Rewrite = Rewrite }) ?? master!.Compile(new MasterEdit { Rewrite = Rewrite });
            // As requests do: each has texts of its own.
            cache.Keep(new TemplateKey(playlist, new string(path), "720p/" + "video.m3u8", Variant(at.ToString(CultureInfo.InvariantCulture))), template, template);
        }

        return playlist;
    }

    private static RewrittenUri Rewrite(in UriSite site) => new(site.Uri + "?session_id=", "&duration=4&t=12000&s=AAAAAAAAAAA");

    private static string Media(int segments)
    {
        var text = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        for (var at = 0; at < segments; at++)
            text.Append(CultureInfo.InvariantCulture, $"#EXTINF:{(at % 4 == 0 ? "4.000000" : "3.960000")},\nvideo{at}.ts\n");
        return text.Append("#EXT-X-ENDLIST\n").ToString();
    }
}
