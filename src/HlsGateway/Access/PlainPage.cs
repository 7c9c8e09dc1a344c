using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;

namespace HlsGateway.Access;

/// <summary>A page of text of our own: no script, no image, and the style within it, so that it asks for nothing else and stands on every role of the process.</summary>
internal static class PlainPage
{
    private static readonly string Style = Read("HlsGateway.tokens.css") + Read("HlsGateway.plain.css");

    /// <summary>Nothing may be loaded; the one style is allowed by its hash.</summary>
    private static readonly string Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-" +
        Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style))) + "'";

    /// <param name="title">Text.</param>
    /// <param name="main">HTML, in which every text is encoded already.</param>
    public static byte[] Of(string title, string main) => Encoding.UTF8.GetBytes($"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{HtmlEncoder.Default.Encode(title)} · HlsGateway</title>
        <style>{Style}</style>
        </head>
        <body>
        <header><p>HlsGateway</p><h1>{HtmlEncoder.Default.Encode(title)}</h1></header>
        <main>
        {main}</main>
        </body>
        </html>

        """);

    public static IResult Answer(HttpContext context, byte[] page)
    {
        context.Response.Headers.ContentSecurityPolicy = Policy;
        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Bytes(page, "text/html; charset=utf-8");
    }

    private static string Read(string name)
    {
        using var file = typeof(PlainPage).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not built in.");
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
