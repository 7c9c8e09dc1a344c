using System.IO.Hashing;
using System.Text;

namespace HlsGateway.Cdn;

/// <summary>
/// Where a viewer is sent: which base, by the session's id, and what its URL carries. Computed from the request alone: no state of a
/// session, no wait.
/// </summary>
internal sealed class CdnAddresses
{
    /// <summary>Characters of what <see cref="CdnOptions.SessionParameter"/> says of a session: its id, a dash, and one letter.</summary>
    public const int TokenLength = 34;

    /// <summary>The letter of segments that count as watching.</summary>
    public const char Counted = 'c';

    private const char Other = 'o';

    private readonly Base[] bases;
    private readonly CdnHealth health;
    private readonly TimeProvider time;
    private readonly string? header;
    private readonly string? parameter;
    private readonly Base? storeOnly;

    /// <param name="storeUrl">Where our own objects are, where no base says so: <c>Storage:PublicUrl</c>, or empty.</param>
    public CdnAddresses(CdnOptions options, string storeUrl, CdnHealth health, TimeProvider time)
    {
        (this.health, this.time) = (health, time);
        header = options.ViewerHeader.Length == 0 ? null : options.ViewerHeader;
        parameter = options.SessionParameter.Length == 0 ? null : options.SessionParameter;
        CdnBase[] written = options.Bases.Length > 0 ? options.Bases
            : options.BaseUrl.Length > 0 ? [new CdnBase { Name = "cdn", Url = options.BaseUrl }] : [];
        bases = [.. written.Select(one => new Base(one, one.Signing ?? options.Signing))];
        if (storeUrl.Length > 0 && written.All(one => one.StoreUrl.Length == 0))
            storeOnly = new Base(new CdnBase { Name = "store", StoreUrl = storeUrl }, options.Signing);
        IsSteered = Array.Exists(bases, static one => one.Host.Length > 0);
        SteeringTtl = options.SteeringTtl;
        IsSameForAll = bases.Length <= 1 && !IsSteered && parameter is null && bases.Append(storeOnly).All(one => one?.Signer is null);
    }

    /// <summary>True where a segment's URL is the same for every viewer at any time: one base, no signature, no session in it.</summary>
    public bool IsSameForAll { get; }

    /// <summary>Players are told how to reach a base past a failure of another.</summary>
    public bool IsSteered { get; }

    public TimeSpan SteeringTtl { get; }

    /// <summary>The bases' names, in the order of the options.</summary>
    public IReadOnlyList<string> Names => [.. bases.Select(one => one.Name)];

    /// <summary>What is looked at of a request.</summary>
    /// <param name="session">Empty where there is none of ours.</param>
    /// <param name="endsMs">When it ends, in Unix milliseconds.</param>
    /// <param name="counts">What is asked for is a segment that counts as watching.</param>
    public CdnViewer Viewer(HttpRequest request, Guid session, long endsMs, bool isPreview, bool counts) =>
        new(session, endsMs, isPreview, counts, header is null ? null : request.Headers[header].ToString(), IsSteered ? request.Host.Host : null);

    /// <summary>A path of a foreign origin.</summary>
    /// <param name="below">Path and query behind the origin's base address.</param>
    /// <returns>Null where no base has foreign origins.</returns>
    public string? OriginUrl(string below, in CdnViewer viewer) => Choose(ofStore: false, below, viewer) is { } chosen ? Finish(chosen, chosen.Origin + below, viewer) : null;

    /// <summary>An object of our store.</summary>
    /// <param name="path">Its key, as a URL's path.</param>
    /// <returns>Null where the store itself answers for it.</returns>
    public string? ObjectUrl(string path, in CdnViewer viewer) =>
        (storeOnly ?? Choose(ofStore: true, path, viewer)) is { } chosen ? Finish(chosen, chosen.Store + path, viewer) : null;

    /// <summary>
    /// The base of addresses that stand in playlists, which all viewers share and keep as long as they like: a video's own, without a look
    /// at health.
    /// </summary>
    /// <returns>Null where there is none, or it takes signed URLs alone, which would end.</returns>
    public string? SharedBase(string video)
    {
        var key = Key(video);
        return bases.Where(one => one.Origin is not null).MaxBy(one => Rendezvous.Score(key, one.Seed, one.Weight)) is { Signer: null } chosen ? chosen.Origin : null;
    }

