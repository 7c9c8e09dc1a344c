using System.Globalization;
using HlsGateway.Fuzz.Targets;
using SharpFuzz;

namespace HlsGateway.Fuzz;

/// <summary>
/// What scripts/fuzz calls: <c>instrument FOLDER</c>, <c>run FOLDER SECONDS SEED [TARGET…]</c>, <c>replay TARGET FILE</c>, <c>keep FOLDER [TARGET…]</c>.
/// Exit code: 0 no fault; 1 faults were found; 2 wrong arguments.
/// </summary>
internal static class Program
{
    /// <summary>The parsers; the rest of the program would only slow the tries down.</summary>
    private static readonly string[] Parsers =
        ["HlsGateway.Content.", "HlsGateway.Playback.", "HlsGateway.Counting.Cmcd", "HlsGateway.Transcoding.Mp4Front"];

    private static int Main(string[] args) => args switch
    {
        ["instrument", var folder] => Instrument(folder),
        ["run", var folder, var seconds, var seed, .. var names] => Run(folder, TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)), int.Parse(seed, CultureInfo.InvariantCulture), names),
        ["replay", var name, var file] => Replay(name, file),
        ["keep", var folder, .. var names] => Keep(folder, names),
        _ => 2,
    };

    /// <summary>Before any code of ours is loaded.</summary>
    private static int Instrument(string folder)
    {
        Fuzzer.Instrument(Path.Combine(folder, "HlsGateway.Playlists.dll"), static _ => true, Options.Value);
        Fuzzer.Instrument(Path.Combine(folder, "HlsGateway.dll"), static type => Parsers.Any(parser => type.StartsWith(parser, StringComparison.Ordinal)), Options.Value);
        return 0;
    }

    private static int Run(string folder, TimeSpan time, int seed, string[] names)
    {
        EdgeMap.Attach();
        var targets = Named(names);
        long tries = 0;
        var faults = 0;
        foreach (var target in targets)
        {
            using var campaign = new Campaign(target, folder, seed);
            campaign.Run(time / targets.Length);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name}: {campaign.Tries:N0} tries, {campaign.Edges} edges, {campaign.Known} inputs kept, {campaign.Faults} faults"));
            tries += campaign.Tries;
            faults += campaign.Faults;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tries:N0} tries of {targets.Length} parsers in {time.TotalMinutes:0.#} minutes: {faults} faults"));
        return faults == 0 ? 0 : 1;
    }

    private static int Replay(string name, string file)
    {
        var target = Named([name])[0];
        var input = File.ReadAllBytes(file);
        try
        {
            var cost = ProcessorTime.Of(target.Try, input);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {input.Length} bytes, {cost.TotalMilliseconds:0.###} ms: {(cost > FuzzTarget.Slowest ? "too slow" : "as it should be")}"));
            return cost > FuzzTarget.Slowest ? 1 : 0;
        }
        catch (Exception fault)
        {
            Console.Error.WriteLine(fault);
            return 1;
        }
    }

    /// <summary>Writes the repository's corpus anew: the fewest and smallest of all known inputs that take every step.</summary>
    private static int Keep(string folder, string[] names)
    {
        EdgeMap.Attach();
        foreach (var target in Named(names))
        {
            var map = new EdgeMap();
            var found = Path.Combine(folder, "corpus", target.Name);
            var inputs = CorpusFile.Read(target.Name).Concat(Directory.Exists(found) ? Directory.GetFiles(found).Select(File.ReadAllBytes) : []).Where(input => input.Length is > 0 and <= 6000)
                .OrderBy(input => input.Length).ThenBy(input => CorpusFile.NameOf(input), StringComparer.Ordinal).ToArray();
            foreach (var seed in target.Seeds())
            {
                EdgeMap.Run(target.Try, seed);
                map.TakeNew();
            }

            var covered = new HashSet<int>();
            var kept = new List<byte[]>();
            foreach (var input in inputs)
            {
                try
                {
                    EdgeMap.Run(target.Try, input);
                }
                catch (Exception fault)
                {
                    Console.Error.WriteLine($"{target.Name}: {CorpusFile.NameOf(input)} is at fault and not kept: {fault.Message}");
                    continue;
                }

                var taken = EdgeMap.Taken();
                if (taken.All(covered.Contains))
                    continue;
                covered.UnionWith(taken);
                kept.Add(input);
            }

            CorpusFile.Write(target.Name, kept);
            Console.WriteLine($"{target.Name}: {kept.Count} of {inputs.Length} inputs, {kept.Sum(input => input.Length)} bytes");
        }

        return 0;
    }

    private static FuzzTarget[] Named(string[] names)
    {
        foreach (var name in names.Where(name => FuzzTarget.All.All(target => target.Name != name)))
            throw new ArgumentException($"There is no target {name}: {string.Join(", ", FuzzTarget.All.Select(target => target.Name))}", nameof(names));
        return [.. FuzzTarget.All.Where(target => names.Length == 0 || names.Contains(target.Name))];
    }
}
