using System.Globalization;
using System.Text;
using System.Text.Json;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>What came of each row of a table of docs/players.md, kept in files so that rows can be played one by one, and the table that they make.</summary>
internal sealed class MatrixTable
{
    /// <summary>Files of another table's rows have another ending.</summary>
    private readonly string suffix;

    private MatrixTable(string suffix, IReadOnlyList<string> players, IReadOnlyList<(string Shape, string Player)> unpatched) => (this.suffix, Players, Unpatched) = (suffix, players, unpatched);

    public static MatrixTable First { get; } = new("", Rig.Players.All, [("demuxed", Rig.Players.VideoJs), ("fmp4b", Rig.Players.HlsJs)]);

    /// <summary>A table of eleven columns could not be read.</summary>
    public static MatrixTable Second { get; } = new("-further", Rig.Players.Further, []);

    /// <summary>The columns.</summary>
    public IReadOnlyList<string> Players { get; }

    /// <summary>Players that want something of their page for content of a shape (docs/players.md), and are played as they come too.</summary>
    public IReadOnlyList<(string Shape, string Player)> Unpatched { get; }

    private static string Folder { get; } = Path.Combine(Places.Repository, ".build", "players");

    /// <summary>A verdict with infinite figures has no number in JSON: a missing cue is told by the verdict's faults.</summary>
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public async Task KeepAsync(Scenario scenario, IReadOnlyDictionary<string, Verdict> cells)
    {
        Directory.CreateDirectory(Folder);
        // Whole or not at all: who ends the run in the middle leaves what was found before.
        var file = FileOf(scenario.Content, scenario.TrailerHasSound);
        await File.WriteAllTextAsync(file + ".partial", JsonSerializer.Serialize(cells, Json));
        File.Move(file + ".partial", file, overwrite: true);
        await WriteAsync();
    }

    public async Task KeepUnpatchedAsync(string shape, string player, IReadOnlyList<Verdict> verdicts)
    {
        Directory.CreateDirectory(Folder);
        await File.WriteAllTextAsync(UnpatchedFile(shape, player), JsonSerializer.Serialize(verdicts, Json));
        await WriteAsync();
    }

    private static string UnpatchedFile(string shape, string player) => Path.Combine(Folder, $"{shape}-{player}-unpatched.json");

    private string FileOf(ContentShape shape, bool trailerHasSound) => Path.Combine(Folder, $"{shape.Name}{(trailerHasSound ? "" : "-mute")}{suffix}.json");

