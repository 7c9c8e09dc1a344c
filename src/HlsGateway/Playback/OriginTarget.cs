using HlsGateway.Telemetry;

namespace HlsGateway.Playback;

/// <summary>Where a playlist or a pass-through file comes from.</summary>
internal enum OriginKind : byte
{
    /// <summary>A path on whichever destination of YARP's cluster <c>origin</c> is healthy.</summary>
    Cluster,

    /// <summary>An object of our own store.</summary>
    Store,

    /// <summary>An absolute URL on one of <c>Gateway:Origin:AllowedHosts</c>.</summary>
    Foreign,
}

/// <param name="Kind">Which of the three.</param>
/// <param name="Locator">
/// Cluster: path and query without a leading slash, as they stand after <c>/watch/</c>; or, with a leading slash, a path from the root
/// of the destination's host. Store: the object's key. Foreign: the URL.
/// </param>
internal readonly record struct OriginTarget(OriginKind Kind, string Locator)
{
    /// <summary>The same place in its normal spelling, so that it is fetched and kept once, however a URI writes it.</summary>
    public OriginTarget Normal()
    {
        if (Kind != OriginKind.Cluster || !Locator.Contains('%', StringComparison.Ordinal))
            return this;
        var query = Locator.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at ? at : Locator.Length;
        return WatchPath.IsAcceptable(Locator.AsSpan(0, query).TrimStart('/'))
            ? this with { Locator = WatchPath.Normal(Locator[..query]) + Locator[query..] }
            : this;
    }
}

/// <summary>Why the origin gave no playlist.</summary>
/// <param name="Status">What the viewer is answered: 404, 502 or 504.</param>
/// <param name="Detail">One sentence; names the origin URL's path, never its host.</param>
internal readonly record struct OriginFailure(int Status, Problem Problem, string Detail)
{
    /// <summary>The origin did not answer: it is not known what it has.</summary>
    public bool IsTransient => Problem == Problem.OriginTimeout || Problem == Problem.OriginUnreachable;
}
