using Microsoft.AspNetCore.Hosting.StaticWebAssets;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Options;

namespace HlsGateway.Studio;

/// <summary>The web pages: clients of the JSON API like any other.</summary>
internal static class StudioSetup
{
    public static void AddStudio(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PagePolicy>();

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
        var page = Read(app.ServiceProvider.GetRequiredService<IWebHostEnvironment>().WebRootFileProvider.GetFileInfo("index.html"));

        app.MapStaticAssets().AllowAnonymous().Add(policy.Apply);
        app.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-cache";
            return TypedResults.Bytes(page, "text/html; charset=utf-8");
        }).AllowAnonymous().ExcludeFromDescription().Add(policy.Apply);
    }

    private static byte[] Read(IFileInfo file)
    {
        using var content = file.CreateReadStream();
        var bytes = new byte[file.Length];
        content.ReadExactly(bytes);
        return bytes;
    }
}