    /// <summary>
    /// What a player may try beside the base that we choose for it: those that have a name, in the session's order. One that is down, and the
    /// one that we choose anyway, come last, so that the list of names is the same at each gateway.
    /// </summary>
    public IReadOnlyList<(string Name, string Host)> Pathways(in CdnViewer viewer)
    {
        var session = viewer.Session;
        var own = Choose(ofStore: false, "", viewer with { Host = null });
        return [.. bases.Select((one, i) => (Base: one, IsLast: one == own || !health.IsUp(i))).Where(one => one.Base.Host.Length > 0)
            .OrderBy(one => one.IsLast).ThenByDescending(one => Rendezvous.Score(session, one.Base.Seed, one.Base.Weight)).Select(one => (one.Base.Name, one.Base.Host))];
    }

    /// <summary>A URL that an origin itself names on one of the bases, signed where that base wants it.</summary>
    /// <returns>Null where it is on none of them.</returns>
    public string? UrlOnBase(string url) =>
        Array.Find(bases, one => one.Origin is { } origin && url.StartsWith(origin, StringComparison.Ordinal)) is { } one ? Sign(one, url, default) : null;

    /// <summary>What is asked of a base to see whether it is up: signed as a viewer's URL is.</summary>
    public string ProbeUrl(int index, string path) => Sign(bases[index], (bases[index].Origin ?? bases[index].Store) + path, default);

    /// <summary>The best of those for this viewer that are up; else of those that are up; else of those for this viewer, for the probe may be wrong.</summary>
    private Base? Choose(bool ofStore, string path, in CdnViewer viewer)
    {
        var (named, open) = (false, false);
        foreach (var one in bases)
        {
            if (!one.Has(ofStore))
                continue;
            named |= one.IsFor(viewer.Group);
            open |= one.Viewers.Count == 0;
        }

        var key = viewer.Session != Guid.Empty ? viewer.Session : Key(path);
        Base? best = null;
        var (highest, highestScore) = (-1, 0.0);
        for (var i = 0; i < bases.Length; i++)
        {
            var one = bases[i];
            if (!one.Has(ofStore))
                continue;
            // The player asked for this one by its name.
            if (viewer.Host is { } host && one.Host.Length > 0 && health.IsUp(i) && string.Equals(host, one.Host, StringComparison.OrdinalIgnoreCase))
                return one;
            var isOwn = named ? one.IsFor(viewer.Group) : !open || one.Viewers.Count == 0;
            var rank = (health.IsUp(i) ? 2 : 0) + (isOwn ? 1 : 0);
            if (rank < highest)
                continue;
            var score = Rendezvous.Score(key, one.Seed, one.Weight);
            if (rank > highest || score > highestScore)
                (best, highest, highestScore) = (one, rank, score);
        }

        return best;
    }

    /// <summary>Without a session, everybody finds a path at the same base.</summary>
    private static Guid Key(string text) => new(XxHash128.Hash(Encoding.UTF8.GetBytes(text)));

    private string Finish(Base chosen, string url, in CdnViewer viewer)
    {
        if (parameter is not null)
        {
            var session = viewer.IsPreview ? "preview" : viewer.Session == Guid.Empty ? "none" : $"{viewer.Session:N}-{(viewer.Counts ? Counted : Other)}";
            url = $"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{parameter}={session}";
        }

        return Sign(chosen, url, viewer);
    }

    private string Sign(Base chosen, string url, in CdnViewer viewer) => chosen.Signer is not { } signer ? url
        : signer.Sign(CdnUrl.Of(url), SignedUntil.Of(time.GetUtcNow().ToUnixTimeMilliseconds(), viewer.EndsMs, chosen.Lifetime));

    private sealed class Base(CdnBase written, CdnSigningOptions signing)
    {
        public string Name { get; } = written.Name;

        public long Seed { get; } = Rendezvous.Seed(written.Name);

        public int Weight { get; } = written.Weight;

        public string Host { get; } = written.Host;

        public HashSet<string> Viewers { get; } = new(written.Viewers, StringComparer.OrdinalIgnoreCase);

        /// <summary>With a trailing slash; null where it has no paths of origins.</summary>
        public string? Origin { get; } = Slashed(written.Url);

        /// <summary>With a trailing slash; null where it has no objects of ours.</summary>
        public string? Store { get; } = Slashed(written.StoreUrl);

        public bool Has(bool ofStore) => (ofStore ? Store : Origin) is not null;

        public bool IsFor(string? group) => group is { Length: > 0 } && Viewers.Contains(group);

        public UrlSigner? Signer { get; } = UrlSigner.Of(signing);

        public TimeSpan Lifetime { get; } = signing.UrlLifetime;

        private static string? Slashed(string url) => url.Length == 0 ? null : url.EndsWith('/') ? url : url + '/';
    }
}
