using System.Collections.Frozen;
using System.Globalization;
using HlsGateway.Storage;
using HlsGateway.Subtitles;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>
/// Finds a path's video and what the path means: our own names below a video first (trailer, captions, opaque targets, revisions), then
/// what a published video's revision holds, then the origin's.
/// </summary>
internal sealed class WatchRouter(SigningKeys keys, PublishedFiles published, SubtitleIndex subtitles, KnownChildren children, IOptions<OriginOptions> options)
{
    public const string TrailerMarker = "~t/";
    public const string RevisionMarker = "~r/";

    // Only for paths whose parameters were stripped on the way (rule H4): a playlist's segments are found by tag, never like this.
    private static readonly FrozenSet<string> MediaExtensions = new[]
    {
        ".ts", ".m2ts", ".mp4", ".m4s", ".m4v", ".m4a", ".m4f", ".cmfv", ".cmfa", ".cmft", ".aac", ".mp3", ".ac3", ".ec3", ".webvtt", ".vtt",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Media = MediaExtensions.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The request with its video named. A verified token has named it; otherwise the path's own marks, the last Master Playlist that listed the path, or the catalogue do.</summary>
    public async ValueTask<WatchRequest> NameAsync(WatchRequest request, CancellationToken ct)
    {
        if (request.Video.Length > 0)
            return request;
        var path = request.Path;
        foreach (var mark in (ReadOnlySpan<string>)["/" + OpaqueTarget.Marker + "/", "/" + RevisionMarker])
        {
            if (path.IndexOf(mark, StringComparison.Ordinal) is var at and > 0)
                return request.Of(path[..at]);
        }

        // A segment's shape is ours alone: it is known also when the video's last track has just been deleted (rule W5).
        if (path.IndexOf("/" + CaptionPath.Folder, StringComparison.Ordinal) is var caption and > 0
            && (!subtitles.Tracks(WatchPath.Readable(path[..caption])).IsEmpty || CaptionPath.TryRead(path.AsSpan(caption + 1), out _)))
            return request.Of(path[..caption]);
        var folder = WatchPath.Folder(path).ToString();
        if (folder.IndexOf("/" + TrailerMarker, StringComparison.Ordinal) is var trailer and > 0)
            folder = folder[..trailer];
        // A playlist is a child only if a Master Playlist listed that very path: a folder may hold the beginning of another video.
        if (children.VideoOf(WatchPath.IsPlaylist(path) ? path : folder) is { } video)
            return request.Of(video);
        for (var above = folder; above.Length > 0; above = WatchPath.Folder(above).ToString())
        {
            var inside = request.Of(above);
            if (await published.KeyOfAsync(inside.VideoName, inside.Below, ct) is not null)
                return inside;
        }

        return request.Of(folder);
    }

    /// <summary>The path below a video as people know it: a Rendition keeps its name from one revision to the next.</summary>
    public static string WithoutRevision(string below) =>
        below.StartsWith(RevisionMarker, StringComparison.Ordinal) && below.IndexOf('/', RevisionMarker.Length) is var slash and > 0 ? below[(slash + 1)..] : below;

    /// <summary>What the request asks for.</summary>
    public async ValueTask<WatchRoute> RouteAsync(WatchRequest request, CancellationToken ct)
    {
        if (RouteMarked(request) is { } ours)
            return ours;
        // A revision's files have marked paths in playlists, so that what is signed without a mark is the origin's.
        if (published.HasVideo(request.VideoName) && request is { SignedRole: null, SignedTime: null } && await published.KeyOfAsync(request.VideoName, request.Below, ct) is { } key)
            return RouteStore(request.Below, key);
        return RouteOrigin(request);
    }

    /// <summary>Our own names below a video; null for any other path.</summary>
    private WatchRoute? RouteMarked(WatchRequest request)
    {
        var below = request.Below.AsSpan();
        // The trailer first: a playlist at an opaque path carries its trailer below that very path.
        if (below.IndexOf(TrailerMarker, StringComparison.Ordinal) is var trailer and >= 0 && (trailer == 0 || below[trailer - 1] == '/'))
            return RouteTrailer(below[(trailer + TrailerMarker.Length)..]);
        if (below.StartsWith(OpaqueTarget.Marker + "/", StringComparison.Ordinal))
            return OpaqueTarget.TryRead(keys, request.Video, below, out var opaque) ? Route(opaque) : WatchRoute.Unknown.Instance;
        if (below.StartsWith(CaptionPath.Folder, StringComparison.Ordinal) && RouteCaption(request, below) is { } caption)
            return caption;
        return below.StartsWith(RevisionMarker, StringComparison.Ordinal) ? RouteStore(below, $"videos/{request.VideoName}/{below[RevisionMarker.Length..]}") : null;
    }

    private WatchRoute RouteOrigin(WatchRequest request)
    {
        var below = request.Below.AsSpan();
        var query = request.Parameters;
        var named = options.Value.QueryParameters;
        if (WatchPath.IsPlaylist(below))
            return new WatchRoute.Playlist(new(OriginKind.Cluster, request.Path + query.PassedOn(believed: request.SignedRole is not null, named)));
        // What we do not store is passed on as it came: a CDN's signature may cover the exact bytes. Where a query was stripped (rule H4),
        // what is left of it may be all of the CDN's.
        if (!query.Session.IsEmpty || !query.Duration.IsEmpty || IsMediaName(below))
            return new WatchRoute.Segment(new(OriginKind.Cluster, request.RawPath + query.PassedOn(believed: true, named)));
        return new WatchRoute.PassThrough(new(OriginKind.Cluster, request.RawPath + query.Foreign()));
    }

    /// <summary>Where an opaque target or a Master Playlist named in a caption's address is read.</summary>
    public static OriginTarget Source(string target)
    {
        var store = OriginFetcher.StoreUrl("");
        if (target.StartsWith(store, StringComparison.Ordinal))
            return new(OriginKind.Store, target[store.Length..]);
        return target.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || target.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
            || target.StartsWith(OpaqueTarget.AnyScheme, StringComparison.Ordinal)
            ? new(OriginKind.Foreign, target)
            : new(OriginKind.Cluster, target);
    }

    private static WatchRoute Route(OpaqueTarget target) => target.Use switch
    {
        TargetUse.Playlist => new WatchRoute.Playlist(Source(target.Target)),
        TargetUse.Redirect => new WatchRoute.Segment(Source(target.Target)),
        _ => new WatchRoute.PassThrough(Source(target.Target)),
    };

    private static WatchRoute RouteTrailer(ReadOnlySpan<char> rest)
    {
        // {name}@{hash8}/{profile}/{file}
        Span<Range> parts = stackalloc Range[4];
        if (rest.Split(parts, '/') != 3 || rest.Contains('%'))
            return WatchRoute.Unknown.Instance;
        var label = rest[parts[0]];
        var profiles = rest[parts[1]];
        var file = rest[parts[2]];
        var at = label.LastIndexOf('@');
        if (at <= 0)
            return WatchRoute.Unknown.Instance;
        if (file.SequenceEqual(TrailerAsset.File))
            return new WatchRoute.TrailerPlaylist(label.ToString(), profiles.ToString().Split('.'));
        var key = $"trailers/{label[..at]}/{label[(at + 1)..]}/{profiles}/{file}";
        if (!BlobKey.IsValid(key))
            return WatchRoute.Unknown.Instance;
        return file.EndsWith(".vtt", StringComparison.Ordinal)
            ? new WatchRoute.TrailerBlank(BlankWindow.Read(file))
            : new WatchRoute.TrailerSegment(key, uint.TryParse(label[(at + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var version) ? version : 0);
    }

    private WatchRoute? RouteCaption(WatchRequest request, ReadOnlySpan<char> below)
    {
        if (CaptionPath.TryRead(below, out var path))
            return new WatchRoute.CaptionSegment(path);
        var name = below[CaptionPath.Folder.Length..];
        if (!name.EndsWith(".m3u8", StringComparison.Ordinal))
            return null;
        var language = name[..^5].ToString();
        // A track that has just been deleted was advertised to sessions that still run: they get blank captions, never a 404 (rule W5).
        var ours = subtitles.Tracks(request.VideoName).Any(t => string.Equals(t.Language, language, StringComparison.Ordinal));
        return ours || request.SignedRole is { Role: ChildRole.Subtitles } ? new WatchRoute.CaptionPlaylist(language) : null;
    }

    /// <summary>A text that cannot be an object's key names nothing of ours.</summary>
    private static WatchRoute RouteStore(ReadOnlySpan<char> below, string key) =>
        !BlobKey.IsValid(key) ? WatchRoute.Unknown.Instance
        : WatchPath.IsPlaylist(below) ? new WatchRoute.Playlist(new(OriginKind.Store, key))
        : new WatchRoute.Segment(new(OriginKind.Store, key));

    /// <summary>True for a name by which a path without any parameter of ours is taken for a segment.</summary>
    public static bool IsMediaName(ReadOnlySpan<char> path) => Media.Contains(Extension(path));

    private static ReadOnlySpan<char> Extension(ReadOnlySpan<char> path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return name.LastIndexOf('.') is var dot and > 0 ? name[dot..] : [];
    }
}
