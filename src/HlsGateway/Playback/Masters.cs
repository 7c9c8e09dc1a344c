using HlsGateway.Catalogue;
using HlsGateway.Content;
using HlsGateway.Playlists;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>What the Master Playlists of a video say about a child playlist.</summary>
/// <param name="Role">Null: none lists it.</param>
/// <param name="Source">Where it is read, as the Master Playlist writes it: with the URI's own query.</param>
/// <param name="HasMaster">The video has a Master Playlist.</param>
/// <param name="Unknown">One of them could not be read just now.</param>
internal readonly record struct Listing(char? Role, OriginTarget Source, bool HasMaster, bool Unknown);

/// <summary>
/// Finds the entry playlists of a video, and looks up a child's role in them: <c>{video}/playlist.m3u8</c>, then those with other names
/// that sessions have begun with, here or at another gateway. The answer depends on what the origin has, never on who asked first.
/// They are fetched as any playlist is: once, cached, stale while the origin is away.
/// </summary>
internal sealed class Masters(
    PlaylistOrigin origin, EntryNames names, PublishedVideos published, OriginCluster cluster, SigningKeys keys, IOptions<OriginOptions> options) : IDisposable
{
    private const long MostBytes = 8L << 20;

    /// <summary>How long a playlist that the origin does not have is not asked for again.</summary>
    private static readonly TimeSpan AbsentFor = TimeSpan.FromMinutes(1);

    private readonly MemoryCache absent = BoundedMemory.Cache(MostBytes);

    /// <summary>What the viewer's query adds to each fetch: parameters that the operator has named (<c>Gateway:Origin:QueryParameters</c>), with their <c>?</c>.</summary>
    public string NamedParameters(WatchRequest request) => request.Parameters.PassedOn(believed: false, options.Value.QueryParameters);

    /// <summary>A place with these parameters behind its own query.</summary>
    public static OriginTarget With(OriginTarget target, string named) =>
        target.Kind != OriginKind.Cluster || named.Length == 0 ? target
        : target with { Locator = target.Locator + (target.Locator.Contains('?', StringComparison.Ordinal) ? "&" + named[1..] : named) };

    /// <summary>A different object after each change of the playlists that sessions of the video begin with.</summary>
    public object Known(string video) => names.Of(video);

    /// <summary>The places of the playlists that sessions of the video begin with, the one that decides first.</summary>
    public IEnumerable<OriginTarget> EntriesOf(string video)
    {
        if (published.TryGet(WatchPath.Readable(video), out var ours))
            yield return new(OriginKind.Store, ours.KeyPrefix + PlaylistAddress.DefaultName);
        if (cluster.State is null)
            yield break;
        yield return new(OriginKind.Cluster, $"{video}/{PlaylistAddress.DefaultName}");
        foreach (var entry in names.Of(video))
            yield return new(OriginKind.Cluster, $"{video}/{entry.Name}");
    }

    /// <summary>The playlist at one of these places; where there is none, no failure either.</summary>
    public async ValueTask<PlaylistResult> GetAsync(OriginTarget entry, CancellationToken ct)
    {
        if (absent.TryGetValue(entry, out _))
            return default;
        var found = await origin.GetAsync(entry, ct);
        if (found.Failure is null or { IsTransient: true })
            return found;
        absent.Set(entry, true, BoundedMemory.Entry(Weights.Of(entry.Locator)).SetAbsoluteExpiration(AbsentFor));
        return default;
    }

    /// <summary>The Master Playlist that a child's address names; the one that decides, where it names none.</summary>
    public OriginTarget EntryOf(WatchRequest request) => published.TryGet(request.VideoName, out var ours)
        ? new OriginTarget(OriginKind.Store, ours.KeyPrefix + PlaylistAddress.DefaultName)
        : PlaylistAddress.ReadCaptionSource(keys, request.Video, request.Parameters.CaptionSource);

    /// <summary>What the video's Master Playlists say of a child.</summary>
    /// <param name="child">Where the child is read.</param>
    /// <param name="named">See <see cref="NamedParameters"/>.</param>
    public async ValueTask<Listing> FindAsync(string video, OriginTarget child, string named, CancellationToken ct)
    {
        var listing = default(Listing);
        var addresses = cluster.BaseAddresses;
        foreach (var entry in EntriesOf(video, child))
        {
            var found = await GetAsync(With(entry, named), ct);
            if (found.Failure is not null)
                listing = listing with { Unknown = true };
            if (found.Playlist is not { Master: { } master } playlist)
                continue;
            listing = listing with { HasMaster = true };
            if (Find(playlist, master, child, addresses) is ({ } role, var source))
                return listing with { Role = role, Source = source, Unknown = false };
        }

        return listing;
    }

    public void Dispose() => absent.Dispose();

    /// <summary>A child in our store belongs to the Master Playlist beside it, whichever revision is current.</summary>
    private IEnumerable<OriginTarget> EntriesOf(string video, OriginTarget child)
    {
        var prefix = $"videos/{WatchPath.Readable(video)}/";
        if (child.Kind != OriginKind.Store)
            return cluster.State is null ? [] : names.Of(video).Where(entry => entry.IsMaster).Select(entry => entry.Name).Prepend(PlaylistAddress.DefaultName).Select(name => new OriginTarget(OriginKind.Cluster, $"{video}/{name}"));
        return child.Locator.StartsWith(prefix, StringComparison.Ordinal) && child.Locator.IndexOf('/', prefix.Length) is var slash and > 0
            ? [new(OriginKind.Store, child.Locator[..(slash + 1)] + PlaylistAddress.DefaultName)]
            : [];
    }

    private static (char? Role, OriginTarget Source) Find(OriginPlaylist playlist, MasterPlaylist master, OriginTarget child, IReadOnlyList<string> addresses)
    {
        var place = PlaylistAddress.Plain(child, addresses);
        (char? Role, OriginTarget Source) found = default;
        foreach (var site in master.Playlists)
        {
            // A playlist may be listed more than once; as a Variant Stream it is the content.
            if (found.Role == ChildRole.Variant || ChildRole.Of(master, site.Kind, site.Index) is not { } role || (found.Role is not null && role != ChildRole.Variant)
                || !UriReference.TryResolve(playlist.Url, site.Uri, out var url))
                continue;
            var listed = PlaylistAddress.SourceOf(url, addresses);
            if (string.Equals(PlaylistAddress.Plain(listed, addresses), place, StringComparison.Ordinal))
                found = (role, listed);
        }

        return found;
    }
}
