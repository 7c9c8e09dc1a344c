using System.Security.Cryptography;
using Scalar.AspNetCore;

namespace HlsGateway.Studio;

/// <summary>
/// <c>/docs</c>: the API to read and to try, made by Scalar from /openapi/v1.json. Its script comes from here; what would ask another host (fonts, usage
/// figures, a proxy, an assistant) is switched off, and the policy would not let it.
/// </summary>
internal static class ApiReference
{
    public static void Map(IEndpointRouteBuilder app) => app.MapScalarApiReference("/docs", static (options, context) =>
    {
        var nonce = RandomNumberGenerator.GetHexString(32, lowercase: true);
        // Scalar makes its style sheets as it runs, without a nonce: a style that anybody could smuggle in could load nothing but what is here.
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
            $"script-src 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'";
        options.WithNonce(nonce).WithTitle("HlsGateway API").WithOpenApiRoutePattern("/openapi/{documentName}.json")
            .DisableDefaultFonts().DisableTelemetry().DisableAgent().DisableMcp().HideDeveloperTools().HideClientButton();
        // Its validator would try whether it may compile code, which the policy does not let it.
        options.HeadContent = $"<script nonce=\"{nonce}\">globalThis.__zod_globalConfig = {{ jitless: true }};</script>";
        // Beside /docs/, whatever path the whole stands below.
        options.Favicon = "../icon.svg";
    }).AllowAnonymous();
}
