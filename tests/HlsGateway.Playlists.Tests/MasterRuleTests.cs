using System.Globalization;

namespace HlsGateway.Playlists.Tests;

/// <summary>Rules S9 and W1, and what a Master Playlist tells.</summary>
public sealed class MasterRuleTests
{
    private const string Plain = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS=\"avc1.4d401e,mp4a.40.2\"\na.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=9000\nb.m3u8\n";

    [Fact]
    public void Variants_and_renditions_are_told_as_written()
    {
        var master = Rendered.Master(
            "#EXTM3U\n"
            + "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",LANGUAGE=\"de\",NAME=\"Deutsch, stereo\",DEFAULT=YES,CHANNELS=\"2\",URI=\"de.m3u8\"\n"
            + "#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"cc\",NAME=\"x\",INSTREAM-ID=\"CC1\"\n"
            + "#EXT-X-MEDIA:\n"
            + "#EXT-X-STREAM-INF:BANDWIDTH=2177116,CODECS=\"avc1.640020,mp4a.40.2\",RESOLUTION=960x540,FRAME-RATE=59.940,AUDIO=\"aac\",SUBTITLES=\"s\",BANDWIDTH=1,CODECS=\"x\",AUDIO=\"x\",SUBTITLES=\"x\",FRAME-RATE=1\n"
            + "v5.m3u8\n"
            + "#EXT-X-STREAM-INF:BANDWIDTH=99999999999,RESOLUTION=x540\nv6.m3u8\n"
            + "#EXT-X-STREAM-INF:BANDWIDTH=-5,RESOLUTION=960xy\nv7.m3u8\n");

        Assert.Equal(
            [
                new VariantStream("v5.m3u8", 2177116, "avc1.640020,mp4a.40.2", 960, 540, "59.940", "aac", "s"),
                new VariantStream("v6.m3u8", int.MaxValue, null, 0, 540, null, null, null),
                new VariantStream("v7.m3u8", 0, null, 960, 0, null, null, null),
            ],
            master.Variants.ToArray());
        Assert.Equal(
            [
                new Rendition("AUDIO", "aac", "de", "Deutsch, stereo", "de.m3u8", "2", true),
                new Rendition("CLOSED-CAPTIONS", "cc", null, "x", null, null, false),
                new Rendition("", "", null, "", null, null, false),
            ],
            master.Renditions.ToArray());
    }

    [Fact]
    public void Every_URI_is_shown_with_its_kind_and_its_ordinal()
    {
        var seen = new List<string>();
        CollectUris(Goldens.Read("session-key-master"), seen);
        CollectUris(Goldens.Read("demuxed-master"), seen);
        CollectUris(Goldens.Read("i-frame-master"), seen);

        Assert.Equal(
            [
                "SessionData0=lyrics.json", "SessionKey0=skd://key65", "ContentSteering0=/steering?video=00012", "VariantStream0=a.m3u8",
                "Rendition0=audio/en.m3u8", "Rendition1=audio/de.m3u8", "VariantStream0=v5/prog_index.m3u8", "VariantStream1=v9/prog_index.m3u8",
                "VariantStream0=low/audio-video.m3u8", "IFrameStream0=low/iframe.m3u8", "VariantStream1=mid/audio-video.m3u8", "IFrameStream1=mid/iframe.m3u8",
            ],
            seen);
    }

    [Fact]
    public void The_ordinal_of_a_rendition_counts_its_tags()
    {
        var seen = new List<string>();
        CollectUris("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"1\"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"2\",URI=\"2.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv\n", seen);

        Assert.Equal(["Rendition1=2.m3u8", "VariantStream0=v"], seen);
    }

