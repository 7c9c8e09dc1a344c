namespace HlsGateway.Studio;

/// <summary>
/// <c>/documentation/{page}</c>: the pages of docs and README as they were when the program was built, as plain text. Whoever has only the
/// published folder has them too.
/// </summary>
internal static class Documentation
{
    private const string Prefix = "HlsGateway.documentation.";

    public static void Map(IEndpointRouteBuilder app)
    {
        foreach (var name in typeof(Documentation).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            app.MapMethods($"/documentation/{name[Prefix.Length..]}", [HttpMethods.Get, HttpMethods.Head], (HttpContext context) =>
            {
                context.Response.Headers.CacheControl = "no-cache";
                return TypedResults.Stream(typeof(Documentation).Assembly.GetManifestResourceStream(name)!, "text/plain; charset=utf-8");
            }).AllowAnonymous().ExcludeFromDescription();
        }
    }
}
