using HlsGateway.Trailers;

namespace HlsGateway.Tests.Trailers;

public sealed class VideoGlobTests
{
    [Theory]
    [InlineData("shows/*", "*/one", true)]
    [InlineData("shows/*", "films/*", false)]
    [InlineData("a?c", "ab*", true)]
    [InlineData("a?c", "a", false)]
    [InlineData("a*", null, true)]
    [InlineData("", "*", true)]
    [InlineData("a\\*", "ab", false)]
    [InlineData("a\\*", "a?", true)]
    [InlineData("*a*b", "b*a", false)]
    [InlineData("*a*b", "b*b", true)]
    public void Two_globs_meet_where_some_name_matches_both(string one, string? other, bool meet)
    {
        Assert.Equal(meet, VideoGlob.Meet(one, other));
        Assert.Equal(meet, VideoGlob.Meet(other, one));
    }

    [Theory]
    [InlineData(null, "a*", true)]
    [InlineData("*", null, true)]
    [InlineData("a*", null, false)]
    [InlineData("a*", "ab*", true)]
    [InlineData("ab*", "a*", false)]
    [InlineData("a?", "ab", true)]
    [InlineData("a?", "a*", false)]
    [InlineData("a*b", "axxb", true)]
    [InlineData("*a*", "*ba?", true)]
    public void A_glob_includes_another_that_covers_nothing_else(string? wide, string? narrow, bool includes) => Assert.Equal(includes, VideoGlob.Includes(wide, narrow));

    [Fact]
    public void What_two_globs_say_of_each_other_agrees_with_what_they_match()
    {
        // All globs of up to three of these characters, against all names of up to four.
        string[] globs = [.. Words("ab*?", 3)];
        string[] names = [.. Words("ab", 4)];
        var matched = globs.ToDictionary(glob => glob, glob => names.Where(name => VideoGlob.Matches(glob, name)).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (var one in globs)
        {
            foreach (var other in globs)
            {
                if (matched[one].Overlaps(matched[other]))
                    Assert.True(VideoGlob.Meet(one, other), $"{one} and {other} meet");
                if (VideoGlob.Includes(one, other))
                    Assert.True(matched[other].IsSubsetOf(matched[one]), $"{one} includes {other}");
            }
        }
    }

    private static IEnumerable<string> Words(string letters, int longest) =>
        longest == 0 ? [""] : Words(letters, longest - 1).SelectMany(word => letters.Select(letter => word + letter)).Concat(Words(letters, longest - 1)).Distinct(StringComparer.Ordinal);
}
