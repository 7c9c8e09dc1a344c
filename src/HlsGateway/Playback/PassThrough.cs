using HlsGateway.Storage;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace HlsGateway.Playback;

/// <summary>Streams what is neither playlist nor segment (posters, keys, steering manifests) from the origin through YARP, Range kept.</summary>
internal sealed class PassThrough(OriginCluster cluster, GuardedClient guarded, IHttpForwarder forwarder, BlobStore store)
{
    private static readonly ForwarderRequestConfig Limits = new()
    {
        // A poster or a key; an origin that says nothing for this long is not going to.
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
                await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status502BadGateway, "origin-not-allowed", "The file stands on a host that Gateway:Origin:AllowedHosts does not list."));
                return;
            }

            (url, client) = (target.Locator, guarded.Client);
        }
        else
        {
            destination = cluster.Choose([]);
            if (destination is null || cluster.State is not { } state)
            {
                await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status404NotFound, "unknown-video", "No video is published under this path, and no origin is configured (ReverseProxy:Clusters:origin)."));
                return;
            }

            (url, client) = (OriginFetcher.UrlOn(destination, target.Locator), state.Model.HttpClient);
        }

        var error = await forwarder.SendAsync(context, url, client, Limits, new Transform(url));
        if (error is ForwarderError.None or ForwarderError.RequestCanceled or ForwarderError.ResponseBodyCanceled || context.Response.HasStarted)
            return;
        if (destination is not null)
            cluster.ReportFailure(destination);
        context.Features.Get<IHttpResponseFeature>()?.Headers.Remove("Content-Length");
        await WatchAnswer.ProblemAsync(context, new(context.Response.StatusCode == StatusCodes.Status504GatewayTimeout ? 504 : 502, "origin-unreachable", "The origin could not be reached for this file."));
    }

    private sealed class Transform(string url) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.RequestUri = WireUrl.Of(url);
            // The viewer's credentials and origin are between the viewer and us.
            proxyRequest.Headers.Host = null;
            proxyRequest.Headers.Remove("Authorization");
            proxyRequest.Headers.Remove("Cookie");
            proxyRequest.Headers.Remove("Origin");
            proxyRequest.Headers.Remove("Referer");
            foreach (var header in ClientData.Headers)
                proxyRequest.Headers.Remove(header);
        }

        public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            var copied = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
            var headers = httpContext.Response.Headers;
            headers.AccessControlAllowOrigin = "*";
            headers.Remove("Access-Control-Allow-Credentials");
            headers.Remove("Set-Cookie");
            headers.Remove("Server");
            return copied;
        }
    }
}
