using System.Net;
using HlsGateway.Access;
using HlsGateway.Cdn;
using HlsGateway.Playlists;
using HlsGateway.Storage;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace HlsGateway.Playback;

/// <summary>
/// Streams what is neither playlist nor segment (posters, keys, steering manifests) from the origin through YARP, Range kept. The bytes
/// are the origin's and the address is ours: only listed headers pass (<see cref="ForeignHeaders"/>), and a browser may run none of it.
/// </summary>
internal sealed class PassThrough(
    OriginCluster cluster, OriginTrouble trouble, GuardedClient guarded, IHttpForwarder forwarder, BlobStore store, CdnAddresses cdn, TimeProvider time, ILogger<PassThrough> log)
{
    private readonly LogPace pace = new(time, TimeSpan.FromSeconds(10));

    /// <summary>Each file that is passed through holds a connection to the origin: there are only so many descriptors.</summary>
    private static readonly SemaphoreSlim Turns = new(Descriptors.Streams);

    private static readonly ForwarderRequestConfig Limits = new()
    {
        // Posters and keys are small: an origin that sends nothing for this long will not answer.
        ActivityTimeout = TimeSpan.FromSeconds(15),
    };

    public async ValueTask ServeAsync(HttpContext context, OriginTarget target)
    {
        if (target.Kind == OriginKind.Store)
        {
            WatchAnswer.Redirect(context, store.PublicUrl(target.Locator, context.Request));
            return;
        }

        DestinationState? destination = null;
        string url;
        HttpMessageInvoker client;
        if (target.Kind == OriginKind.Foreign)
        {
            if (!guarded.Allows(target.Locator))
            {
                await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status502BadGateway, Problem.OriginNotAllowed, "The file is on a host that is not listed in Gateway:Origin:AllowedHosts."));
                return;
            }

            (url, client) = (target.Locator, guarded.Client);
        }
        else
        {
            destination = cluster.Choose([]);
            if (destination is null || cluster.State is not { } state)
            {
                await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status404NotFound, Problem.UnknownVideo, "No video is published under this path, and no origin is configured (ReverseProxy:Clusters:origin)."));
                return;
            }

            (url, client) = (OriginFetcher.UrlOn(destination, target.Locator), state.Model.HttpClient);
        }

        // A GET has no body and no upgrade: neither is passed on to the origin.
        context.Request.Headers.Upgrade = default;
        context.Features.Set<IHttpRequestBodyDetectionFeature>(NoBody.Instance);
        var transform = new Transform(url);
        if (await TakeTurnAsync(context.RequestAborted) is not { } taken)
            return;
        if (!taken)
        {
            await RefuseAsync(context, new(StatusCodes.Status504GatewayTimeout, Problem.OriginTimeout, "Too many files are being fetched from the origin now. Ask again."));
            return;
        }

        ForwarderError error;
        try
        {
            error = await forwarder.SendAsync(context, url, client, Limits, transform);
        }
        finally
        {
            Turns.Release();
        }

        if (context.Response.HasStarted || error is ForwarderError.RequestCanceled or ForwarderError.ResponseBodyCanceled)
            return;
        if (transform.Redirect is { } redirect)
        {
            await RedirectAsync(context, url, redirect);
            return;
        }

        if (error is ForwarderError.None)
            return;
        var reason = error is ForwarderError.RequestTimedOut || context.GetForwarderErrorFeature()?.Exception is not { } fault ? OriginReason.OfTimeout(Limits.ActivityTimeout ?? default) : OriginReason.Of(fault);
        if (destination is not null)
        {
            trouble.Failed(destination, reason);
            cluster.ReportFailure(destination);
        }

        // YARP's own line for each request is off.
        if (pace.TryTake(out var held))
            log.OriginUnreachable(OriginFetcher.PathOf(target), reason.Detail, held);
        await RefuseAsync(context, error is ForwarderError.RequestTimedOut
            ? new(StatusCodes.Status504GatewayTimeout, Problem.OriginTimeout, "The origin did not answer for this file in time.")
            : new(StatusCodes.Status502BadGateway, Problem.OriginUnreachable, $"The origin could not be reached for this file: {reason.Words}."));
    }

    /// <returns>Whether it is this request's turn; null when the viewer has gone.</returns>
    private static async Task<bool?> TakeTurnAsync(CancellationToken gone)
    {
        try
        {
            return await Turns.WaitAsync(Limits.ActivityTimeout ?? Timeout.InfiniteTimeSpan, gone);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>
    /// The origin's redirect is passed on where it leads to a host that we redirect to anyway: the origin (by our own address), the
    /// CDN, an allowed host. With any other target, our address would be an open redirect wherever an origin's path is one.
    /// </summary>
    private async Task RedirectAsync(HttpContext context, string url, string location)
    {
        context.Response.Clear();
        WatchAnswer.AllowAnyOrigin(context.Response);
        if (location.Length == 0 || !UriReference.TryResolve(url, location, out var target))
            target = "";
        var ours = cluster.BaseAddresses.FirstOrDefault(address => target.StartsWith(address, StringComparison.Ordinal));
        var below = ours is null ? "" : target[ours.Length..];
        if (ours is not null && WatchPath.IsAcceptable(below.Split('?', '#')[0]))
            WatchAnswer.Redirect(context, $"{context.Request.PathBase}{WatchRequest.Prefix}{below}");
        else if (cdn.UrlOnBase(target) is { } onBase)
            WatchAnswer.Redirect(context, onBase);
        else if (guarded.Allows(target))
            WatchAnswer.Redirect(context, target);
        else
            await RefuseAsync(context, new(StatusCodes.Status502BadGateway, Problem.OriginRedirect,
                "The origin redirects this file to a host that is neither the CDN nor in Gateway:Origin:AllowedHosts. List the host there, or name the file's true address in the playlist."));
    }

    /// <summary>Answers a problem, without what was already copied from the origin's answer.</summary>
    private static Task RefuseAsync(HttpContext context, in OriginFailure failure)
    {
        context.Response.Clear();
        SecurityHeaders.Confine(context.Response);
        WatchAnswer.AllowAnyOrigin(context.Response);
        return WatchAnswer.ProblemAsync(context, failure);
    }

    private sealed class NoBody : IHttpRequestBodyDetectionFeature
    {
        public static NoBody Instance { get; } = new();

        public bool CanHaveBody => false;
    }

    private sealed class Transform(string url) : HttpTransformer
    {
        /// <summary>Where the origin redirects to: empty where its answer is not final and names no location; null for an answer with a file or an error.</summary>
        public string? Redirect { get; private set; }

        public override ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            proxyRequest.RequestUri = WireUrl.Of(url);
            ForeignHeaders.CopyRequest(httpContext.Request.Headers, proxyRequest.Headers);
            return default;
        }

        public override ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            if (proxyResponse is null)
                return new(false);
            if (proxyResponse.StatusCode is < HttpStatusCode.OK or (>= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest and not HttpStatusCode.NotModified))
            {
                Redirect = proxyResponse.Headers.NonValidated.TryGetValues("Location", out var location) ? location.ToString() : "";
                return new(false);
            }

            SecurityHeaders.Confine(httpContext.Response);
            ForeignHeaders.CopyAnswer(proxyResponse, httpContext.Response.Headers);
            httpContext.Response.Headers.AccessControlExposeHeaders = "Content-Length, Content-Range, ETag";
            return new(true);
        }

        /// <summary>Trailer fields after the body would be headers too: none are copied.</summary>
        public override ValueTask TransformResponseTrailersAsync(HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken) => default;
    }
}
