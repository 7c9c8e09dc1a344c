using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace HlsGateway.Playlists.Tests;

/// <summary>Whatever a well-formed playlist looks like. The seed is fixed, a slow model is the judge.</summary>
public sealed class PlaylistPropertyTests
{
    private static readonly Gen<string> Duration = Gen.OneOf(
        Gen.Choose(0, 12).Select(seconds => seconds.ToString(CultureInfo.InvariantCulture)),
        Gen.Choose(0, 11_999_999).Select(micros => (micros / 1e6m).ToString(CultureInfo.InvariantCulture)),
        Gen.Choose(0, int.MaxValue).Two().Select(digits => string.Create(CultureInfo.InvariantCulture, $"{digits.Item1 % 10}.{digits.Item1:0000000000}{digits.Item2 % 100_000_000:00000000}")));

    private static readonly Gen<string> Uri = Gen.OneOf(
        Gen.Choose(0, 99).Select(number => $"seg{number}.ts"),
        Gen.Elements("a.ts?sig=a%2Bb%2F%3D~", "../x/b.m4s#t=1", "https://h:1/ü?x", "{$n}/c", "d\"e,f.ts", "v.ts?", "//host/p"));

    private static readonly Gen<string> Noise = Gen.Elements(
        "", "", "", "", "\n", "# comment\n", "#EXT-X-FUTURE:A=\"x,y\",B\n", "#EXT-X-DISCONTINUITY\n", "#EXT-X-KEY:METHOD=AES-128,URI=\"k?x\"\n", "#EXT-X-KEY:METHOD=NONE\n",
        "#EXT-X-MAP:URI=\"init.mp4\"\n", "#EXT-X-BITRATE:900\n", "#EXT-X-GAP\n", "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T02:36:00Z\n", "#EXT-X-BYTERANGE:100\n", "   \t\n",
        "#EXT-X-DATERANGE:ID=\"d\",X-ASSET-LIST=\"l.json\"\n");

    private static readonly Gen<string> Define = Gen.OneOf(
        from name in Gen.Elements("n", "a", "b", "c-_9")
        from value in Gen.Elements("", "x", "y/", "{$a}z", "{$b}{$b}", "#f", " g", "p?q=1&r", "https://h", "é", "{$", "{$c-_9}")
        from order in Gen.Elements("NAME=\"{0}\",VALUE=\"{1}\"", "VALUE=\"{1}\",NAME=\"{0}\"")
        select $"#EXT-X-DEFINE:{string.Format(CultureInfo.InvariantCulture, order, name, value)}\n",
        Gen.Elements("#EXT-X-DEFINE:IMPORT=\"a\"\n", "#EXT-X-DEFINE:QUERYPARAM=\"b\"\n"));

    private static readonly Gen<string> VariableUri = Gen.Elements("{$a}/s.ts", "{$b}", "x{$c-_9}.ts?{$a}", "{$n}{$a}{$b}", "{$none}.ts", "{{$a}}.ts", "plain.ts", "{$}.ts", "{$a b}.ts");

    private static readonly Gen<string> WithVariables =
        from first in Define.ListOf()
        from segments in (
            from define in Gen.OneOf(Gen.Constant(""), Gen.Constant(""), Define)
            from range in Gen.Elements("", "", "#EXT-X-BYTERANGE:100\n", "#EXT-X-BYTERANGE:50@7\n")
            from stray in Gen.Elements("", "", "", "#EXT-X-BYTERANGE:9\nstray\n")
            from uri in VariableUri
            select $"{define}{stray}#EXTINF:4,\n{range}{uri}\n").NonEmptyListOf()
        select $"#EXTM3U\n#EXT-X-VERSION:11\n{string.Concat(first)}{string.Concat(segments)}";

    private static readonly Gen<string> Segment =
        from before in Noise
        from duration in Duration
        from title in Gen.Elements("", ",", ",title", ", with, commas", " a=\"b\",c")
        from between in Noise.Where(noise => !noise.Contains("BYTERANGE", StringComparison.Ordinal))
        from uri in Uri
        from margin in Gen.Elements("", "", "", " ", "\t")
        select $"{before}#EXTINF:{duration}{title}\n{between}{margin}{uri}{margin}\n";

    private static readonly Gen<string> Body =
        from version in Gen.Elements("", "#EXT-X-VERSION:3\n", "#EXT-X-VERSION:7\n")
        from target in Gen.Elements("#EXT-X-TARGETDURATION:12\n", "#EXT-X-TARGETDURATION:2\n", "")
        from type in Gen.Elements("", "#EXT-X-PLAYLIST-TYPE:VOD\n", "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MEDIA-SEQUENCE:7\n")
        from segments in Segment.NonEmptyListOf()
        from tail in Noise
        select $"#EXTM3U\n{version}{target}{type}{string.Concat(segments)}{tail}";

