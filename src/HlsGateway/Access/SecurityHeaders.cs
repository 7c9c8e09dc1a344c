namespace HlsGateway.Access;

/// <summary>Headers every answer carries. Studio replaces the Content-Security-Policy for its pages.</summary>
internal static class SecurityHeaders
{
    private const string Closed = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>For bytes that somebody else wrote: whatever a browser takes them for, it runs nothing, loads nothing and has no origin.</summary>
    private const string Inert = "sandbox; default-src 'none'";

    /// <summary>To be called for each answer below <c>/watch/</c> or <c>/media/</c> whose bytes are an origin's, an uploader's or an editor's.</summary>
    public static void Confine(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = Inert;
        response.Headers.XContentTypeOptions = "nosniff";
    }

    public static Task Apply(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        // Answers for players are fetched across origins and never rendered. A Referrer-Policy on the 302 would also take
        // the Referer from the CDN's request, which hot-link protection there looks at.
        if (!ForPlayers(context.Request.Path))
        {
            headers["Referrer-Policy"] = "no-referrer";
            headers.XFrameOptions = "DENY";
            headers.ContentSecurityPolicy = Closed;
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
        }
        return next(context);
    }

    /// <summary>A refusal too must be readable by a player on another origin, and must not be cached (rule H1).</summary>
    public static void LetPlayersRead(HttpContext context)
    {
        if (!ForPlayers(context.Request.Path))
            return;
        context.Response.Headers.AccessControlAllowOrigin = "*";
        context.Response.Headers.CacheControl = "no-store";
    }

    /// <summary>Paths whose answers are read by pages of other origins.</summary>
    public static bool ForPlayers(PathString path) =>
        path.StartsWithSegments("/watch", StringComparison.Ordinal) || path.StartsWithSegments("/media", StringComparison.Ordinal);
}
