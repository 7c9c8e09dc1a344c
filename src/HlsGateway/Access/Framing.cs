using HlsGateway.Telemetry;

namespace HlsGateway.Access;

/// <summary>
/// Refuses bodies whose end a proxy in front may see elsewhere than we do (RFC 9112 section 6.3). Kestrel reads such a request in
/// one way and goes on; a request with two meanings must not be served, so it is refused and the connection is closed.
/// </summary>
internal static class Framing
{
    public static Task Refuse(HttpContext context, RequestDelegate next)
    {
        var coding = context.Request.Headers.TransferEncoding;
        // Kestrel moves a Content-Length that stood beside Transfer-Encoding to this name.
        if (coding.Count == 0 || (coding is ["chunked"] && !context.Request.Headers.ContainsKey("X-Content-Length")))
            return next(context);
        SecurityHeaders.LetPlayersRead(context);
        context.Response.Headers.Connection = "close";
        return Problems.Of(Problem.AmbiguousBody,
            "Send Content-Length, or 'Transfer-Encoding: chunked' once, but not both.").ExecuteAsync(context);
    }
}
