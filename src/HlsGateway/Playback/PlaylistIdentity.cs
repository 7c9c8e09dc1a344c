namespace HlsGateway.Playback;

/// <summary>A playlist as it is served: its video, its role, and whether a session begins with it.</summary>
/// <param name="Request">Of the video that the playlist is part of; without a session where the given one is another video's.</param>
internal readonly record struct PlaylistPart(WatchRequest Request, ChildRole Role, bool Begins);

/// <summary>
/// Decides a playlist's video, role and session. The role is signed, or what the video's Master Playlists list for its path; a query alone proves nothing
/// (rule I8). A session begins with a Master Playlist, or with a Media Playlist that no Master Playlist lists.
/// </summary>
internal sealed class PlaylistIdentity(WatchRouter router, Masters masters, KnownChildren children, TimeProvider time)
{
    /// <summary>Folders above a playlist in which a Master Playlist is looked for.</summary>
    private const int MostAncestors = 4;

    /// <summary>How long a viewer waits for Master Playlists; while they are unknown no session begins.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Of a Master Playlist: it begins a session where the request has none; a session of another video does not count as one.</summary>
    public async ValueTask<PlaylistPart> OfMasterAsync(WatchRequest request, CancellationToken ct)
    {
        if (request.SignedRole is { } signed)
            return new(request, signed, Begins: false);
        var entry = new ChildRole(ChildRole.Variant, "");
        if (IsMarked(request))
            return new(request, entry, Begins: false);
        if (request.Verdict is SessionVerdict.Valid or SessionVerdict.Expired && !IsInFolderOf(request))
            return new(await router.NameAsync(request.WithoutSession(), ct), entry, Begins: false);
        return new(request, entry, request.IsFirst && children.VideoOf(request.Path) is null);
    }

    /// <summary>
    /// Where the playlist is read. What stands before our parameters is the URI's own query where it is signed; otherwise the Master
    /// Playlist says what that is, and not the client: also where a query was stripped (rule H4), for the origin may need its own.
    /// </summary>
    public async ValueTask<OriginTarget> SourceOfAsync(WatchRequest request, OriginTarget source, CancellationToken ct)
    {
        if (source.Kind != OriginKind.Cluster || !LacksItsOwnQuery(request))
            return source;
        return await FindAsync(request.Video, request, source, ct) is { Role: not null, Source: { Locator: not null } listed } ? Masters.With(listed, masters.NamedParameters(request)) : source;
    }

    private bool LacksItsOwnQuery(WatchRequest request)
    {
        var query = request.Parameters;
        return ((!query.Session.IsEmpty && !query.Own.IsEmpty) || children.RoleIn(request.Video, request.Path) is not null)
            && request.SignedRole is null;
    }

    /// <summary>Of a Media Playlist.</summary>
    /// <param name="source">Where it is read.</param>
    /// <param name="isTrickPlay">Its own tags say that nobody watches it, whatever its address says.</param>
    public async ValueTask<PlaylistPart> OfMediaAsync(WatchRequest request, OriginTarget source, bool isTrickPlay, CancellationToken ct)
    {
        var part = await OfMediaAsync(request, source, ct);
        return isTrickPlay ? new(part.Request, ChildRole.Apart, Begins: false) : part;
    }

    private async ValueTask<PlaylistPart> OfMediaAsync(WatchRequest request, OriginTarget source, CancellationToken ct)
    {
        if (request.SignedRole is { } signed)
            return new(request, signed, Begins: false);

        var hasToken = request.Verdict is SessionVerdict.Valid or SessionVerdict.Expired;
        string[] videos = hasToken || IsMarked(request) ? [request.Video] : [request.Video, .. FoldersAbove(request.Video)];
        // All at the same time: waiting for all takes no longer than for the slowest.
        var asked = Array.ConvertAll(videos, video => FindAsync(video, request, source, ct).AsTask());
        var answers = await Task.WhenAll(asked);
        for (var at = 0; at < videos.Length; at++)
        {
            if (answers[at].Role is { } role)
                return new(request.Of(videos[at]), new(role, ""), Begins: false);
        }

        // Our own paths name their video, and only a Master Playlist of it can have made them.
        if (IsMarked(request))
            return new(request.WithoutSession().Of(request.Video), ChildRole.Apart, Begins: false);
        var isUnknown = Array.Exists(answers, answer => answer.Unknown);
        // A video that is itself a Media Playlist, or a path that belongs to another video.
        if (hasToken && (!IsInFolderOf(request) || answers[0].HasMaster || isUnknown))
            return await OfMediaAsync(await router.NameAsync(request.WithoutSession(), ct), source, ct);
        return new(request, new(ChildRole.Variant, ""), Begins: request.IsFirst && !isUnknown);
    }

    /// <summary>A folder of ours, in which only what a Master Playlist lists has an address.</summary>
    private static bool IsMarked(WatchRequest request) =>
        request.Below.StartsWith(OpaqueTarget.Marker + "/", StringComparison.Ordinal) || request.Below.StartsWith(WatchRouter.RevisionMarker, StringComparison.Ordinal);

    private static bool IsInFolderOf(WatchRequest request) => !request.Below.Contains('/', StringComparison.Ordinal);

    /// <summary>The nearest first.</summary>
    private static List<string> FoldersAbove(string video)
    {
        var folders = new List<string>(MostAncestors);
        for (var folder = WatchPath.Folder(video); !folder.IsEmpty && folders.Count < MostAncestors; folder = WatchPath.Folder(folder))
            folders.Add(folder.ToString());
        return folders;
    }

    private async ValueTask<Listing> FindAsync(string video, WatchRequest request, OriginTarget source, CancellationToken ct)
    {
        var finding = masters.FindAsync(video, source, masters.NamedParameters(request), CancellationToken.None);
        Listing listing;
        try
        {
            listing = finding.IsCompleted ? await finding : await finding.AsTask().WaitAsync(Patience, time, ct);
        }
        catch (TimeoutException)
        {
            listing = new(null, default, HasMaster: false, Unknown: true);
        }

        return listing.Role is null && children.RoleIn(video, request.Path) is { } known ? listing with { Role = known } : listing;
    }
}
