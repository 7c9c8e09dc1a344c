using HlsGateway.Access;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;

namespace HlsGateway.Playback;

/// <summary>The few shapes of answer that players get (rules D1, H1, H2).</summary>
internal static class WatchAnswer
{
    public const string PlaylistType = "application/vnd.apple.mpegurl";

    private const int GzipFrom = 1024;

    /// <summary>Every answer, errors included, carries exactly one permission for other origins, and is never cached.</summary>
    public static void AllowAnyOrigin(HttpResponse response)
    {
        response.Headers.AccessControlAllowOrigin = "*";
        response.Headers.CacheControl = "no-store";
    }

    /// <summary>Renders a template straight into the response's buffer, a slice at a time: a slow reader is waited for, not written ahead of.</summary>
    public static ValueTask PlaylistAsync(HttpContext context, PlaylistTemplate template, ReadOnlyMemory<byte> token)
    {
        var response = context.Response;
        response.ContentType = PlaylistType;
        SessionText text = template;
        if (MayBeZipped(template))
        {
            response.Headers.Vary = "Accept-Encoding";
            if (AcceptEncoding.TakesGzip(context.Request.Headers.AcceptEncoding) && template.MakeGzip() is { } gzip)
            {
                response.Headers.ContentEncoding = "gzip";
                text = gzip;
            }
        }

        response.ContentLength = text.Length;
        return HttpMethods.IsHead(context.Request.Method) ? default : SlicedPlaylist.WriteAsync(response.BodyWriter, text, token, context.RequestAborted);
    }

    /// <summary>Whether it depends on the reader how a playlist is encoded.</summary>
    public static bool MayBeZipped(PlaylistTemplate template) => template.Length >= GzipFrom;

    /// <summary>Captions: text that we did not write.</summary>
    public static async ValueTask TextAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body)
    {
        SecurityHeaders.Confine(context.Response);
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }

    public static void Redirect(HttpContext context, string location)
    {
        context.Response.StatusCode = StatusCodes.Status302Found;
        context.Response.Headers.Location = WireUrl.Ascii(location);
        context.Response.ContentLength = 0;
    }

    public static Task ProblemAsync(HttpContext context, in OriginFailure failure) =>
        Problems.Of(failure.Status, failure.Problem, failure.Detail).ExecuteAsync(context);
}
