namespace HlsGateway.Studio;

/// <summary>
/// What a page of ours may load: its own files and the media, nothing inline and nothing from anyone else. So text that an
/// editor or an uploader wrote can never become a script, and no other host learns who visits.
/// </summary>
internal sealed class PagePolicy(IConfiguration configuration)
{
    private readonly string hosts = Hosts(configuration["Storage:PublicUrl"], configuration["Gateway:Cdn:BaseUrl"]);

    /// <summary>Replaces the closed policy, which every other answer carries, on the answers of one endpoint.</summary>
    public void Apply(EndpointBuilder endpoint) => Apply(endpoint, $"default-src 'none'; base-uri 'none'; {Common()}; img-src 'self'");

    /// <summary>
    /// The Studio's: its base is the application's root, its pictures may come from the store, drawings from the style sheet, and text
    /// becomes markup or a script's address nowhere but in two named places of its own (Trusted Types).
    /// </summary>
    public void ApplyToStudio(EndpointBuilder endpoint) => Apply(endpoint,
        $"default-src 'none'; base-uri 'self'; {Common()}; img-src 'self' data: blob:{hosts}; require-trusted-types-for 'script'; trusted-types lit-html default");

    private static void Apply(EndpointBuilder endpoint, string policy)
    {
        var inner = endpoint.RequestDelegate;
        if (inner is null)
            return;

        endpoint.RequestDelegate = context =>
        {
            context.Response.Headers.ContentSecurityPolicy = policy;
            return inner(context);
        };
    }

    // blob: is how a page hands Media Source Extensions to a video element, data: the empty text track that hls.js hangs its
    // captions on; neither is allowed for scripts or workers.
    private string Common() =>
        $"form-action 'none'; frame-ancestors 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; connect-src 'self'{hosts}; media-src 'self' blob: data:{hosts}";

    /// <param name="mediaHosts">Absolute URLs or null: segments are redirected there, and a policy is asked at each hop.</param>
    private static string Hosts(params string?[] mediaHosts) => string.Concat(mediaHosts
        .Where(url => Uri.TryCreate(url, UriKind.Absolute, out _))
        .Select(url => " " + new Uri(url!).GetLeftPart(UriPartial.Authority))
        .Distinct(StringComparer.Ordinal));
}
