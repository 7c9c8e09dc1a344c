using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Hosting.StaticWebAssets;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Options;

namespace HlsGateway.Studio;

/// <summary>The web pages: clients of the JSON API like any other.</summary>
internal static partial class StudioSetup
{
    public static void AddStudio(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PagePolicy>().AddSingleton<StartPage>().AddSingleton<StudioShell>();

        // The pages lie beside the program, wherever it is started from: in wwwroot once published, else where the build's manifest says.
        var published = Path.Combine(AppContext.BaseDirectory, "wwwroot");
        if (Directory.Exists(published))
        {
            builder.Environment.WebRootPath = published;
            builder.Environment.WebRootFileProvider = new PhysicalFileProvider(published);
        }
        else
        {
            StaticWebAssetsLoader.UseStaticWebAssets(builder.Environment, builder.Configuration);
        }
    }

    public static void MapStudio(this IEndpointRouteBuilder app)
    {
        if (!app.ServiceProvider.GetRequiredService<IOptions<GatewayOptions>>().Value.Has("studio"))
            return;

        var policy = app.ServiceProvider.GetRequiredService<PagePolicy>();
        // With the first request: rooms below this one map theirs later.
        var page = new Lazy<byte[]>(() => app.ServiceProvider.GetRequiredService<StartPage>().Read(app.ServiceProvider.GetRequiredService<EndpointDataSource>()));

        ApiReference.Map(app);
        var files = app.MapStaticAssets().AllowAnonymous();
        files.Add(policy.Apply);
        files.Add(HideUnfilled);
        files.Add(KeepHashed);
        app.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-cache";
            return TypedResults.Bytes(page.Value, "text/html; charset=utf-8");
        }).AllowAnonymous().ExcludeFromDescription().Add(policy.Apply);
        app.MapMethods("/studio/{**page}", [HttpMethods.Get, HttpMethods.Head], ShowStudio).AllowAnonymous().ExcludeFromDescription().Add(policy.ApplyToStudio);
        Documentation.Map(app);
    }

    private static FileContentHttpResult ShowStudio(HttpContext context, StudioShell shell)
    {
        context.Response.Headers.CacheControl = "no-cache";
        // As it came, escapes and all: an escaped slash in it is no step of the address.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.AsSpan(0, target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var end ? end : target.Length);
        var studio = path.IndexOf("/studio", StringComparison.Ordinal);
        return TypedResults.Bytes(shell.Read(studio < 0 ? "" : path[(studio + "/studio".Length)..].ToString()), "text/html; charset=utf-8");
    }

    /// <summary>A file whose name holds the hash of its content never changes: esbuild's parts, as the build's own fingerprints.</summary>
    private static void KeepHashed(EndpointBuilder endpoint)
    {
        if (endpoint is not RouteEndpointBuilder { RoutePattern.RawText: { } path, RequestDelegate: { } inner } || !HashedName().IsMatch(path))
            return;
        endpoint.RequestDelegate = context =>
        {
            context.Response.OnStarting(static state =>
            {
                var response = (HttpResponse)state;
                if (response.StatusCode is StatusCodes.Status200OK or StatusCodes.Status304NotModified)
                    response.Headers.CacheControl = "max-age=31536000, immutable";
                return Task.CompletedTask;
            }, context.Response);
            return inner(context);
        };
    }

    [GeneratedRegex("^/?studio/app/[a-z.-]+-[A-Z0-9]{8}[.]js$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HashedName();

    /// <summary>Pages have places for what only the process knows, and are served filled in, where they belong: not as files.</summary>
    private static void HideUnfilled(EndpointBuilder endpoint)
    {
        if (endpoint is RouteEndpointBuilder { RoutePattern: RoutePattern { RawText: { } path } } && path.Contains(".html", StringComparison.Ordinal))
            endpoint.RequestDelegate = static context =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            };
    }
}
