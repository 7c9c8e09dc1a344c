namespace HlsGateway.Benchmarks.Bench;

/// <summary>One measurement of a round: who is asked what, and how.</summary>
/// <param name="Kind">Shapes of a kind are compared with one another, and chosen by this name on the command line.</param>
/// <param name="Contender">Who answers, in words.</param>
/// <param name="Urls">A file with a path a line.</param>
internal sealed record Shape(string Kind, string Contender, Child Server, string Address, string Urls)
{
    /// <summary>The contender of the same kind that the CPU is compared with; null for the one that others are compared with.</summary>
    public string? Beside { get; init; }

    public string? Header { get; init; }

    public int Connections { get; init; } = 256;

    /// <summary>Requests per second at a constant pace; null for as many as it answers.</summary>
    public int? Pace { get; init; }

    /// <summary>Each URL may be asked for only once.</summary>
    public bool Once { get; init; }

    /// <summary>Of the load.</summary>
    public string Cores { get; init; } = Machine.LoadCores;

    /// <summary>Where the runtime tells what it has allocated; null where there is none.</summary>
    public Func<Task<double>>? Allocated { get; init; }

    /// <summary>Told of each request that was answered.</summary>
    public Tally? Counts { get; init; }

    public string Name => $"{Kind}: {Contender}";
}

/// <summary>Answers that clients received, and connections that may each have had one more under way when the load ended.</summary>
internal sealed class Tally(string what, Func<Task<long>> counted)
{
    public string What => what;

    public long Received { get; private set; }

    public long UnderWay { get; private set; }

    public void Add(long received, long underWay) => (Received, UnderWay) = (Received + received, UnderWay + underWay);

    /// <summary>What the ledger says. It may take a moment until everything is merged.</summary>
    public async Task<long> CountedAsync()
    {
        var last = -1L;
        for (var tries = 0; tries < 300; tries++)
        {
            var now = await counted();
            if (now >= Received && now == last) break;
            last = now;
            await Task.Delay(500);
        }
        return last;
    }
}

/// <summary>What one measurement gave.</summary>
/// <param name="Cpu">Microseconds a request, of the whole process, until it has nothing more to do.</param>
/// <param name="Threads">The same by kind of thread.</param>
/// <param name="Others">Share of the measured core that other processes took.</param>
/// <param name="Allocated">Bytes a request; null where the process does not tell.</param>
internal sealed record Sample(double Rate, double Cpu, double P50Ms, double P99Ms, double P999Ms, IReadOnlyDictionary<string, double> Threads, double Others, double? Allocated);
