using HlsGateway.Playlists;

namespace HlsGateway.Playback;

/// <summary>Where a playlist stands, on the origin and for the player; enough to place each of its URIs (rules I1 to I3).</summary>
/// <param name="Video">The video's id.</param>
/// <param name="OriginUrl">Absolute URL of the playlist on the origin.</param>
/// <param name="OriginRoot">Absolute URL, with a trailing slash, that the video's folder has there.</param>
/// <param name="ClientPath">The playlist's path below the video, as the player asks for it.</param>
/// <param name="ClientRoot">The origin root as the player sees it, below the video: empty, or <c>~r/{revision}/</c> for a published video.</param>
internal sealed record PlaylistPlace(string Video, string OriginUrl, string OriginRoot, string ClientPath, string ClientRoot);

/// <summary>A URI as the player will ask for it.</summary>
/// <param name="Text">What is written into the playlist, without parameters of ours; null leaves the URI alone.</param>
/// <param name="Below">Where it resolves below the video, in its normal spelling and without query: what a signature covers. Null where it does not lead to us.</param>
internal readonly record struct PlacedUri(string? Text, string? Below);

/// <summary>Decides for one playlist what is written in each URI's place.</summary>
/// <param name="addresses">Base addresses of the origin's destinations, each with a trailing slash.</param>
/// <param name="cdn">Where all viewers find segments of the origin, with a trailing slash; null for the origin itself, also where the CDN takes signed URLs alone.</param>
internal sealed class UriPlacement(PlaylistPlace place, IReadOnlyList<string> addresses, string? cdn, GuardedClient guarded, SigningKeys keys)
{
    /// <summary>The longest path and query of a URI that leads to us: our parameters and the player's need the rest of a request line.</summary>
    private const int MostAsked = WatchPath.MaxLength * 3 / 2;

    private readonly string folder = WatchPath.Folder(place.ClientPath).ToString();
    private readonly bool opaque = place.ClientPath.StartsWith(OpaqueTarget.Marker, StringComparison.Ordinal);

    /// <summary>Playlists that stand on a host which may not be fetched from and are left as they are: they play, uncounted.</summary>
    public int LeftAlone { get; private set; }

    /// <summary>Playlists and segments whose URLs are too long for a path of ours: they play, uncounted.</summary>
    public int TooLong { get; private set; }

    /// <summary>Places one URI.</summary>
    /// <param name="use">What the gateway must do when the URI is asked for.</param>
    public PlacedUri Place(string uri, TargetUse use)
    {
        if (!UriReference.TryResolve(place.OriginUrl, uri, out var absolute) || !IsHttp(absolute))
            return default;

        var fragment = absolute.IndexOf('#', StringComparison.Ordinal);
        var target = fragment < 0 ? absolute : absolute[..fragment];
        if (target.StartsWith(place.OriginRoot, StringComparison.Ordinal) && Inside(uri, target[place.OriginRoot.Length..], use) is { Text: not null } inside)
            return inside;
        return Outside(uri, target, use);
    }

    /// <summary>A target in the video's own folder keeps a plain path, and its very text where that resolves to the same place.</summary>
    private PlacedUri Inside(string uri, string below, TargetUse use)
    {
        var query = below.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? below : below[..query];
        var rooted = place.ClientRoot + path;
        // In the spelling that is routed, however the origin spells it.
        var name = WatchPath.Normal(path);
        var full = $"{place.Video}/{place.ClientRoot}{name}";
        // Our own names below a video, and what a path of ours may not hold, go the opaque way.
        if (!WatchPath.IsAcceptable($"{place.Video}/{rooted}") || place.Video.Length + place.ClientRoot.Length + below.Length > MostAsked
            || name.StartsWith('~') || name.StartsWith("subtitles/", StringComparison.Ordinal)
            || name.Contains("/~", StringComparison.Ordinal) || WatchPath.IsPlaylist(name) != (use == TargetUse.Playlist)
            // A plain path is routed by its file name; a file to be streamed that is named like a segment needs a signed path that says so.
            || (use == TargetUse.PassThrough && (WatchRouter.IsMediaName(name) || LooksLikeOurs(below.AsSpan(path.Length)))))
            return default;

        const string Host = "http://player.invalid/watch/";
        var keeps = !opaque && UriReference.TryResolve($"{Host}{place.Video}/{place.ClientPath}", uri, out var seen)
            && seen.StartsWith(Host, StringComparison.Ordinal) && WatchPath.Normal(WithoutQuery(seen.AsSpan(Host.Length)).ToString()) == full;
        return new(keeps ? uri : Climb() + rooted + (query < 0 ? "" : below[query..]), place.ClientRoot + name);
    }

    private PlacedUri Outside(string uri, string target, TargetUse use)
    {
        var openScheme = UriReference.Split(uri).Form == UriForm.NetworkPath;
        var onOrigin = PlaylistAddress.LocatorOf(target, addresses);
        string locator;
        if (onOrigin is not null)
            locator = onOrigin;
        else if (use == TargetUse.Redirect)
            // The scheme of the origin's URL does not matter to a player on another host: the player uses its own.
            locator = openScheme ? target[target.IndexOf(OpaqueTarget.AnyScheme, StringComparison.Ordinal)..] : target;
        else if (guarded.Allows(target))
            locator = target;
        else
        {
            // Nothing is fetched from a host that is not allowed; what a player can fetch there by itself still plays.
            if (use == TargetUse.Playlist)
                LeftAlone++;
            return AsItStands(uri, target);
        }

        // A store's own playlists never leave their folder; a forged one must not lead anywhere else in the store.
        if (place.OriginUrl.StartsWith(OriginFetcher.StoreUrl(""), StringComparison.Ordinal) && locator.StartsWith(OriginFetcher.StoreUrl(""), StringComparison.Ordinal))
            return default;

        if (new OpaqueTarget(use, locator).ToPath(keys, place.Video) is { } path)
        {
            // What is fetched is in the path. A playlist's own query stands behind it once more, for its variables may come from there (QUERYPARAM).
            var query = use == TargetUse.Playlist && target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var question ? target[question..] : "";
            return new(Climb() + path + (path.Length + query.Length > MostAsked ? "" : query), path);
        }

        if (use != TargetUse.PassThrough)
            TooLong++;
        // Where the redirect would have led.
        return use == TargetUse.Redirect && cdn is not null && onOrigin is not null && PlaylistAddress.BelowBase(onOrigin, addresses) is { } below
            ? new(cdn + below, null)
            : AsItStands(uri, target);
    }

    /// <summary>A URI that does not lead to us: a relative one is made absolute, because the playlist has another address now.</summary>
    private static PlacedUri AsItStands(string uri, string target) =>
        UriReference.Split(uri).Form is UriForm.Absolute or UriForm.NetworkPath ? default : new(target, null);

    /// <summary>From the playlist's folder up to the video's.</summary>
    private string Climb() => folder.Length == 0 ? "" : string.Concat(Enumerable.Repeat("../", folder.AsSpan().Count('/') + 1));

    /// <param name="query">With its <c>?</c>; empty where there is none.</param>
    private static bool LooksLikeOurs(ReadOnlySpan<char> query) => !query.IsEmpty && !query.SequenceEqual(new PlayerQuery(query[1..].ToString()).Foreign());

    private static bool IsHttp(string url) =>
        url.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> WithoutQuery(ReadOnlySpan<char> url)
    {
        var end = url.IndexOfAny('?', '#');
        return end < 0 ? url : url[..end];
    }
}
