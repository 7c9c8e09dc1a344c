using System.Globalization;
using System.Text;
using HlsGateway.Benchmarks.Measuring;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>What a run tells: tables of medians, and the figures that have a goal.</summary>
internal sealed class BenchReport
{
    private readonly BenchResults results;
    private readonly Dictionary<string, double> figures = new(StringComparer.Ordinal);
    private readonly StringBuilder text = new();

    public BenchReport(BenchResults results)
    {
        this.results = results;
        Add($"On {Machine.Describe()}. Medians of {results.Rounds} interleaved rounds of {results.Seconds:0.#} s each. What is measured has one core; the load, PostgreSQL and their like have the other{(Machine.HasCoresForTwo ? "s" : "")}. Other processes took {results.Others:0.0} % of the measured core (median).");
        Add($"{Stage.Sessions:N0} sessions of {Stage.Segments} segments each, asked for in an order in which a session comes back only after all others. CPU is that of the whole process (of nginx its worker), until it has nothing more to do after the load; \"times\" is the median of the rounds' ratios, with the lowest and the highest.");
        foreach (var kind in results.Shapes.Select(shape => shape.Kind).Distinct()) Table(kind);
        TwoCores();
        Threads();
        WarmUp();
        if (results.Counts.Count > 0) Add($"Nothing is fast by not counting: {string.Join("; ", results.Counts)}. (A load that ends gives up requests in flight: those may be counted and not received.)");
        Figure("redirect", "redirect", "gateway", "nginx 302");
        Figure("redirect-postgres", "redirect", "gateway, PostgreSQL", "nginx 302");
        Figure("redirect-secure", "redirect", "gateway", "nginx secure_link");
        Figure("media-23", "media-23", "gateway", "nginx static");
        Figure("media-23-gzip", "media-23-gzip", "gateway", "nginx gzip_static");
        Figure("master", "master", "gateway", "nginx static");
        if (results.Has("paced", "gateway"))
        {
            figures["paced-p99"] = results.Median("paced", "gateway", sample => sample.P99Ms);
            figures["paced-p50"] = results.Median("paced", "gateway", sample => sample.P50Ms);
        }
        if (results.Has("redirect", "gateway") && results.Has("redirect", "bare Kestrel")) figures["allocated"] = Allocated("gateway") - Allocated("bare Kestrel");
    }

    public string Text => text.ToString();

    private double Allocated(string contender) => results.Median("redirect", contender, sample => sample.Allocated ?? double.NaN);

    /// <summary>By the id of their goal.</summary>
    public IReadOnlyDictionary<string, double> Figures => figures;

