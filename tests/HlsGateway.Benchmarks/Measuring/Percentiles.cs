namespace HlsGateway.Benchmarks.Measuring;

/// <summary>What is told of many samples: the middle, the slow ones, the slowest. 0 of none.</summary>
internal readonly record struct Percentiles(double P50, double P99, double P999, double Slowest)
{
    public static Percentiles Of(List<float> samples)
    {
        samples.Sort();
        return new(At(samples, 0.5), At(samples, 0.99), At(samples, 0.999), samples.Count == 0 ? 0 : samples[^1]);
    }

    /// <summary>The middle one; of an even number the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? 0 : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Nearest rank: the smallest sample that at least this share of all samples does not exceed.</summary>
    private static double At(List<float> sorted, double share) =>
        sorted.Count == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];
}
