using System.Collections.Immutable;
using System.Text;

namespace HlsGateway.Playlists.Tests;

/// <summary>The origin's playlist beside the served one: every line in its place, and a rule that there is for each difference.</summary>
public sealed class PlaylistComparisonTests
{
    private const string Origin = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n#EXT-X-ENDLIST\n";

    [Fact]
    public void A_trailer_behind_the_content_is_added_lines_and_each_uri_a_changed_one()
    {
        const string Served = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:4,\na.ts?session_id=x&duration=4\n#EXTINF:4,\nb.ts?session_id=x&duration=4\n#EXT-X-DISCONTINUITY\n#EXTINF:4.8,\n~t/brand/0.ts?session_id=x\n#EXT-X-ENDLIST\n";
        var lines = Compare(Origin, Served);
        Assert.Equal(
            "same #EXTM3U; same #EXT-X-VERSION:3; changed #EXT-X-TARGETDURATION:5 S3; same #EXTINF:4,; changed a.ts?session_id=x&duration=4 I3 I5; same #EXTINF:4,; changed b.ts?session_id=x&duration=4 I3 I5; "
            + "added #EXT-X-DISCONTINUITY S1; added #EXTINF:4.8, S2; added ~t/brand/0.ts?session_id=x S2; same #EXT-X-ENDLIST", Told(lines));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, null, null, null, 8], lines.Select(line => line.OriginLine));
        Assert.Equal(Enumerable.Range(1, 11), lines.Select(line => line.ServedLine ?? 0));
    }

    [Fact]
    public void A_trailer_before_the_content_with_segments_of_the_same_length_is_told_from_it()
    {
        const string Served = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n~t/brand/0.ts?session_id=x\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\na.ts?session_id=x\n#EXTINF:4,\nb.ts?session_id=x\n#EXT-X-ENDLIST\n";
        var lines = Compare(Origin, Served);
        Assert.Equal(["S1", "S2"], lines.Where(line => line.Change == LineChange.Added).SelectMany(line => line.Rules).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal([("a.ts", "a.ts?session_id=x"), ("b.ts", "b.ts?session_id=x")], lines.Where(line => line.Change == LineChange.Changed).Select(line => (line.Origin!, line.Served!)));
    }

    [Fact]
    public void Both_playlists_can_be_read_from_the_rows_again_and_every_rule_is_one_of_ours()
    {
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            var origin = Enumerable.Range(0, random.Next(30)).Select(_ => Line(random)).ToList();
            var served = origin.SelectMany(line => random.Next(6) switch { 0 => (string[])[], 1 => [line, Line(random)], 2 => [line + "x"], _ => [line] }).ToList();
            var rows = Compare(string.Concat(origin.Select(line => line + "\n")), string.Concat(served.Select(line => line + "\n")));
            Assert.Equal(origin, rows.Where(row => row.Origin is not null).Select(row => row.Origin!));
            Assert.Equal(served, rows.Where(row => row.Served is not null).Select(row => row.Served!));
            Assert.All(rows, row => Assert.Equal(row.Change == LineChange.Same, row.Rules.IsEmpty));
            Assert.All(rows.SelectMany(row => row.Rules), rule => Assert.Equal(rule, Rules.Of(rule).Name));
        }
    }

    [Fact]
    public void Two_playlists_that_have_nothing_in_common_are_still_told_in_order()
    {
        var rows = Compare(string.Concat(Enumerable.Range(0, 900).Select(i => $"#a{i}\n")), string.Concat(Enumerable.Range(0, 1200).Select(i => $"#b{i}\n")));
        Assert.Equal(1200, rows.Count(row => row.Served is not null));
        Assert.Equal(900, rows.Count(row => row.Origin is not null));
    }

    private static ImmutableArray<ComparedLine> Compare(string origin, string served) =>
        PlaylistComparison.Compare(Encoding.UTF8.GetBytes(origin), Encoding.UTF8.GetBytes(served), static uri => uri.Contains("~t/", StringComparison.Ordinal));

    private static string Told(IEnumerable<ComparedLine> lines) =>
        string.Join("; ", lines.Select(line => string.Join(' ', [line.Change.ToString().ToLowerInvariant(), line.Served ?? line.Origin ?? "", .. line.Rules])));

    private static string Line(Random random) => random.Next(5) switch
    {
        0 => $"#EXTINF:{random.Next(3)},",
        1 => $"seg{random.Next(5)}.ts",
        2 => "#EXT-X-DISCONTINUITY",
        3 => $"#EXT-X-KEY:METHOD=NONE,A={random.Next(2)}",
        _ => $"# {random.Next(9)}",
    };
}