    private async Task WriteAsync()
    {
        var table = new StringBuilder($"| content | trailer | {string.Join(" | ", Players.Select(Head))} |\n|---|---|{string.Concat(Players.Select(_ => "---|"))}\n");
        var (good, all) = (0, 0);
        var again = new List<string>();
        var longer = new List<double>();
        foreach (var shape in ContentShape.Known)
        {
            foreach (var trailerHasSound in new[] { true, false })
            {
                var file = FileOf(shape, trailerHasSound);
                var cells = File.Exists(file) ? JsonSerializer.Deserialize<Dictionary<string, Verdict>>(await File.ReadAllTextAsync(file), Json)! : [];
                table.Append(CultureInfo.InvariantCulture, $"| {shape.Says} | {(trailerHasSound ? "sound" : "no sound")} |");
                foreach (var player in Players) table.Append(CultureInfo.InvariantCulture, $" {Cell(shape, player, cells.GetValueOrDefault(player))} |");
                table.Append('\n');
                var played = cells.Where(cell => Scenario.LeftOut(shape, cell.Key) is null).ToArray();
                good += played.Count(cell => cell.Value.Good);
                all += played.Length;
                longer.AddRange(played.Where(cell => cell.Value.Good).Select(cell => cell.Value.SplicePauseMs ?? 0).Where(pause => pause > Verdict.LongestPauseMs));
                again.AddRange(played.SelectMany(cell => cell.Value.Before.Select(fault =>
                    $"- {shape.Says}, trailer with {(trailerHasSound ? "sound" : "no sound")}, {Title(cell.Key)}: {fault.ReplaceLineEndings(" ")}\n")));
            }
        }
        table.Append(CultureInfo.InvariantCulture, $"\n{good} of {all} cells that were played are without fault.\n");
        if (longer.Count > 0)
            table.Append(CultureInfo.InvariantCulture, $"In {longer.Count} of them, all VLC's, it stands still for more than {Verdict.LongestPauseMs} ms ({longer.Min():F0} to {longer.Max():F0} ms) in place of what it leaves out.\n");
        if (again.Count > 0) table.Append(CultureInfo.InvariantCulture, $"\nFound at fault, and played again:\n{string.Concat(again)}");
        var leftOut = ContentShape.Known.SelectMany(shape => Players.Where(player => Scenario.LeftOut(shape, player) is not null)
            .Select(player => Text($"- {shape.Says} in {Title(player)}: {Scenario.LeftOut(shape, player)}.\n"))).ToArray();
        if (leftOut.Length > 0) table.Append(CultureInfo.InvariantCulture, $"\nLeft out:\n{string.Concat(leftOut)}");
        foreach (var (shape, player) in Unpatched.Where(row => File.Exists(UnpatchedFile(row.Shape, row.Player))))
        {
            var verdicts = JsonSerializer.Deserialize<Verdict[]>(await File.ReadAllTextAsync(UnpatchedFile(shape, player)), Json)!;
            table.Append(CultureInfo.InvariantCulture,
                $"\n{Title(player)} as it comes, {ContentShape.Of(shape).Says}, trailer with sound: {verdicts.Count(verdict => !verdict.Good)} of {verdicts.Length} plays at fault");
            table.Append(CultureInfo.InvariantCulture, $" ({string.Join(" / ", verdicts.Where(verdict => !verdict.Good).Select(verdict => string.Join(", ", verdict.Faults)))}).\n");
        }
        await File.WriteAllTextAsync(Path.Combine(Folder, $"table{suffix}.md"), table.ToString());
    }

    /// <summary>For instance <c>12 ms · -16 dB · cues 0 ms</c>: pause at the splice, level over the trailer, worst cue, frames of content lost, words lost with them.</summary>
    private static string Cell(ContentShape shape, string player, Verdict? verdict)
    {
        if (Scenario.LeftOut(shape, player) is not null) return "left out";
        if (verdict is null) return "not played";
        if (!verdict.Good) return "**fault**: " + string.Join("; ", verdict.Faults).ReplaceLineEndings(" ").Replace('|', '/');
        var figures = new List<string>();
        if (verdict.SplicePauseMs is { } pause) figures.Add(Text($"{pause:F0} ms"));
        figures.Add(verdict.TrailerDecibels switch { null => "no sound", < -60 => "silence", { } level => Text($"{level:F0} dB") });
        if (verdict.WorstCueMs is { } cue) figures.Add(Text($"cues {Math.Max(0, Math.Ceiling(cue - 0.01)):F0} ms"));
        if (player is Rig.Players.Mpv or Rig.Players.Vlc or Rig.Players.GStreamer && verdict.LostTail > 0) figures.Add(Text($"{verdict.LostTail} frames lost"));
        if (verdict.LostWords > 0) figures.Add(Text($"words of the last {verdict.LostWords:F1} s lost"));
        return string.Join(" · ", figures);
    }

    private static string Title(string player) => player is Rig.Players.Native ? "Chromium's own player" : Head(player);

    private static string Head(string player) => player switch
    {
        Rig.Players.HlsJs => "hls.js",
        Rig.Players.Shaka => "Shaka",
        Rig.Players.VideoJs => "video.js",
        Rig.Players.Native => "Chromium",
        Rig.Players.Vlc => "VLC",
        Rig.Players.GStreamer => "GStreamer",
        Rig.Players.FirefoxHlsJs => "hls.js in Firefox",
        Rig.Players.FirefoxShaka => "Shaka in Firefox",
        Rig.Players.FirefoxVideoJs => "video.js in Firefox",
        _ => player,
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