    private static readonly Gen<string> Vod = Body.Select(body => body + "#EXT-X-ENDLIST\n");

    private static readonly Gen<SplicedTrailer> Trailer =
        from durations in Duration.NonEmptyListOf()
        from container in Gen.Elements("ts", "fmp4")
        from longest in Gen.Choose(0, 15_000)
        select Rendered.Trailer(container, [.. durations.Take(5)]) with { LongestSegmentMs = longest };

    [Fact]
    public void D2_A_playlist_with_nothing_to_inject_comes_out_as_it_went_in()
    {
        var cases = Gen.OneOf(Body, Vod, Vod.Select(text => text.TrimEnd('\n')));
        Properties.Hold(cases.ToArbitrary(), text =>
            Rendered.Compiled(text, new MediaEdit { Rewrite = Rendered.Keep }) == text
            && Rendered.Compiled("\uFEFF" + text.Replace("\n", "\r\n", StringComparison.Ordinal), new MediaEdit { Rewrite = Rendered.Keep }) == text);
    }

    [Fact]
    public void D2_What_comes_out_can_be_read_again_and_says_the_same()
    {
        Properties.Hold(Body.ToArbitrary(), text =>
        {
            var before = Rendered.Media(text);
            var after = Rendered.Media(Rendered.Compiled(text, new MediaEdit { Rewrite = Rendered.Gateway }));
            return before.DurationMs == after.DurationMs
                && before.Segments.Select(segment => segment with { Uri = "", RangeOffset = null }).SequenceEqual(after.Segments.Select(segment => segment with { Uri = "", RangeOffset = null }))
                && before.Segments.Sum(segment => segment.DurationMs) == before.DurationMs;
        });
    }

    [Fact]
    public void D2_Every_line_that_comes_out_is_the_playlists_or_ours()
    {
        Properties.Hold(Vod.Zip(Trailer).ToArbitrary(), given =>
        {
            var input = given.Item1.Split('\n').ToHashSet(StringComparer.Ordinal);
            var output = Rendered.Compiled(given.Item1, new MediaEdit { Rewrite = Rendered.Gateway, Trailer = given.Item2 });
            return output.Split('\n').All(line => input.Contains(line) || IsOurs(line));
        });
    }

    [Fact]
    public void Slices_of_any_size_laid_end_to_end_are_the_whole()
    {
        Properties.Hold(Body.Zip(Gen.Choose(1, 300)).ToArbitrary(), given =>
        {
            var template = Rendered.Media(given.Item1).Compile(new MediaEdit { Rewrite = Rendered.Gateway });
            var all = new byte[template.Length];
            for (var offset = 0; offset < all.Length; offset += given.Item2)
                template.RenderSlice(Encoding.ASCII.GetBytes(Rendered.Token), offset, all.AsSpan(offset, Math.Min(given.Item2, all.Length - offset)));
            return Encoding.UTF8.GetString(all) == template.Text();
        });
    }

    [Fact]
    public void I5_The_timeline_is_the_slow_models()
    {
        Properties.Hold(Body.ToArbitrary(), text =>
            new SlowModel(text).Segments.Select(segment => (segment.Uri, segment.StartMs, segment.DurationMs))
                .SequenceEqual(Rendered.Media(text).Segments.Select(segment => (segment.Uri, segment.StartMs, segment.DurationMs))));
    }

    [Fact]
    public void I4_I6_Variables_and_ranges_are_the_slow_models()
    {
        Properties.Hold(WithVariables.ToArbitrary(), text =>
        {
            var model = new SlowModel(text).Resolved;
            var media = Rendered.Media(text);
            var asked = new List<string>();
            Rendered.Compiled(text, new MediaEdit
            {
                Rewrite = (in UriSite site) =>
                {
                    asked.Add(site.Uri);
                    return RewrittenUri.Keep;
                },
            });
            var written = new SlowModel(Rendered.Compiled(text, new MediaEdit { Rewrite = Rendered.Gateway })).Resolved;
            return asked.SequenceEqual(model.Select(segment => segment.Uri).OfType<string>())
                && media.Segments.Select(segment => (segment.RangeOffset, segment.RangeLength)).SequenceEqual(model.Select(segment => (segment.Offset, segment.Length)))
                && written.Select(segment => (segment.Uri?.Split("session_id=")[0].TrimEnd('?', '&'), segment.Offset, segment.Length))
                    .SequenceEqual(model.Select(segment => (segment.Uri?.Split('#')[0].TrimEnd('?', '&'), segment.Offset, segment.Length)))
                && Rendered.Compiled(text, new MediaEdit { Rewrite = Rendered.Keep }) == text;
        });
    }

