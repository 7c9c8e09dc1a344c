using System.Collections.Immutable;
using System.ComponentModel;
using HlsGateway.Access;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <param name="Name">As the playlist writes it, without its query.</param>
/// <param name="Url">To be asked about next; its session counts nothing.</param>
internal sealed record InspectedChild(string Name, string Url);

/// <summary>A playlist of the origin beside what is served of it.</summary>
/// <param name="Url">The address that was looked at: it plays, and counts nothing.</param>
/// <param name="Kind"><c>master</c>, <c>media</c> or <c>captions</c>, which are ours alone.</param>
/// <param name="OriginUrl">Where the origin has it; null for what we keep or make ourselves.</param>
/// <param name="Lines">In order; each with the rules of docs/player-rules.md by which it differs.</param>
/// <param name="Findings">What breaks a rule in the origin's playlist or in the served one.</param>
/// <param name="Children">The playlists that it names.</param>
internal sealed record InspectView(
    string Url, string Video, string Kind, string? OriginUrl, ImmutableArray<ComparedLine> Lines, ImmutableArray<LintFinding> Findings, ImmutableArray<InspectedChild> Children);

/// <summary>
/// <c>/api/inspect</c>, for player developers: 1. which playlist, 2. what a viewer is served, by the very code that serves viewers, 3. what the
/// origin has, 4. both side by side. Nothing is fetched that a client names (rule I2): an address is only looked up below <c>/watch/</c>.
/// </summary>
internal sealed class InspectEndpoints(
    SigningKeys keys, WatchEndpoint watch, WatchRouter router, PlaylistIdentity identity, OriginFetcher fetcher, OriginCluster cluster, TrailerPreview preview,
    IOptions<GatewayOptions> gateway, IOptions<SessionsOptions> sessions, TimeProvider time)
{
    private const int LongestUrl = 8000;

    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/api/inspect", (
                [Description("A video's id, a playlist's address below /watch/, or its address on the configured origin.")] string url, HttpContext context, InspectEndpoints inspect, CancellationToken ct) =>
            inspect.AnswerAsync(url, context, ct))
        .RequireAuthorization(Roles.AnalystOrEditor).WithTags("Playback").WithName("inspectPlaylist").WithSummary("A playlist of the origin beside what viewers are served, line by line, with the rule behind each difference")
        .ProducesProblems(Problem.BadInspection, Problem.BadVideo, Problem.UnknownVideo, Problem.UnknownPlaylist, Problem.OriginUnreachable, Problem.OriginTimeout, Problem.OriginNoPlaylist, Problem.OriginError);

    private async Task<Results<Ok<InspectView>, ProblemHttpResult>> AnswerAsync(string url, HttpContext context, CancellationToken ct)
    {
        // 1.
        if (Below(url.Trim(), context.Request) is not { } below)
            return Problems.Of(Problem.BadInspection, "Give a video's id, a playlist's address below /watch/ of this gateway, or its address on the configured origin.");
        if (!below.Contains("session_id=", StringComparison.Ordinal))
        {
            var (view, wrong) = await preview.OfAsync(new PreviewRequest(VideoOf(below)), context.Request, ct);
            if (view is null)
                return wrong ?? Problems.Of(Problem.BadInspection, "");
            below = view.PlaylistUrl[(gateway.Value.SiteOf(context.Request).Length + WatchRequest.Prefix.Length)..];
        }

        // 2.
        var inner = SubRequest(context, below);
        await using var body = new MemoryStream();
        inner.Response.Body = body;
        await watch.ServeAsync(inner);
        await inner.Response.CompleteAsync();
        var served = body.ToArray();
        if (inner.Response.StatusCode != StatusCodes.Status200OK || !Playlist.TryParse(served, out var master, out var media, out _))
            return Problems.Of(Problem.BadInspection, $"Nothing at this address is a playlist: it was answered with {inner.Response.StatusCode}. Ask for a playlist, not for a segment.");

        // 3.
        if (WatchRequest.Read(inner, keys, sessions.Value.Lifetime, time.GetUtcNow()) is not { } unnamed)
            return Problems.Of(Problem.BadInspection, "The path cannot be passed on.");
        var request = await router.NameAsync(unnamed, ct);
        var original = await OriginAsync(request, ct);

        // 4.
        var site = gateway.Value.SiteOf(context.Request);
        var address = site + WatchRequest.Prefix + below;
        var findings = DocumentLint.Check("served", served, TrailerPath.IsIn, out _, out _);
        if (original?.Body is { } bytes)
            findings = DocumentLint.Check("origin", bytes, static _ => false, out _, out _).AddRange(findings);
        return TypedResults.Ok(new InspectView(
            address, request.VideoName, master is not null ? "master" : original is null ? "captions" : "media",
            original is { Url: var from } && !from.StartsWith(OriginFetcher.StoreUrl(""), StringComparison.Ordinal) ? from : null,
            PlaylistComparison.Compare(original?.Body ?? [], served, TrailerPath.IsIn), findings, Children(address, master, media)));
    }

    /// <summary>What follows <c>/watch/</c>; null where the text names nothing of ours.</summary>
    private string? Below(string url, HttpRequest request)
    {
        if (url.Length is 0 or > LongestUrl)
            return null;
        foreach (var known in (IEnumerable<string>)[gateway.Value.SiteOf(request) + WatchRequest.Prefix, WatchRequest.Prefix, .. cluster.BaseAddresses])
        {
            if (url.StartsWith(known, StringComparison.OrdinalIgnoreCase))
                return Playlisted(url[known.Length..]);
        }
        return url.Contains("://", StringComparison.Ordinal) || url[0] == '/' ? null : Playlisted(url);
    }

    private static string? Playlisted(string below)
    {
        var path = below.Split('?', '#')[0].TrimEnd('/');
        return path.Length == 0 ? null : WatchPath.IsPlaylist(path) ? below.Split('#')[0] : $"{path}/{PlaylistAddress.DefaultName}";
    }

    private static string VideoOf(string below)
    {
        var path = below.Split('?')[0];
        return Uri.UnescapeDataString(path.LastIndexOf('/') is var slash and > 0 ? path[..slash] : path);
    }

    private static DefaultHttpContext SubRequest(HttpContext outer, string below)
    {
        var target = WatchRequest.Prefix + below;
        var inner = new DefaultHttpContext { RequestServices = outer.RequestServices, RequestAborted = outer.RequestAborted };
        inner.Request.Method = HttpMethods.Get;
        (inner.Request.Scheme, inner.Request.Host, inner.Request.PathBase) = (outer.Request.Scheme, outer.Request.Host, outer.Request.PathBase);
        inner.Request.Path = target.Split('?')[0];
        inner.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        return inner;
    }

    private async Task<OriginAnswer?> OriginAsync(WatchRequest request, CancellationToken ct)
    {
        if (await router.RouteAsync(request, ct) is not WatchRoute.Playlist route)
            return null;
        var source = await identity.SourceOfAsync(request, route.Source, ct);
        return await fetcher.ReadAsync(source, PlaylistOrigin.MaxBytes, null, ct) is { Body: not null } answer ? answer : null;
    }

    private static ImmutableArray<InspectedChild> Children(string address, MasterPlaylist? master, MediaPlaylist? media) =>
        media is not null || master is null ? []
        : [.. master.Variants.Select(variant => variant.Uri).Concat(master.Renditions.Where(rendition => rendition.Uri is not null).Select(rendition => rendition.Uri!)).Distinct(StringComparer.Ordinal)
            .Select(uri => UriReference.TryResolve(address, uri, out var absolute) ? new InspectedChild(uri.Split('?')[0], absolute) : null).OfType<InspectedChild>()];
}
