namespace HlsGateway.Benchmarks.Measuring;

/// <summary>The order in which viewers come: a session comes back only after all others.</summary>
internal static class UrlOrder
{
    /// <param name="bySession">The URLs of each session, in its own order; all have the same number.</param>
    public static IEnumerable<string> Of(IReadOnlyList<IReadOnlyList<string>> bySession)
    {
        for (var segment = 0; bySession.Count > 0 && segment < bySession[0].Count; segment++)
        {
            foreach (var session in bySession)
                yield return session[segment];
        }
    }
}
