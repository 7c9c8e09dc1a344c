using System.Diagnostics;
using HlsGateway.Fuzz.Targets;

namespace HlsGateway.Fuzz;

/// <summary>Tries one target for a time: mutants of what is known; one that takes a new way through the code is known from then on.</summary>
internal sealed class Campaign(FuzzTarget target, string folder, int seed) : IDisposable
{
    /// <summary>A try that takes longer is taken for endless: its input is kept and the process ends.</summary>
    private static readonly TimeSpan Endless = TimeSpan.FromSeconds(20);

    private readonly string found = Path.Combine(folder, "corpus", target.Name);
    private readonly HashSet<string> faults = new(StringComparer.Ordinal);
    private readonly FileStream last = File.Create(Path.Combine(folder, "current"));
    private byte[] current = [];
    private long began;

    public long Tries { get; private set; }

    public int Edges { get; private set; }

    public int Known { get; private set; }

    /// <summary>Faults of different kinds; each has a file.</summary>
    public int Faults => faults.Count;

    public void Run(TimeSpan time)
    {
        Directory.CreateDirectory(found);
        var map = new EdgeMap();
        using var watch = new Timer(_ => EndEndless(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        var known = new List<byte[]>();
        foreach (var input in Start())
            Try(map, input, known);
        if (known.Count == 0)
            throw new InvalidOperationException($"{target.Name}: no code is instrumented, or no seed runs through it.");
        var mutator = new Mutator(new Random(seed), target.Words);
        var clock = Stopwatch.StartNew();
        var told = TimeSpan.Zero;
        while (clock.Elapsed < time)
        {
            for (var more = 0; more < 100; more++)
                Try(map, mutator.Make(known), known);
            if (clock.Elapsed - told < TimeSpan.FromSeconds(10))
                continue;
            told = clock.Elapsed;
            Console.WriteLine(FormattableString.Invariant($"  {target.Name,-9} {told.TotalSeconds,5:0} s  {Tries,11:N0} tries  {Tries / told.TotalSeconds,8:N0}/s  {Edges,5} edges  {known.Count,5} kept  {Faults} faults"));
        }
    }

    private void Try(EdgeMap map, byte[] input, List<byte[]> known)
    {
        Tries++;
        current = input;
        Note(input);
        began = Stopwatch.GetTimestamp();
        try
        {
            EdgeMap.Run(target.Try, input);
        }
        catch (Exception fault)
        {
            // The same kind of exception from the same method, or the same rule broken, is the same fault.
            var where = fault is FuzzException ? string.Concat(fault.Message.TakeWhile(c => !char.IsDigit(c)))
                : fault.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("HlsGateway", StringComparison.Ordinal))?.Trim();
            Keep($"{fault.GetType().Name} {where}", input, fault.ToString());
            return;
        }

        var took = Stopwatch.GetElapsedTime(began);
        var isNew = map.TakeNew();
        Edges = map.Edges;
        if (took > FuzzTarget.Slowest && ProcessorTime.Of(target.Try, input) is var cost && cost > FuzzTarget.Slowest)
        {
            Keep("slow", input, FormattableString.Invariant($"{cost.TotalMilliseconds:0} ms of processor time"));
            return;
        }

        if (!isNew)
            return;
        known.Add(input);
        Known = known.Count;
        File.WriteAllBytes(Path.Combine(found, CorpusFile.NameOf(input)), input);
    }

    /// <summary>For whoever looks when the process died: a stack that overflows leaves no other trace.</summary>
    private void Note(byte[] input)
    {
        RandomAccess.Write(last.SafeFileHandle, input, 0);
        RandomAccess.SetLength(last.SafeFileHandle, input.Length);
    }

    private void Keep(string kind, byte[] input, string what)
    {
        if (!faults.Add(kind))
            return;
        var file = Path.Combine(folder, $"{target.Name}-{CorpusFile.NameOf(input)}");
        File.WriteAllBytes(file, input);
        Console.Error.WriteLine($"  {target.Name}: {what}\n  kept as {file}; again: make fuzz REPLAY={target.Name}:{file}");
    }

    public void Dispose() => last.Dispose();

    private void EndEndless()
    {
        if (began == 0 || Stopwatch.GetElapsedTime(began) < Endless)
            return;
        Keep("endless", current, $"no end within {Endless.TotalSeconds} s");
        Environment.Exit(1);
    }

    /// <summary>What the repository knows, the seeds, and what former runs on this machine found.</summary>
    private IEnumerable<byte[]> Start() =>
        target.Seeds().Concat(CorpusFile.Read(target.Name)).Concat(Directory.GetFiles(found).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToArray());
}
