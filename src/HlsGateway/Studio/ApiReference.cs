using System.Security.Cryptography;
using Scalar.AspNetCore;

namespace HlsGateway.Studio;

/// <summary>
/// <c>/docs</c>: the API to read and to try, made by Scalar from /openapi/v1.json. Its script comes from here; what would ask another host (fonts, usage
/// figures, a proxy, an assistant) is switched off, and the policy would not let it.
/// </summary>
internal static class ApiReference
{
    /// <summary>Its faint text, and two colours of code, are too light to read easily (WCAG 2.2, 1.4.3); these have a contrast of 4.5 and more.</summary>
    private const string Colours = """
        .light-mode.light-mode { --scalar-color-3: #686868; --scalar-color-orange: #b03b00; --scalar-color-green: #007348; }
        .dark-mode.dark-mode { --scalar-color-3: #949494; }
        """;

    public static void Map(IEndpointRouteBuilder app) => app.MapScalarApiReference("/docs", static (options, context) =>
    {
        var nonce = RandomNumberGenerator.GetHexString(32, lowercase: true);
        // Scalar makes its style sheets as it runs, without a nonce: a style that anybody could smuggle in could load nothing but what is here.
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
            $"script-src 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'";
        options.WithNonce(nonce).WithTitle("HlsGateway API").WithOpenApiRoutePattern("/openapi/{documentName}.json")
            .DisableDefaultFonts().DisableTelemetry().DisableAgent().DisableMcp().HideDeveloperTools().HideClientButton();
        // Its validator would try whether it may compile code, which the policy does not let it. Its page does not say its language.
        options.HeadContent = $"<script nonce=\"{nonce}\">globalThis.__zod_globalConfig = {{ jitless: true }}; document.documentElement.lang = 'en';</script>";
        options.CustomCss = Colours;
        // Beside /docs/, whatever path the whole stands below.
        options.Favicon = "../icon.svg";
    }).AllowAnonymous();
}
