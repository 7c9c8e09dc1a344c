using System.Buffers;
using System.IO.Compression;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;

namespace HlsGateway.Playback;

/// <summary>The few shapes of answer that players get (rules D1, H1, H2).</summary>
internal static class WatchAnswer
{
    public const string PlaylistType = "application/vnd.apple.mpegurl";

    private const int GzipFrom = 1024;

    /// <summary>Every answer, errors included, carries exactly one permission for other origins, and is never kept.</summary>
    public static void AllowAnyOrigin(HttpResponse response)
    {
        response.Headers.AccessControlAllowOrigin = "*";
        response.Headers.CacheControl = "no-store";
    }

    /// <summary>Renders a template straight into the response's buffer.</summary>
    public static async ValueTask PlaylistAsync(HttpContext context, PlaylistTemplate template, ReadOnlyMemory<byte> token)
    {
        var response = context.Response;
        response.ContentType = PlaylistType;
        if (template.Length >= GzipFrom)
        {
            response.Headers.Vary = "Accept-Encoding";
            if (AcceptsGzip(context.Request))
            {
                await GzipAsync(context, template, token);
                return;
            }
        }

        response.ContentLength = template.Length;
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        template.Render(token.Span, response.BodyWriter.GetSpan(template.Length));
        response.BodyWriter.Advance(template.Length);
        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    public static async ValueTask TextAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body)
    {
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
        Problems.Of(failure.Status, failure.Slug, Title(failure.Status), failure.Detail).ExecuteAsync(context);

    private static string Title(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "The path cannot be passed on",
        StatusCodes.Status404NotFound => "Nothing is published here",
        StatusCodes.Status504GatewayTimeout => "The origin took too long",
        _ => "The origin gave no usable answer",
    };

    private static bool AcceptsGzip(HttpRequest request)
    {
        foreach (var value in request.GetTypedHeaders().AcceptEncoding)
        {
            if (value.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase))
                return value.Quality is null or > 0;
        }

        return false;
    }

    private static async ValueTask GzipAsync(HttpContext context, PlaylistTemplate template, ReadOnlyMemory<byte> token)
    {
        context.Response.Headers.ContentEncoding = "gzip";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        var plain = ArrayPool<byte>.Shared.Rent(template.Length);
        try
        {
            template.Render(token.Span, plain);
            await using var gzip = new GZipStream(context.Response.BodyWriter.AsStream(leaveOpen: true), CompressionLevel.Fastest);
            await gzip.WriteAsync(plain.AsMemory(0, template.Length), context.RequestAborted);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plain);
        }
    }
}