    [Theory]
    [InlineData(500, "mp4a.40.2", "BANDWIDTH=1000,CODECS=\"avc1.4d401e,mp4a.40.2\"")]
    [InlineData(1001, "AVC1.4D401E", "BANDWIDTH=1001,CODECS=\"avc1.4d401e,mp4a.40.2\"")]
    [InlineData(1000, "avc1.64001f,mp4a.40.2", "BANDWIDTH=1000,CODECS=\"avc1.4d401e,mp4a.40.2,avc1.64001f\"")]
    [InlineData(2000, " ec-3 , ,ec-3", "BANDWIDTH=2000,CODECS=\"avc1.4d401e,mp4a.40.2,ec-3\"")]
    [InlineData(0, "", "BANDWIDTH=1000,CODECS=\"avc1.4d401e,mp4a.40.2\"")]
    public void S9_Bandwidth_and_codecs_cover_the_trailer(int peak, string codecs, string expected)
    {
        var text = Rendered.Compiled(Plain, new MasterEdit { Rewrite = Rendered.Keep, Trailer = index => index == 0 ? new TrailerPeak(peak, codecs) : default });

        Assert.Contains($"#EXT-X-STREAM-INF:{expected}\na.m3u8\n", text, StringComparison.Ordinal);
        Assert.Contains("#EXT-X-STREAM-INF:BANDWIDTH=9000\nb.m3u8\n", text, StringComparison.Ordinal);
        Assert.Equal(Plain, Rendered.Compiled(Plain, new MasterEdit { Rewrite = Rendered.Keep, Trailer = _ => default }));
    }

    [Fact]
    public void S9_Only_what_is_there_is_raised_and_the_average_stays()
    {
        const string Odd = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=5\n#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=800,CODECS=\"\",BANDWIDTH=x,BANDWIDTH=2,CODECS=\"q\"\na\n#EXT-X-STREAM-INF:PROGRAM-ID=1\nb\n";

        var text = Rendered.Compiled(Odd, new MasterEdit { Rewrite = Rendered.Keep, Trailer = _ => new TrailerPeak(1000, "mp4a.40.2") });

        Assert.Equal("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=5\n#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=800,CODECS=\"mp4a.40.2\",BANDWIDTH=1000,BANDWIDTH=2,CODECS=\"q\"\na\n#EXT-X-STREAM-INF:PROGRAM-ID=1\nb\n", text);
    }

    [Fact]
    public void S9_Codecs_that_are_there_stay_byte_for_byte()
    {
        var text = Rendered.Compiled("#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"avc1\u0085, x\"\na\n#EXT-X-STREAM-INF:CODECS=avc1\nb\n", new MasterEdit { Rewrite = Rendered.Keep, Trailer = _ => new TrailerPeak(1, "X,y") });

        Assert.Equal("#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"avc1\u0085, x,y\"\na\n#EXT-X-STREAM-INF:CODECS=\"avc1,X,y\"\nb\n", text);
    }

    [Fact]
    public void S9_Independent_segments_are_kept() =>
        Assert.Contains("#EXT-X-INDEPENDENT-SEGMENTS\n", Goldens.Render(Goldens.Read("demuxed-master")), StringComparison.Ordinal);

    [Fact]
    public void S1_Streams_of_I_frames_are_left_out_when_a_trailer_is_spliced()
    {
        var input = Goldens.Read("i-frame-master");

        Assert.DoesNotContain("I-FRAME", Rendered.Compiled(input, new MasterEdit { Rewrite = Rendered.Gateway, Trailer = _ => default }), StringComparison.Ordinal);
        Assert.Contains($"URI=\"mid/iframe.m3u8?session_id={Rendered.Token}\"", Rendered.Compiled(input, new MasterEdit { Rewrite = Rendered.Gateway }), StringComparison.Ordinal);
    }

    [Fact]
    public void S10_A_start_counted_from_the_end_moves_with_the_trailer()
    {
        const string Start = "#EXTM3U\n#EXT-X-START:TIME-OFFSET=-30\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n";

        Assert.Contains("TIME-OFFSET=-34.8\n", Rendered.Compiled(Start, new MasterEdit { Rewrite = Rendered.Keep, Trailer = _ => default, TrailerDurationMs = 4800 }), StringComparison.Ordinal);
        Assert.Equal(Start, Rendered.Compiled(Start, new MasterEdit { Rewrite = Rendered.Keep, TrailerDurationMs = 4800 }));
    }

