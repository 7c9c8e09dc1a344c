namespace HlsGateway.Studio;

/// <summary>
/// What a page of ours may load: its own files and the media, nothing inline and nothing from anyone else. So text that an
/// editor or an uploader wrote can never become a script, and no other host learns who visits.
/// </summary>
internal sealed class PagePolicy(IConfiguration configuration)
{
    private readonly string contentSecurityPolicy = Build(configuration["Storage:PublicUrl"], configuration["Gateway:Cdn:BaseUrl"]);

    /// <summary>Replaces the closed policy, which every other answer carries, on the answers of one endpoint.</summary>
    public void Apply(EndpointBuilder endpoint)
    {
        var inner = endpoint.RequestDelegate;
        if (inner is null)
            return;

        endpoint.RequestDelegate = context =>
        {
            context.Response.Headers.ContentSecurityPolicy = contentSecurityPolicy;
            return inner(context);
        };
    }

    /// <param name="mediaHosts">Absolute URLs or null: segments are redirected there, and a policy is asked at each hop.</param>
    private static string Build(params string?[] mediaHosts)
    {
        var hosts = string.Concat(mediaHosts
            .Where(url => Uri.TryCreate(url, UriKind.Absolute, out _))
            .Select(url => " " + new Uri(url!).GetLeftPart(UriPartial.Authority))
            .Distinct(StringComparer.Ordinal));

        // blob: is how a page hands Media Source Extensions to a video element, data: the empty text track that hls.js hangs its
        // captions on; neither is allowed for scripts or workers.
        return "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
            $"script-src 'self'; style-src 'self'; img-src 'self'; worker-src 'self'; connect-src 'self'{hosts}; media-src 'self' blob: data:{hosts}";
    }
}
