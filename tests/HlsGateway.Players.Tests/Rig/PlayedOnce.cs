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

    public async Task InitializeAsync() => stage = await SetAsync(Scenario.Lean.Select(scenario => scenario.Content));

    public async Task DisposeAsync()
    {
        if (stage is not null) await stage.DisposeAsync();
    }

    /// <summary>What one player of the scenario did; all of them play on first asking.</summary>
    internal async Task<Play> PlayAsync(string scenario, string player) =>
        (await plays.GetOrAdd(scenario, name => PlayAllAsync(Stage, Scenario.Of(name), Rate)))[player];

    internal static async Task<Stage> SetAsync(IEnumerable<ContentShape> shapes)
    {
        var videos = new List<(string, string)>();
        foreach (var shape in shapes.Distinct()) videos.Add((shape.Name, await TestMedia.MakeAsync(shape)));
        return await Stage.SetAsync(videos);
    }

    /// <param name="rate">Of the browsers' players.</param>
    internal static async Task<IReadOnlyDictionary<string, Play>> PlayAllAsync(Stage stage, Scenario scenario, double rate)
    {
        var content = scenario.Content;
        await stage.CaptionAsync(content.Name, Cues, "en", "de");
        await stage.ActivateAsync(scenario.Trailer);
        await stage.TrailerReadyAsync(content.Name, scenario.Trailer);
        var all = await Task.WhenAll(scenario.Players.Select(player => stage.PlayAsync(player, content.Name, content.FramesPerSecond, rate, scenario.Audio)));
        // Many players on two cores can starve one another. One that was found at fault in company is judged by what it does alone, at
        // the film's own speed; alone, nothing is excused.
        for (var i = 0; i < all.Length; i++)
        {
            if (!Verdict.Of(all[i], scenario).Good)
                all[i] = await stage.PlayAsync(scenario.Players[i], content.Name, content.FramesPerSecond, 1, scenario.Audio);
        }

        return all.ToDictionary(play => play.Report.Player, StringComparer.Ordinal);
    }
}
