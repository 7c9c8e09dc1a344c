using HlsGateway.Cdn;
using HlsGateway.Counting;
using HlsGateway.Playback.Lane;
using HlsGateway.Storage;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>
/// Answers a Media Segment: 1. verify the duration's signature, 2. record the hit durably, 3. 302 to the CDN, whatever Range was
/// asked for (rule H2).
/// </summary>
internal sealed class MediaRedirect(HitRecorder hits, OriginCluster cluster, BlobStore store, TrailerLibrary trailers, CdnAddresses cdn,
    PreparedAnswers prepared, IOptions<GatewayOptions> gateway, IOptions<SessionsOptions> sessions)
{
    public async ValueTask ServeAsync(HttpContext context, WatchRequest request, WatchRoute.Segment route)
    {
        if (Location(context, request, route.Target) is not { } location)
        {
            await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status404NotFound, Problem.UnknownVideo, "No video is published under this path, and no origin is configured (ReverseProxy:Clusters:origin)."));
            return;
        }

        await AnswerAsync(context, request, isTrailer: false, location, IsForAll(route.Target));
    }

    public async ValueTask ServeAsync(HttpContext context, WatchRequest request, WatchRoute.TrailerSegment route)
    {
        // Players already have its playlists: only refusing the segments makes a withdrawal effective at once.
        if (trailers.Snapshot.IsWithdrawn(route.Version))
        {
            await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status410Gone, Problem.TrailerWithdrawn, "The trailer of this session has been withdrawn; a new session goes without it."));
            return;
        }

        await AnswerAsync(context, request, isTrailer: true, store.PublicUrl(route.Key, context.Request, Viewer(context, request, isTrailer: true)), store.IsSameForAll(route.Key));
    }

    /// <param name="isForAll">Whether every viewer gets this location.</param>
    private async ValueTask AnswerAsync(HttpContext context, WatchRequest request, bool isTrailer, string location, bool isForAll)
    {
        // 1.
        var (kind, startMs, durationMs, forged, path) = Judge(request, isTrailer);
        path = path is null ? HitRecorder.PathOf(request) : WatchPath.Kept(path);
        if (isForAll && request.SignedTime is not null && !forged)
            prepared.Keep(context, request, (kind, startMs, durationMs), path, WireUrl.Ascii(location), isTrailer);
        // 2.
        await hits.RecordAsync(context, request, kind, startMs, durationMs, forged, path);
        // 3.
        WatchAnswer.Redirect(context, location);
    }

    private static (HitKind Kind, int StartMs, int DurationMs, bool Forged, string? Path) Judge(WatchRequest request, bool isTrailer)
    {
        var query = request.Parameters;
        var kind = isTrailer ? HitKind.Trailer : query.Kind switch
        {
            "a" => HitKind.Audio,
            "c" => HitKind.Caption,
            "i" => HitKind.IFrame,
            SegmentSignature.Live => HitKind.Live,
            _ => HitKind.Content,
        };
        // Initialization sections and parts carry a session but no duration: redirected, never counted as watching (rule H3).
        if (query.Duration.IsEmpty && query.Signature.IsEmpty)
            return (request.Verdict == SessionVerdict.None ? kind : HitKind.Other, 0, 0, false, null);
        return request.SignedTime is { } time
            ? (kind, time.StartMs, time.DurationMs, false, query.Rendition.IsEmpty ? null : RenditionName.PathOf(query.Rendition, request.Below))
            : (kind, 0, 0, true, null);
    }

    /// <summary>
    /// Whether <see cref="Location"/> gives the same for every viewer at any time, as long as the cluster has the same destinations: the fast lane
    /// may then use it again. What it reads of a request, a session or the clock is not for all.
    /// </summary>
    private bool IsForAll(OriginTarget target) => target.Kind switch
    {
        OriginKind.Store => store.IsSameForAll(target.Locator),
        OriginKind.Foreign => !target.Locator.StartsWith(OpaqueTarget.AnyScheme, StringComparison.Ordinal),
        _ => cdn.IsSameForAll,
    };

    /// <summary>The one place where a Location is made: the configured base, our own store, or a URL that the origin's playlist named.</summary>
    private string? Location(HttpContext context, WatchRequest request, OriginTarget target)
    {
        switch (target.Kind)
        {
            case OriginKind.Store:
                return store.PublicUrl(target.Locator, context.Request, Viewer(context, request, isTrailer: false));
            case OriginKind.Foreign when target.Locator.StartsWith(OpaqueTarget.AnyScheme, StringComparison.Ordinal):
                var site = gateway.Value.SiteOf(context.Request);
                return site[..site.IndexOf(':', StringComparison.Ordinal)] + target.Locator;
            case OriginKind.Foreign:
                return target.Locator;
            default:
                if (PlaylistAddress.BelowBase(target.Locator, cluster.BaseAddresses) is { } below && cdn.OriginUrl(below, Viewer(context, request, isTrailer: false)) is { } url)
                    return url;
                return cluster.State is { } state && state.DestinationsState.AvailableDestinations is { Count: > 0 } available
                    ? OriginFetcher.UrlOn(available[0], target.Locator)
                    : cluster.State?.DestinationsState.AllDestinations is { Count: > 0 } all ? OriginFetcher.UrlOn(all[0], target.Locator) : null;
        }
    }

    private CdnViewer Viewer(HttpContext context, WatchRequest request, bool isTrailer)
    {
        if (cdn.IsSameForAll)
            return default;
        var isOurs = request.Verdict is SessionVerdict.Valid or SessionVerdict.Expired;
        var ends = isOurs ? request.Token.StartedAtMs + (long)sessions.Value.Lifetime.TotalMilliseconds : 0;
        var counts = request.Verdict == SessionVerdict.Valid && HttpMethods.IsGet(context.Request.Method) && Judge(request, isTrailer) is (HitKind.Content or HitKind.Live, _, _, Forged: false, _);
        return cdn.Viewer(context.Request, isOurs ? request.Token.Id : Guid.Empty, ends, request.Token.Preview, counts);
    }
}
