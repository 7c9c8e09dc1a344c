using System.Collections.Concurrent;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>Each scenario is played once, by all its players at the same time, with captions and trailer; the tests look at what came of it.</summary>
public sealed class PlayedOnce : IAsyncLifetime
{
    /// <summary>The players behave as at one; faster, and a busy machine would show too few pictures to look at.</summary>
    private const double Rate = 2;

    private readonly ConcurrentDictionary<string, Task<IReadOnlyDictionary<string, Play>>> plays = new(StringComparer.Ordinal);
    private Stage? stage;

    /// <summary>One within a segment, one across segments, one inside the second, one from a border on, one at the end.</summary>
    internal static IReadOnlyList<KnownCue> Cues { get; } =
        [new("first words", 1, 2), new("across the border", 3.2, 5.1), new("in the middle", 6.04, 7), new("from the border on", 8, 8.6), new("last words", 9, 10.5)];

    internal Stage Stage => stage!;

    public async Task InitializeAsync()
    {
        var media = await TestMedia.MakeAsync();
        stage = await Stage.SetAsync(media.Root, media.Trailer);
    }

    public async Task DisposeAsync()
    {
        if (stage is not null) await stage.DisposeAsync();
    }

    /// <summary>What one player of the scenario did; all of them play on first asking.</summary>
    internal async Task<Play> PlayAsync(string scenario, string player) => (await plays.GetOrAdd(scenario, PlayAllAsync))[player];

    private async Task<IReadOnlyDictionary<string, Play>> PlayAllAsync(string name)
    {
        var scenario = Scenario.Of(name);
        await Stage.CaptionAsync(name, Cues, "en", "de");
        await Stage.TrailerReadyAsync(name);
        var all = await Task.WhenAll(scenario.Players.Select(player => Stage.PlayAsync(player, name, Rate, scenario.Audio)));
        // Five players on two cores can starve one another at the splice. One that did not come to the end in company is judged by
        // what it does alone, at the film's own speed; alone, nothing is excused.
        for (var i = 0; i < all.Length; i++)
        {
            if (!all[i].Report.Ended || all[i].Report.LongestStillMs > 2000 || LongestLeap(all[i].Report) > 50)
                all[i] = await Stage.PlayAsync(scenario.Players[i], name, 1, scenario.Audio);
        }

        return all.ToDictionary(play => play.Report.Player, StringComparer.Ordinal);
    }

    /// <summary>The most frames between two neighbours that were shown, the content's first and last included.</summary>
    private static int LongestLeap(PlayerReport report)
    {
        var numbers = report.Content.Select(shown => shown.Frame.Number).Prepend(0).Append(TestMedia.ContentFrames - 1).Order().ToArray();
        return numbers.Zip(numbers.Skip(1), (earlier, later) => later - earlier).Max();
    }
}