    [Fact]
    public void D5_A_master_playlist_gets_the_version_that_its_variables_need()
    {
        const string Defined = "#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{$a}\n";

        Assert.StartsWith("#EXTM3U\n#EXT-X-VERSION:8\n", Rendered.Compiled(Defined, new MasterEdit { Rewrite = Rendered.Gateway }), StringComparison.Ordinal);
        Assert.Equal(Defined, Rendered.Compiled(Defined, new MasterEdit { Rewrite = Rendered.Keep }));
        Assert.Contains("#EXT-X-VERSION:8\n", Rendered.Compiled(Defined + "#EXT-X-VERSION:6\n#EXT-X-VERSION:7\n", new MasterEdit { Rewrite = Rendered.Gateway }), StringComparison.Ordinal);
    }

    private static CaptionRendition Caption(string language, string name, bool isDefault = false, string? characteristics = null) =>
        new(language, name, isDefault, characteristics, new RewrittenUri($"subtitles/{language}.m3u8", null));

    private static string[] Captioned(string master, params CaptionRendition[] captions) =>
        Rendered.Compiled(master, new MasterEdit { Rewrite = Rendered.Keep, Captions = captions }).Split('\n');

    [Fact]
    public void W1_Captions_make_one_group_that_every_variant_names()
    {
        Assert.Equal(
            [
                "#EXTM3U",
                "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subtitles\",NAME=\"Deutsch\",LANGUAGE=\"de\",DEFAULT=NO,AUTOSELECT=YES,URI=\"subtitles/de.m3u8\"",
                "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subtitles\",NAME=\"English (SDH)\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHARACTERISTICS=\"public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound\",URI=\"subtitles/en.m3u8\"",
                "#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS=\"avc1.4d401e,mp4a.40.2\",SUBTITLES=\"subtitles\"",
                "a.m3u8",
                "#EXT-X-STREAM-INF:BANDWIDTH=9000,SUBTITLES=\"subtitles\"",
                "b.m3u8",
                "",
            ],
            Captioned(Plain, Caption("de", "Deutsch"), Caption("en", "English (SDH)", true, "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound")));
    }

    [Fact]
    public void W1_Names_are_unique_and_fit_into_quotation_marks()
    {
        var lines = Captioned(Plain, Caption("en", "English"), Caption("en", "English"), Caption("en", "English"), Caption("de", "\"Deutsch\"\n"), Caption("fr", " "));

        Assert.Equal(["English", "English (2)", "English (3)", "'Deutsch' ", "fr"], lines.Where(line => line.Contains("TYPE=SUBTITLES", StringComparison.Ordinal)).Select(line => line.Split("NAME=\"")[1].Split('"')[0]));
    }

    [Fact]
    public void W1_At_most_one_caption_is_the_default_and_an_existing_one_stays_it()
    {
        Assert.Single(Captioned(Plain, Caption("en", "English", true), Caption("de", "Deutsch", true)), line => line.Contains("DEFAULT=YES", StringComparison.Ordinal));
        Assert.Single(Captioned(Goldens.Read("subtitled-master"), Caption("fr", "Français", true)), line => line.Contains("DEFAULT=YES", StringComparison.Ordinal));
        Assert.Single(Captioned(Goldens.Read("two-subtitle-groups-master"), Caption("fr", "Français", true)), line => line.Contains("DEFAULT=YES", StringComparison.Ordinal));
    }

    [Fact]
    public void W1_Captions_alike_in_all_that_players_choose_by_are_not_both_chosen_by_themselves()
    {
        var lines = Captioned(Goldens.Read("subtitled-master"), Caption("en", "English"), Caption("de", "Deutsch"), Caption("EN", "More English"), Caption("en", "English SDH", false, "public.accessibility.transcribes-spoken-dialog"));

        Assert.Equal(["NO", "YES", "NO", "YES"], lines.Where(line => line.Contains("\"subtitles/", StringComparison.Ordinal)).Select(line => line.Split("AUTOSELECT=")[1].Split(',')[0]));
    }

