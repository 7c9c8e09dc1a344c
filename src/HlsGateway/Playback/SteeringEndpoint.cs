using System.Buffers.Text;
using System.Text.Json;
using HlsGateway.Cdn;

namespace HlsGateway.Playback;

/// <summary>
/// The steering manifest (draft-pantos-hls-rfc8216bis section 7): what a player may try when what it fetches fails. Every session's own
/// pathway is <c>.</c>, where the gateway chooses; each further one is the gateway by another name, whose redirects lead to one base.
/// </summary>
internal static class SteeringEndpoint
{
    public const string Name = "~steering.json";

    public const string Path = WatchRequest.Prefix + Name;

    private const string ContentType = "application/vnd.apple.steering-list";

    public static async Task ServeAsync(HttpContext context, CdnAddresses cdn)
    {
        WatchAnswer.AllowAnyOrigin(context.Response);
        // The session only orders what everybody may know: its signature is not looked at.
        var pathways = cdn.Pathways(cdn.Viewer(context.Request, Session(context.Request.Query[PlayerQuery.SessionName].ToString()), 0, isPreview: false, counts: false));
        var manifest = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["VERSION"] = 1,
            ["TTL"] = (int)cdn.SteeringTtl.TotalSeconds,
            ["PATHWAY-PRIORITY"] = (string[])[".", .. pathways.Select(one => one.Name)],
            ["PATHWAY-CLONES"] = pathways.Select(one => new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["BASE-ID"] = ".",
                ["ID"] = one.Name,
                ["URI-REPLACEMENT"] = new Dictionary<string, string>(StringComparer.Ordinal) { ["HOST"] = one.Host },
            }).ToArray(),
        };
        var body = JsonSerializer.SerializeToUtf8Bytes(manifest);
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = body.Length;
        if (HttpMethods.IsGet(context.Request.Method))
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static Guid Session(string token)
    {
        Span<byte> raw = stackalloc byte[30];
        return token.Length == SessionToken.Length && Base64Url.TryDecodeFromChars(token, raw, out var written) && written == raw.Length ? new Guid(raw[..16], bigEndian: true) : Guid.Empty;
    }
}
