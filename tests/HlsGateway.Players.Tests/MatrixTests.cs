using HlsGateway.Players.Tests.Rig;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests;

/// <summary>Runs for <c>scripts/players-table</c> and for <c>make soak</c>: seven minutes and more.</summary>
internal sealed class MatrixTheoryAttribute : TheoryAttribute
{
    public MatrixTheoryAttribute()
    {
        if (Environment.GetEnvironmentVariable("SOAK") is not "1") Skip = "make players-table plays every shape in every player";
    }
}

/// <summary>
/// Every shape of content, with a trailer that has sound and one that has none, in every player that can, at the film's own speed. What
/// came of each is kept in <c>.build/players</c>, from where the table of docs/players.md is written.
/// </summary>
public sealed class MatrixTests(MatrixStage stage, ITestOutputHelper output) : IClassFixture<MatrixStage>
{
    private static bool IsWanted(string shape) =>
        Environment.GetEnvironmentVariable("PLAYERS_SHAPES") is not { Length: > 0 } wanted || wanted.Split(',').Contains(shape, StringComparer.Ordinal);

    public static TheoryData<string, bool> EveryShape
    {
        get
        {
            var rows = new TheoryData<string, bool>();
            foreach (var shape in ContentShape.Known.Where(shape => IsWanted(shape.Name)))
            {
                rows.Add(shape.Name, true);
                rows.Add(shape.Name, false);
            }
            return rows;
        }
    }

    [MatrixTheory]
    [MemberData(nameof(EveryShape))]
    public Task S7_Every_player_plays_content_and_trailer_to_the_end_with_picture_and_sound(string shape, bool trailerHasSound) =>
        PlayAsync(shape, trailerHasSound, MatrixTable.First);

    [MatrixTheory]
    [MemberData(nameof(EveryShape))]
    public Task S7_Firefox_and_GStreamer_play_content_and_trailer_to_the_end_with_picture_and_sound(string shape, bool trailerHasSound) =>
        PlayAsync(shape, trailerHasSound, MatrixTable.Second);

    private async Task PlayAsync(string shape, bool trailerHasSound, MatrixTable table)
    {
        var scenario = Scenario.Of(ContentShape.Of(shape), trailerHasSound, table.Players);
        var plays = await PlayedOnce.PlayAllAsync(await stage.SetAsync(), scenario, rate: 1, Judge, output.WriteLine);
        var cells = new Dictionary<string, Verdict>(StringComparer.Ordinal);
        foreach (var (player, (played, _, before)) in plays)
        {
            await ((Task)played).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cells[player] = played.IsFaulted ? new Verdict([played.Exception.GetBaseException().Message], null, null, 0, null) : Verdict.Of(await played, scenario);
            cells[player] = cells[player] with { Before = before };
            if (!cells[player].Good) output.WriteLine($"{player}: {string.Join("; ", cells[player].Faults)}\n{(played.IsFaulted ? played.Exception : (await played).Report)}");
        }
        await table.KeepAsync(scenario, cells);

        Assert.All(cells, cell => Assert.True(cell.Value.Good, $"{cell.Key}: {string.Join("; ", cell.Value.Faults)}"));
    }

    private static void Judge(Play play, Scenario scenario)
    {
        if (Verdict.Of(play, scenario) is { Good: false } bad) throw new InvalidOperationException(string.Join("; ", bad.Faults));
    }

    public static TheoryData<string, string> EveryUnpatched
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var (shape, player) in MatrixTable.First.Unpatched.Where(row => IsWanted(row.Shape))) rows.Add(shape, player);
            return rows;
        }
    }

    /// <summary>docs/players.md tells of it: when this fails, the player is mended, and pages need do nothing any more.</summary>
    [MatrixTheory]
    [MemberData(nameof(EveryUnpatched))]
    public async Task Unpatched_a_player_is_still_seen_at_fault_where_pages_are_told_to_help_it(string shape, string player)
    {
        const int Plays = 6;
        var scenario = Scenario.Of(ContentShape.Of(shape), trailerHasSound: true);
        var set = await stage.SetAsync();
        await PlayedOnce.PrepareAsync(set, scenario);
        var verdicts = new List<Verdict>();
        for (var i = 0; i < Plays; i++)
            verdicts.Add(Verdict.Of(await set.PlayAsync(player, scenario.Content.Name, scenario.Content.FramesPerSecond, 1, scenario.Audio, unpatched: true), scenario));
        foreach (var verdict in verdicts) output.WriteLine(verdict.Good ? "whole" : string.Join("; ", verdict.Faults));
        await MatrixTable.First.KeepUnpatchedAsync(shape, player, verdicts);

        Assert.Contains(verdicts, verdict => !verdict.Good);
    }
}

/// <summary>One gateway for all rows, started when the first is played.</summary>
public sealed class MatrixStage : IAsyncLifetime
{
    private Stage? stage;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (stage is not null) await stage.DisposeAsync();
    }

    internal async Task<Stage> SetAsync() => stage ??= await PlayedOnce.SetAsync(ContentShape.Known);
}
