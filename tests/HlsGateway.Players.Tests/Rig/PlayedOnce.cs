using System.Collections.Concurrent;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>Each scenario is played once, by all its players at the same time, with captions and trailer; the tests look at what came of it.</summary>
public sealed class PlayedOnce : IAsyncLifetime
{
    /// <summary>The players behave as at one; faster, and a busy machine would show too few pictures to look at.</summary>
    private const double Rate = 2;

    private readonly ConcurrentDictionary<string, Lazy<Task<IReadOnlyDictionary<string, Settled<Play>>>>> plays = new(StringComparer.Ordinal);
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
        var all = plays.GetOrAdd(scenario, name => new Lazy<Task<IReadOnlyDictionary<string, Settled<Play>>>>(() => PlayAllAsync(Stage, Scenario.Of(name), Rate, judge, told.Enqueue)));
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

    /// <summary>With captions in two languages, and until new sessions have the trailer.</summary>
    internal static async Task PrepareAsync(Stage stage, Scenario scenario)
    {
        await stage.CaptionAsync(scenario.Content.Name, Cues, "en", "de");
        await stage.ActivateAsync(scenario.Trailer);
        await stage.TrailerReadyAsync(scenario.Content.Name, scenario.Trailer);
    }

    /// <param name="rate">Of the browsers' players, in company.</param>
    /// <param name="judge">Throws when a play is not as it must be.</param>
    internal static async Task<IReadOnlyDictionary<string, Settled<Play>>> PlayAllAsync(
        Stage stage, Scenario scenario, double rate, Action<Play, Scenario> judge, Action<string> tell)
    {
        var content = scenario.Content;
        await PrepareAsync(stage, scenario);
        var settled = new Dictionary<string, Settled<Play>>(StringComparer.Ordinal);
        // Those that write each picture down when it is due play before the browsers take both processors.
        await PlayAsync(quiet: true, [.. scenario.Players.Where(Rig.Players.Writing.Contains)]);
        await PlayAsync(quiet: false, [.. scenario.Players.Where(player => !Rig.Players.Writing.Contains(player))]);
        return settled;

        async Task PlayAsync(bool quiet, string[] players)
        {
            var plays = await Fair.PlayAllAsync(
                [.. players.Select(player => (Func<bool, Task<Play>>)(alone => stage.PlayAsync(player, content.Name, content.FramesPerSecond, alone ? 1 : rate, scenario.Audio)))],
                play => judge(play, scenario), (at, text) => tell($"{scenario.Name} in {players[at]}: {text}"), quiet);
            foreach (var (player, play) in players.Zip(plays)) settled.Add(player, play);
        }
    }
}