    [Fact]
    public void S1_S3_S5_D6_A_splice_is_what_the_slow_model_expects()
    {
        Properties.Hold(Vod.Zip(Trailer).ToArbitrary(), given =>
        {
            var (text, trailer) = given;
            var before = new SlowModel(text);
            var after = new SlowModel(Rendered.Spliced(text, trailer));
            var content = after.Segments.Take(before.Segments.Count).ToArray();
            var spliced = after.Segments.Skip(before.Segments.Count).ToArray();
            return content.SequenceEqual(before.Segments)
                && spliced.Length == trailer.Segments.Count
                && spliced.All(segment => segment.Key is null && segment.Discontinuities == content[^1].Discontinuities + 1)
                && after.EndLists == 1
                && after.EndsWithEndList
                && after.TargetDuration >= after.ExtInfRoundedUp.Max() - 1
                && after.TargetDuration >= (before.TargetDuration ?? 0)
                && after.TargetDuration >= trailer.LongestSegmentMs / 1000;
        });
    }

    [Fact]
    public void S3_Two_thousand_segments_drift_by_nothing()
    {
        var text = new StringBuilder("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n");
        for (var at = 0; at < 2000; at++)
            text.Append(CultureInfo.InvariantCulture, $"#EXTINF:{(at % 3 == 0 ? "5.338667" : at % 3 == 1 ? "5.333333" : "3.336333333333333333")},\nvideo{at}.ts\n");
        text.Append("#EXT-X-ENDLIST\n");

        var media = Rendered.Media(text.ToString());
        var model = new SlowModel(text.ToString());

        Assert.Equal(model.Segments.Select(segment => (segment.StartMs, segment.DurationMs)), media.Segments.Select(segment => (segment.StartMs, segment.DurationMs)));
        var spliced = new SlowModel(media.Compile(new MediaEdit { Rewrite = Rendered.Gateway, Trailer = Rendered.Trailer() }).Text());
        Assert.Equal(2002, spliced.Segments.Count);
        Assert.Equal(model.Segments.Select(segment => $"{segment.Uri}?session_id={Rendered.Token}"), spliced.Segments.Take(2000).Select(segment => segment.Uri.Split("&duration")[0]));
    }

    [Fact]
    public void Decimals_are_read_written_and_added_as_exact_fractions()
    {
        var decimals = Gen.Choose(0, int.MaxValue).Two().Select(pair => new decimal(pair.Item1, pair.Item2 & 0xFF, 0, isNegative: false, scale: (byte)(pair.Item2 % 15))).Where(value => value < 2_000_000);
        Properties.Hold(decimals.Two().ToArbitrary(), pair =>
        {
            Assert.True(Seconds.TryParse(Encoding.ASCII.GetBytes(pair.Item1.ToString(CultureInfo.InvariantCulture)), out var left));
            Assert.True(Seconds.TryParse(Encoding.ASCII.GetBytes(pair.Item2.ToString(CultureInfo.InvariantCulture)), out var right));
            var sum = pair.Item1 + pair.Item2;
            return (left + right).ToString() == sum.ToString("0.##################", CultureInfo.InvariantCulture)
                && (left + right).RoundedMilliseconds == (long)decimal.Round(sum * 1000, MidpointRounding.AwayFromZero)
                && (left + right).Rounded == (int)decimal.Round(sum, MidpointRounding.AwayFromZero)
                && (left + right).Ceiling == (int)decimal.Ceiling(sum)
                && left > right == pair.Item1 > pair.Item2;
        });
    }

    private static bool IsOurs(string line) =>
        line.Contains("session_id=" + Rendered.Token, StringComparison.Ordinal)
        || line is "#EXT-X-DISCONTINUITY" or "#EXT-X-KEY:METHOD=NONE" or "#EXT-X-BITRATE:1200" or "#EXT-X-ENDLIST" or ""
        || line.Split(':') is ["#EXT-X-VERSION" or "#EXT-X-TARGETDURATION", var number] && number.All(char.IsAsciiDigit)
        || line.StartsWith("#EXTINF:", StringComparison.Ordinal)
        || line.Split(':', '@') is ["#EXT-X-BYTERANGE", "100", var offset] && offset.All(char.IsAsciiDigit);
}