    [Fact]
    public void W1_Forced_is_not_said_of_captions_that_are_not() =>
        Assert.DoesNotContain(Captioned(Plain, Caption("en", "English", true)), line => line.Contains("FORCED", StringComparison.Ordinal));

    [Fact]
    public void W1_Existing_groups_are_extended_never_doubled()
    {
        var one = Captioned(Goldens.Read("subtitled-master"), Caption("fr", "Français"));
        var two = Captioned(Goldens.Read("two-subtitle-groups-master"), Caption("fr", "Français"));

        Assert.Equal(3, one.Count(line => line.Contains("GROUP-ID=\"sub1\"", StringComparison.Ordinal)));
        Assert.Equal(2, one.Count(line => line.Contains("SUBTITLES=\"sub1\"", StringComparison.Ordinal)));
        Assert.Equal(2, two.Count(line => line.Contains("GROUP-ID=\"low-subs\"", StringComparison.Ordinal)));
        Assert.Equal(2, two.Count(line => line.Contains("GROUP-ID=\"high-subs\"", StringComparison.Ordinal)));
        Assert.Equal(2, two.Count(line => line.Contains(",SUBTITLES=\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void W1_A_group_that_only_a_variant_names_gets_the_captions()
    {
        var lines = Captioned("#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,NAME=\"lost\"\n#EXT-X-STREAM-INF:SUBTITLES=\"s\",\na\n#EXT-X-STREAM-INF:\nb\n#EXT-X-STREAM-INF:X=1,\nc\n#EXT-X-STREAM-INF:SUBTITLES=\"\"\nd\n", Caption("fr", "Français"));

        Assert.Equal("#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"Français\",LANGUAGE=\"fr\",DEFAULT=NO,AUTOSELECT=YES,URI=\"subtitles/fr.m3u8\"", lines[2]);
        Assert.Equal(["#EXT-X-STREAM-INF:SUBTITLES=\"s\",", "#EXT-X-STREAM-INF:SUBTITLES=\"s\"", "#EXT-X-STREAM-INF:X=1,SUBTITLES=\"s\"", "#EXT-X-STREAM-INF:SUBTITLES=\"\""], lines.Where(line => line.StartsWith("#EXT-X-STREAM", StringComparison.Ordinal)));
    }

    [Fact]
    public void W1_Captions_stand_behind_the_renditions_before_the_first_variant()
    {
        var lines = Captioned("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"n\",URI=\"n\"\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"k\"\n# 720p\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"m\"\n", Caption("fr", "Français"));

        Assert.Equal(2, Array.FindIndex(lines, line => line.Contains("TYPE=SUBTITLES", StringComparison.Ordinal)));
        Assert.Equal("# 720p", lines[4]);
    }

    [Fact]
    public void W1_What_a_caption_says_of_itself_must_fit_into_quotation_marks()
    {
        Assert.Throws<ArgumentException>(() => Captioned(Plain, Caption("e\"n", "English")));
        Assert.Throws<ArgumentException>(() => Captioned(Plain, Caption("en", "English", false, "a\nb")));
        Assert.Throws<ArgumentException>(() => Captioned(Plain, Caption("en", "English") with { Uri = RewrittenUri.Keep }));
        Assert.Throws<ArgumentException>(() => Rendered.Compiled(Plain, new MasterEdit { Rewrite = Rendered.Keep, Trailer = _ => new TrailerPeak(1, "x\"") }));
    }

    private static void CollectUris(string text, List<string> seen) => Rendered.Master(text).Compile(new MasterEdit
    {
        Rewrite = (in UriSite site) =>
        {
            seen.Add(string.Create(CultureInfo.InvariantCulture, $"{site.Kind}{site.Index}={site.Uri}"));
            Assert.Null(site.Duration);
            return RewrittenUri.Keep;
        },
    });
}