    private void Table(string kind)
    {
        Add($"### {Title(kind)}");
        Add($"| | CPU, µs | times | requests/s | p50, ms | p99, ms | p99.9, ms | bytes allocated |\n|---|---|---|---|---|---|---|---|", gap: false);
        foreach (var shape in results.Shapes.Where(shape => shape.Kind == kind))
        {
            var (name, samples) = (shape.Contender, results.Of(kind, shape.Contender));
            var ratios = shape.Beside is { } beside ? results.Ratios(kind, name, beside, sample => sample.Cpu) : [];
            Add($"| {name} | {Middle(sample => sample.Cpu):0.0} | {(ratios.Count == 0 ? "1" : Spread(ratios))} | {Middle(sample => sample.Rate):#,0} | {Middle(sample => sample.P50Ms):0.00} | {Middle(sample => sample.P99Ms):0.00} | {Middle(sample => sample.P999Ms):0.00} | {(samples[0].Allocated is null ? "" : Middle(sample => sample.Allocated ?? 0).ToString("#,0", CultureInfo.InvariantCulture))} |", gap: false);

            double Middle(Func<Sample, double> figure) => results.Median(kind, name, figure);
        }
        Add($"");
    }

    private static string Title(string kind) => kind switch
    {
        "redirect" => "Counted redirect, 256 connections",
        "paced" => "Counted redirect at 2,000 requests/s (times from when a request was due)",
        "4096" => "Counted redirect, 4,096 connections",
        "two-cores" => "Counted redirect on two cores",
        "master" => "Master Playlist with a new session, counted",
        "media-23" => "Media Playlist of 23 segments with trailer and captions",
        "media-23-gzip" => "The same with gzip",
        "media-1800" => "Media Playlist of 1,800 segments with trailer and captions",
        "media-1800-gzip" => "The same with gzip",
        "caption" => "Caption segment, counted",
        "cold" => "Master Playlist of a video that was never asked for, 16 connections",
        _ => kind,
    };

    private void TwoCores()
    {
        if (!results.Has("two-cores", "gateway, two cores")) return;
        // Where the load needs the same cores, what one second of processor time is worth tells how the second core adds to the first.
        var ratios = Machine.HasCoresForTwo
            ? results.Ratios("two-cores", "gateway, two cores", "gateway, one core", sample => sample.Rate)
            : [.. results.Ratios("two-cores", "gateway, one core", "gateway, two cores", sample => sample.Cpu).Select(ratio => 2 * ratio)];
        figures["two-cores"] = Percentiles.Median(ratios);
        Add($"Two cores do {Spread(ratios)} times the work of one{(Machine.HasCoresForTwo ? "." : ": reckoned from the CPU that a request costs on either, since this machine has no third core for the load, which shares both.")}");
    }

    private void Threads()
    {
        var contenders = results.Shapes.Where(shape => shape.Kind is "redirect" or "two-cores" && shape.Counts is not null).ToArray();
        if (contenders.Length == 0) return;
        Add($"### CPU of a counted redirect by thread");
        Add($"| thread | {string.Join(" | ", contenders.Select(shape => $"{shape.Contender}, µs"))} |\n|---|{string.Concat(contenders.Select(_ => "---|"))}", gap: false);
        var names = contenders.SelectMany(shape => results.Of(shape.Kind, shape.Contender)).SelectMany(sample => sample.Threads.Keys).Distinct()
            .OrderByDescending(name => Cpu(contenders[0], name));
        foreach (var name in names) Add($"| {name} | {string.Join(" | ", contenders.Select(shape => Cpu(shape, name).ToString("0.0", CultureInfo.InvariantCulture)))} |", gap: false);
        Add($"");

        double Cpu(Shape shape, string name) => results.Median(shape.Kind, shape.Contender, sample => sample.Threads.GetValueOrDefault(name));
    }

    private void WarmUp()
    {
        if (results.WarmUp is not { Count: > 0 } seconds) return;
        Add($"### After a start, at full load at once");
        Add($"| second | {string.Join(" | ", Enumerable.Range(1, seconds.Count))} |\n|---|{string.Concat(seconds.Select(_ => "---|"))}\n| requests/s | {string.Join(" | ", seconds.Select(rate => rate.ToString("#,0", CultureInfo.InvariantCulture)))} |");
        if (!results.Has("redirect", "gateway")) return;
        var warm = results.Median("redirect", "gateway", sample => sample.Rate);
        figures["first-10-s"] = 100 * seconds.Average() / warm;
        Add($"The first {seconds.Count} s reach {figures["first-10-s"]:0} % of the {warm:#,0} requests/s of a gateway that is warm.");
    }

    private void Figure(string goal, string kind, string contender, string beside)
    {
        if (results.Has(kind, contender) && results.Has(kind, beside)) figures[goal] = Percentiles.Median(results.Ratios(kind, contender, beside, sample => sample.Cpu));
    }

    private static string Spread(IReadOnlyList<double> ratios) => string.Create(CultureInfo.InvariantCulture, $"{Percentiles.Median(ratios):0.00} ({ratios.Min():0.00}–{ratios.Max():0.00})");

    private void Add(FormattableString line, bool gap = true) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append(gap && line.Format.Length > 0 ? "\n\n" : "\n");
}
