using Microsoft.Extensions.Options;

namespace HlsGateway.Demo;

/// <summary>The demo: a video that the gateway makes for itself, and the counts that its page shows.</summary>
internal static class DemoSetup
{
    public static void AddDemo(this WebApplicationBuilder builder)
    {
        builder.Services.AddAnnotatedOptions<DemoOptions>(DemoOptions.Section);
        builder.Services.AddSingleton<DemoVideo>().AddSingleton<DemoSession>();
        builder.Services.AddHostedService<DemoStart>();
    }

    public static void MapDemo(this IEndpointRouteBuilder app)
    {
        if (!app.ServiceProvider.GetRequiredService<IOptions<GatewayOptions>>().Value.Has("studio") || !app.ServiceProvider.GetRequiredService<IOptions<DemoOptions>>().Value.Enabled)
            return;
        app.MapGet("/demo/session", (string? session_id, DemoSession demo, HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-store";
            return demo.AnswerAsync(session_id, context.RequestAborted);
        }).AllowAnonymous().ExcludeFromDescription();
    }
}
