namespace HlsGateway.Access;

/// <summary>Headers every answer carries. Studio replaces the Content-Security-Policy for its pages.</summary>
internal static class SecurityHeaders
{
    private const string Closed = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static Task Apply(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        // Answers for players are fetched across origins and rendered by nobody. A Referrer-Policy on the 302 would also take
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

    /// <summary>A refusal too must be readable by a player on another origin, and is kept by nobody (rule H1).</summary>
    public static void LetPlayersRead(HttpContext context)
    {
        if (!ForPlayers(context.Request.Path)) return;
        context.Response.Headers.AccessControlAllowOrigin = "*";
        context.Response.Headers.CacheControl = "no-store";
    }

    /// <summary>Paths whose answers are read by pages of other origins.</summary>
    public static bool ForPlayers(PathString path) =>
        path.StartsWithSegments("/watch", StringComparison.Ordinal) || path.StartsWithSegments("/media", StringComparison.Ordinal);
}
