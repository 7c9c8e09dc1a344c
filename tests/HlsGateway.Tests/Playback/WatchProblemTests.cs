using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using HlsGateway.Playback;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>A problem's title says what its type is, whatever its status; its detail is one or two plain sentences.</summary>
public sealed partial class WatchProblemTests
{
    [Fact]
    public void Every_problem_that_playback_answers_has_a_title_of_its_own()
    {
        var slugs = Sources("Playback").SelectMany(source => Failure().Matches(source).Select(match => match.Groups["slug"].Value)).Distinct(StringComparer.Ordinal).ToArray();
        Assert.Contains("trailer-withdrawn", slugs);
        Assert.Contains("origin-unreachable", slugs);
        Assert.All(slugs, slug => Assert.NotEqual(WatchProblems.Title("none of these"), WatchProblems.Title(slug)));
        Assert.Equal(slugs.Length, slugs.Select(WatchProblems.Title).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void A_problem_has_the_same_title_wherever_it_is_answered()
    {
        var titles = Sources("").SelectMany(source => Answer().Matches(source)).Select(match => (Slug: match.Groups["slug"].Value, Title: match.Groups["title"].Value)).ToList();
        Assert.InRange(titles.Count, 40, int.MaxValue);
        titles.AddRange(Sources("Playback").SelectMany(source => Failure().Matches(source)).Select(match => (match.Groups["slug"].Value, WatchProblems.Title(match.Groups["slug"].Value))));
        Assert.Empty(titles.Distinct().GroupBy(each => each.Slug, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => string.Join(" / ", group)));
        Assert.DoesNotContain(titles, each => each.Title.EndsWith('.') || each.Title.Length == 0);
    }

    [Theory]
    [InlineData("", "The playlist is empty.")]
    [InlineData("<html>", "line 1: The first line is not #EXTM3U.")]
    [InlineData("#EXTM3U\n", "")]
    [InlineData("#EXTM3U\n#EXTINF:x,\na.ts\n", "line 2: ")]
    [InlineData("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\n#EXTINF:4,\na.ts\n", "line 2: ")]
    public async Task What_is_wrong_with_a_playlist_is_said_in_sentences_with_one_full_stop(string playlist, string reason)
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("v/playlist.m3u8", playlist);
        await using var host = await GatewayHost.StartAsync(origin);
        using var response = await host.Client.GetAsync(new Uri("watch/v/playlist.m3u8", UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        var detail = problem.GetProperty("detail").GetString()!;
        Assert.Contains(reason, detail, StringComparison.Ordinal);
        Assert.DoesNotContain("..", detail, StringComparison.Ordinal);
        Assert.EndsWith(".", detail, StringComparison.Ordinal);
        Assert.Equal("The origin's file is no usable playlist", problem.GetProperty("title").GetString());
    }

    private static IEnumerable<string> Sources(string room) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "HlsGateway", room), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)).Select(File.ReadAllText);

    [GeneratedRegex("(?<!Problems\\.Of)\\((?:StatusCodes\\.Status\\w+|\\d{3}),\\s*\"(?<slug>[a-z][a-z-]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Failure();

    [GeneratedRegex("(?:Problems\\.Of\\(\\s*[\\w.]+,|UploadRefusal[^\"(]{0,40}\\()\\s*\"(?<slug>[a-z][a-z-]+)\",\\s*\"(?<title>[^\"]+)\",", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Answer();
}
