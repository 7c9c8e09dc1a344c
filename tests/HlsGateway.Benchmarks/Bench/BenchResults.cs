using HlsGateway.Benchmarks.Measuring;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>The samples of a run, by shape, in the order of rounds.</summary>
internal sealed class BenchResults(int rounds, double seconds)
{
    private readonly Dictionary<string, List<Sample>> samples = new(StringComparer.Ordinal);
    private readonly List<Shape> shapes = [];
    private readonly List<IReadOnlyList<long>> warmUps = [];
    private readonly List<string> counts = [];

    public int Rounds => rounds;

    public double Seconds => seconds;

    public IReadOnlyList<Shape> Shapes => shapes;

    public IReadOnlyList<string> Counts => counts;

    public IReadOnlyList<long> LastWarmUp => warmUps[^1];

    public void Add(Shape shape, Sample sample)
    {
        if (!samples.TryGetValue(shape.Name, out var list))
        {
            samples[shape.Name] = list = [];
            shapes.Add(shape);
        }
        list.Add(sample);
    }

    /// <param name="perSecond">The last may be a part of a second.</param>
    public void AddWarmUp(IReadOnlyList<long> perSecond) => warmUps.Add(perSecond);

    public void AddCount(string text) => counts.Add(text);

    public bool Has(string kind, string contender) => samples.ContainsKey($"{kind}: {contender}");

    public IReadOnlyList<Sample> Of(string kind, string contender) => samples.GetValueOrDefault($"{kind}: {contender}") ?? [];

    public double Median(string kind, string contender, Func<Sample, double> figure) => Percentiles.Median(Of(kind, contender).Select(figure));

    /// <summary>Round by round, one contender's figure over another's.</summary>
    public IReadOnlyList<double> Ratios(string kind, string contender, string beside, Func<Sample, double> figure) =>
        [.. Of(kind, contender).Zip(Of(kind, beside), (one, other) => figure(one) / figure(other))];

    /// <summary>What was answered in each of the first ten seconds after a start; the median of the starts.</summary>
    public IReadOnlyList<double> WarmUp => [.. Enumerable.Range(0, warmUps.Select(start => start.Count).DefaultIfEmpty(0).Min() is var least ? Math.Min(least, 10) : 0)
        .Select(second => Percentiles.Median(warmUps.Select(start => (double)start[second])))];

    /// <summary>Per cent of the measured core that other processes took, median of all measurements.</summary>
    public double Others => 100 * Percentiles.Median(samples.Values.SelectMany(list => list).Select(sample => sample.Others));
}
