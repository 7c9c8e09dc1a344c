namespace HlsGateway.Playlists.Tests;

/// <summary>Rule I6: the shell is shown where a URI leads, not the names of variables in it; what only a player can tell is left to it.</summary>
public sealed class VariableTests
{
    private const string Header = "#EXTM3U\n#EXT-X-VERSION:11\n#EXT-X-TARGETDURATION:4\n";

    [Theory]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"x/y\"\n", "{$a}/s.ts", "x/y/s.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"https://cdn.example/v\"\n", "{$a}/s.ts?{$a}", "https://cdn.example/v/s.ts?https://cdn.example/v")]
    [InlineData("#EXT-X-DEFINE:VALUE=\"v\", NAME=\"a-b_9\"\n", "{$a-b_9}{$a-b_9}.ts", "vv.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"empty\",VALUE=\"\"\n", "s{$empty}.ts", "s.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"x\"\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"{$a}/y\"\n", "{$b}/s.ts", "x/y/s.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"$}\"\n", "{{$a}/s.ts", "{$}/s.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"x\"\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"x\"\n", "{$a}.ts", "x.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"  x\"\n", "{$a}.ts", "x.ts")]
    [InlineData("", "{$}/{$ a}/{$é}/{$a.ts", "{$}/{$ a}/{$é}/{$a.ts")]
    public void I6_A_reference_is_resolved_before_a_URI_is_placed(string definitions, string written, string resolved)
    {
        Assert.Equal([resolved], Asked($"{Header}{definitions}#EXTINF:4,\n{written}\n", out var media));
        Assert.Equal(resolved, media.Segments[0].Uri);
        Assert.Equal(0, media.Unresolved);
    }

    [Theory]
    [InlineData("#EXT-X-DEFINE:QUERYPARAM=\"a\"\n")]
    [InlineData("#EXT-X-DEFINE:IMPORT=\"a\"\n")]
    [InlineData("#EXT-X-DEFINE:NAME=\"b\",VALUE=\"x\"\n")]
    [InlineData("#EXT-X-DEFINE:NAME=\"A\",VALUE=\"x\"\n")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\"\n")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"x\",IMPORT=\"a\"\n")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"x\"\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"y\"\n")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{$a}\"\n")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{$b}\"\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"{$a}\"\n")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"#x\"\n", "{$a}.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{$\"\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"x\"\n", "{$a}b}/s.ts")]
    [InlineData("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"\"\n", "{$a}")]
    [InlineData("")]
    public void I6_What_only_the_player_can_tell_is_left_as_it_stands(string definitions, string written = "x{$a}/s.ts")
    {
        var text = $"{Header}{definitions}#EXTINF:4,\n{written}\n";

        Assert.Empty(Asked(text, out var media));
        Assert.Equal(text, media.Compile(new MediaEdit { Rewrite = Rendered.Gateway }).Text());
    }

    [Fact]
    public void I6_A_definition_is_for_the_lines_behind_it()
    {
        const string Text = Header + "#EXTINF:4,\n{$a}1.ts\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"x\"\n#EXTINF:4,\n{$a}2.ts\n";

        Assert.Equal(["x2.ts"], Asked(Text, out var media));
        Assert.Equal(1, media.Unresolved);
    }

    [Fact]
    public void I6_Every_place_where_a_URI_stands_is_resolved_and_written_out_where_it_changes()
    {
        const string Text = Header + "#EXT-X-DEFINE:NAME=\"h\",VALUE=\"https://k.example/\"\n"
            + "#EXT-X-KEY:METHOD=AES-128,URI=\"{$h}key\"\n#EXT-X-MAP:URI=\"{$h}init.mp4\"\n#EXT-X-PART:DURATION=1,URI=\"{$h}p\"\n#EXTINF:4,\n{$h}s.m4s\n"
            + "#EXT-X-DATERANGE:ID=\"d\",X-ASSET-URI=\"{$h}asset.m3u8\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{$h}hint\"\n#EXT-X-RENDITION-REPORT:URI=\"{$h}r.m3u8\"\n";

        Assert.Equal(["Key", "Map", "Part", "Segment", "DateRangeAsset", "PreloadHint", "RenditionReport"], Sites(Text).Select(site => site.Kind.ToString()));
        Assert.All(Sites(Text), site => Assert.StartsWith("https://k.example/", site.Uri, StringComparison.Ordinal));
        var written = Rendered.Compiled(Text, new MediaEdit { Rewrite = Rendered.Gateway });
        Assert.Contains("#EXT-X-MAP:URI=\"https://k.example/init.mp4?session_id=", written, StringComparison.Ordinal);
        Assert.Contains("URI=\"{$h}key\"", written, StringComparison.Ordinal);
    }

    [Fact]
    public void I6_A_Master_Playlist_resolves_URIs_groups_and_codecs()
    {
        var master = Rendered.Master(
            "#EXTM3U\n#EXT-X-DEFINE:NAME=\"p\",VALUE=\"low\"\n#EXT-X-DEFINE:NAME=\"g\",VALUE=\"subs\"\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"{$g}\",NAME=\"{$p}\",URI=\"{$p}/s.m3u8\"\n"
            + "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"{$p}\",SUBTITLES=\"{$g}\"\n{$p}/v.m3u8\n");

        Assert.Equal(("low/v.m3u8", "low", "subs"), (master.Variants[0].Uri, master.Variants[0].Codecs, master.Variants[0].Subtitles));
        Assert.Equal(("low/s.m3u8", "low", "subs"), (master.Renditions[0].Uri, master.Renditions[0].Name, master.Renditions[0].GroupId));
        Assert.Contains("#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs\",NAME=\"English\"", master.Compile(Goldens.MasterEdit).Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void I6_An_import_takes_its_value_from_the_Master_Playlist()
    {
        var media = Rendered.Media(Header + "#EXT-X-DEFINE:IMPORT=\"p\"\n#EXT-X-DEFINE:IMPORT=\"missing\"\n#EXT-X-DEFINE:IMPORT=\"q\"\n#EXTINF:4,\n{$p}/1.ts\n#EXTINF:4,\n{$missing}/2.ts\n#EXTINF:4,\n{$q}/3.ts\n");
        var master = Rendered.Master("#EXTM3U\n#EXT-X-DEFINE:NAME=\"p\",VALUE=\"low\"\n#EXT-X-DEFINE:QUERYPARAM=\"q\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");

        Assert.True(media.HasImports);
        Assert.Equal(3, media.Unresolved);
        Assert.True(media.TryImport(master, out var imported, out _));
        Assert.Equal(["low/1.ts", "{$missing}/2.ts", "{$q}/3.ts"], imported?.Segments.Select(segment => segment.Uri));
        Assert.Equal(2, imported?.Unresolved);
        var spliced = imported?.Compile(new MediaEdit { Rewrite = Rendered.Gateway }).Text();
        Assert.Contains("\nlow/1.ts?session_id=", spliced, StringComparison.Ordinal);
        Assert.Contains("\n{$missing}/2.ts\n", spliced, StringComparison.Ordinal);
    }

    [Fact]
    public void I6_Imported_variables_survive_what_is_reworded_for_a_trailer_before_the_content()
    {
        var media = Rendered.Media(Header + "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n#EXT-X-DEFINE:IMPORT=\"p\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"{$p}/k\"\n#EXTINF:4,\n{$p}/1.ts\n#EXT-X-ENDLIST\n");
        var master = Rendered.Master("#EXTM3U\n#EXT-X-DEFINE:NAME=\"p\",VALUE=\"low\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n");

        Assert.True(media.TryImport(master, out var imported, out _));
        Assert.Equal("low/k", SegmentKey.OfFirstSegment(imported ?? media)?.Uri);
        Assert.Contains("\nlow/1.ts?session_id=", imported?.Compile(new MediaEdit { Rewrite = Rendered.Gateway, Trailer = Rendered.Trailer() with { Before = true } }).Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void I6_Ranges_and_vectors_are_resolved_like_URIs()
    {
        const string Text = Header + "#EXT-X-DEFINE:NAME=\"b\",VALUE=\"718@10\"\n#EXT-X-DEFINE:NAME=\"iv\",VALUE=\"0x0000000000000000000000000000000A\"\n"
            + "#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"{$b}\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV={$iv}\n#EXTINF:4,\n#EXT-X-BYTERANGE:{$b}\nm.m4s\n#EXTINF:4,\n#EXT-X-BYTERANGE:2\nm.m4s\n";
        var media = Rendered.Media(Text);

        Assert.Equal(new MapSection("i.mp4", 10, 718), media.Maps[0]);
        Assert.Equal((byte?)10, SegmentKey.OfFirstSegment(media)?.Iv[15]);
        Assert.Equal([(10L, 718L), (728L, 2L)], media.Segments.Select(segment => (segment.RangeOffset ?? -1, segment.RangeLength ?? -1)));
        var written = media.Compile(new MediaEdit { Rewrite = Rendered.Gateway }).Text();
        Assert.Contains("#EXT-X-BYTERANGE:718@10\n", written, StringComparison.Ordinal);
        Assert.Contains("BYTERANGE=\"{$b}\"", written, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"{$b}\"\n#EXTINF:4,\nm.m4s\n")]
    [InlineData("#EXTINF:4,\n#EXT-X-BYTERANGE:{$b}\nm.m4s\n")]
    public void I6_A_range_that_only_the_player_can_tell_stays_as_it_stands(string body)
    {
        var media = Rendered.Media($"{Header}#EXT-X-DEFINE:IMPORT=\"b\"\n{body}");

        Assert.Null(media.Segments[0].RangeLength);
        Assert.Contains("{$b}", media.Compile(new MediaEdit { Rewrite = Rendered.Gateway }).Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"{$b}\"\n")]
    [InlineData("#EXTINF:4,\n#EXT-X-BYTERANGE:{$b}\nm.m4s\n")]
    public void I6_A_value_that_is_no_range_is_refused(string body) =>
        Assert.Contains("BYTERANGE", Rendered.Error($"{Header}#EXT-X-DEFINE:NAME=\"b\",VALUE=\"x@y\"\n{body}").Reason, StringComparison.Ordinal);

    [Fact]
    public void D7_Variables_cannot_make_much_out_of_little()
    {
        var doubled = string.Concat(Enumerable.Range(1, 60).Select(n => $"#EXT-X-DEFINE:NAME=\"v{n}\",VALUE=\"{{$v{n - 1}}}{{$v{n - 1}}}\"\n"));
        var growth = $"{Header}#EXT-X-DEFINE:NAME=\"v0\",VALUE=\"0123456789\"\n{doubled}#EXTINF:4,\n{{$v60}}\n";
        var wide = $"{Header}#EXT-X-DEFINE:NAME=\"v\",VALUE=\"{new string('a', 60_000)}\"\n{string.Concat(Enumerable.Repeat("#EXTINF:4,\n{$v}\n", 1000))}";
        var many = Header + string.Concat(Enumerable.Range(0, 1001).Select(n => $"#EXT-X-DEFINE:NAME=\"v{n}\",VALUE=\"\"\n")) + "#EXTINF:4,\na.ts\n";

        Assert.Empty(Asked(growth, out _));
        Assert.Contains("8 MiB", Rendered.Error(wide).Reason, StringComparison.Ordinal);
        Assert.Contains("1,000 variables", Rendered.Error(many).Reason, StringComparison.Ordinal);
        Assert.Empty(Asked($"{Header}#EXT-X-DEFINE:NAME=\"v\",VALUE=\"{new string('a', 60_000)}\"\n#EXTINF:4,\n{{$v}}{{$v}}\n", out _));
    }

    [Theory]
    [InlineData("\t")]
    [InlineData("\u0085")]
    [InlineData("\u007F")]
    public void D7_A_control_character_in_a_value_does_not_reach_a_URI(string control)
    {
        Assert.Contains("control character", Rendered.Error($"{Header}#EXT-X-DEFINE:NAME=\"v\",VALUE=\"a{control}b\"\n#EXTINF:4,\n{{$v}}.ts\n").Reason, StringComparison.Ordinal);
        Assert.Contains("control character", Rendered.Error($"{Header}#EXT-X-DEFINE:NAME=\"v\",VALUE=\"a{control}b\"\n#EXT-X-MAP:URI=\"{{$v}}.mp4\"\n#EXTINF:4,\na.ts\n").Reason, StringComparison.Ordinal);
    }

    private static List<UriSite> Sites(string text)
    {
        var sites = new List<UriSite>();
        Rendered.Compiled(text, new MediaEdit
        {
            Rewrite = (in UriSite site) =>
            {
                sites.Add(site);
                return RewrittenUri.Keep;
            },
        });
        return sites;
    }

    private static IEnumerable<string> Asked(string text, out MediaPlaylist media)
    {
        media = Rendered.Media(text);
        return Sites(text).Select(site => site.Uri);
    }
}
