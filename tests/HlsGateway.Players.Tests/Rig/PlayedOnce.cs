using System.Collections.Concurrent;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>Each scenario is played once, by all its players at the same time, with captions and trailer; the tests look at what came of it.</summary>
public sealed class PlayedOnce : IAsyncLifetime
{
    /// <summary>The players behave as at one; faster, and a busy machine would show too few pictures to look at.</summary>
    private const double Rate = 2;

    private readonly ConcurrentDictionary<string, Lazy<Task<IReadOnlyDictionary<string, Settled>>>> plays = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> told = new();
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
    /// <param name="judge">Throws when a play is not as it must be; asked before the play is handed to any test.</param>
    internal async Task<Play> PlayAsync(string scenario, string player, Action<Play, Scenario> judge)
    {
        var all = plays.GetOrAdd(scenario, name => new Lazy<Task<IReadOnlyDictionary<string, Settled>>>(() => PlayAllAsync(Stage, Scenario.Of(name), Rate, judge, told.Enqueue)));
        return await (await all.Value)[player].Last;
    }

    /// <summary>Plays that were not the last word.</summary>
    internal string Told => string.Join('\n', told);

    internal static async Task<Stage> SetAsync(IEnumerable<ContentShape> shapes)
    {
        var videos = new List<(string, string)>();
        foreach (var shape in shapes.Distinct()) videos.Add((shape.Name, await TestMedia.MakeAsync(shape)));
        return await Stage.SetAsync(videos);
    }

    /// <param name="rate">Of the browsers' players, in company.</param>
    /// <param name="judge">Throws when a play is not as it must be.</param>
    internal static async Task<IReadOnlyDictionary<string, Settled>> PlayAllAsync(
        Stage stage, Scenario scenario, double rate, Action<Play, Scenario> judge, Action<string> tell)
    {
        var content = scenario.Content;
        await stage.CaptionAsync(content.Name, Cues, "en", "de");
        await stage.ActivateAsync(scenario.Trailer);
        await stage.TrailerReadyAsync(content.Name, scenario.Trailer);
        Task<Play>[] all;
        using (await Floor.TakeAsync(alone: false))
        {
            all = [.. scenario.Players.Select(player => stage.PlayAsync(player, content.Name, content.FramesPerSecond, rate, scenario.Audio))];
            await ((Task)Task.WhenAll(all)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        // Many players on two cores can starve one another: who is played again is so alone, at the film's own speed.
        var settled = new Dictionary<string, Settled>(StringComparer.Ordinal);
        for (var i = 0; i < all.Length; i++)
        {
            var player = scenario.Players[i];
            var before = new List<string>();
            await Fair.FaultOfAsync(async alone =>
            {
                if (alone) all[i] = stage.PlayAsync(player, content.Name, content.FramesPerSecond, 1, scenario.Audio);
                judge(await all[i], scenario);
            }, text =>
            {
                before.Add(text);
                tell($"{scenario.Name} in {player}: {text}");
            });
            settled.Add(player, new Settled(all[i], before));
        }

        return settled;
    }
}

/// <param name="Last">Has ended; one that failed tells that the rig or the player broke.</param>
/// <param name="Before">Of each play that was found at fault, the last one too: what was found, and whether the machine faltered.</param>
internal sealed record Settled(Task<Play> Last, IReadOnlyList<string> Before);
