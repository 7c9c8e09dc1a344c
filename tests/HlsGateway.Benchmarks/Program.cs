using HlsGateway.Benchmarks;

// What can be measured, by the argument that asks for it.
var benchmarks = new Dictionary<string, Action>(StringComparer.Ordinal)
{
    ["outbox"] = OutboxBenchmark.Run,
    ["transcode"] = () => TranscodeBenchmark.RunAsync().GetAwaiter().GetResult(),
    ["render"] = () => RenderBenchmark.Run(Console.Out),
};

foreach (var name in args.Length > 0 ? args : [.. benchmarks.Keys])
{
    if (!benchmarks.TryGetValue(name, out var run))
    {
        Console.Error.WriteLine($"There is no benchmark '{name}'; there are: {string.Join(", ", benchmarks.Keys)}");
        return 2;
    }
    run();
}
return 0;
