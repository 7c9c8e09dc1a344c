using Microsoft.AspNetCore.Hosting.StaticWebAssets;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Options;

namespace HlsGateway.Studio;

/// <summary>The web pages: clients of the JSON API like any other.</summary>
internal static class StudioSetup
{
    public static void AddStudio(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PagePolicy>().AddSingleton<StartPage>();

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
        app.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-cache";
            return TypedResults.Bytes(page.Value, "text/html; charset=utf-8");
        }).AllowAnonymous().ExcludeFromDescription().Add(policy.Apply);
        Documentation.Map(app);
    }

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
