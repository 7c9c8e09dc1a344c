using HlsGateway.Access;
using HlsGateway.Counting;
using HlsGateway.Playback.Lane;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace HlsGateway.Playback;

/// <summary>The player URLs below <c>/watch/</c>.</summary>
internal static class PlaybackSetup
{
    private const string Route = WatchRequest.Prefix + "{**path}";
    private const string ScriptPath = WatchRequest.Prefix + ReportEndpoint.Name + ".js";

    public static void AddPlayback(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddAnnotatedOptions<SessionsOptions>(SessionsOptions.Section);
        // The keys of cookies stand in the database, and are mixed with a secret that does not: who has a copy of the database can make
        // no cookie. Not where gateways on one PostgreSQL made a secret each: they would not read each other's cookies.
        services.AddOptions<DataProtectionOptions>().Configure<IServiceProvider>(static (cookies, all) =>
        {
            if (all.GetRequiredService<IOptions<SessionsOptions>>().Value.Keys.Length > 0 || all.GetRequiredService<IConfiguration>().GetConnectionString("Ledger") is not { Length: > 0 })
                cookies.ApplicationDiscriminator += $" {all.GetRequiredService<SigningKeys>().Cookies}";
        });
        services.AddAnnotatedOptions<OriginOptions>(OriginOptions.Section);
        services.AddSectionNames<Dictionary<string, ClusterConfig>>("ReverseProxy:Clusters");
        services.AddSectionNames<Dictionary<string, RouteConfig>>("ReverseProxy:Routes");
        services.AddStartCheck<OriginCheck>();
        if (GatewayOptions.Of(builder.Configuration).Has("gateway"))
            services.AddHealthChecks().AddCheck<OriginHealth>("origin");
        services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));

        services.AddSingleton(static services => new SessionSpan(services.GetRequiredService<IOptions<SessionsOptions>>().Value.Lifetime));
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<OriginCluster>().AddSingleton<OriginTrouble>().AddSingleton<GuardedClient>().AddSingleton<OriginFetcher>();
        services.AddSingleton<PlaylistCache>().AddSingleton<PlaylistOrigin>().AddSingleton<KnownChildren>().AddSingleton<Masters>().AddSingleton<PlaylistIdentity>().AddSingleton<ContentLengths>();
        services.AddSingleton<ContentReader>().AddSingleton<UncountedNotice>().AddSingleton<PlaylistCompiler>().AddSingleton<TrailerCheck>().AddSingleton<TrailerPreview>().AddSingleton<PlaylistAnswer>().AddSingleton<MeasuredContent>().AddSingleton<SessionTrailer>();
        services.AddSingleton<MasterServer>().AddSingleton<MediaServer>().AddSingleton<CaptionServer>().AddSingleton<TrailerServer>().AddSingleton<PlaylistServer>();
        services.AddSingleton<VideoLookup>().AddSingleton<LooksForVideo>(static services => services.GetRequiredService<VideoLookup>().FindAsync);
        services.AddSingleton<PreparedAnswers>().AddSingleton<FastLane>();
        FastLane.Open(builder);
        services.AddSingleton<HitRecorder>().AddSingleton<SessionStarts>();
        services.AddSingleton<PublishedFiles>().AddSingleton<WatchRouter>().AddSingleton<MediaRedirect>().AddSingleton<PassThrough>().AddSingleton<WatchEndpoint>().AddSingleton<ReportEndpoint>().AddSingleton<InspectEndpoints>();
    }

    /// <summary>
    /// Answers GET and HEAD below <c>/watch/</c> in front of routing, authorization and whatever else no player needs: what they cost is a third of a
    /// playlist. The route below stays for the description of errors, and for addresses in other letters.
    /// </summary>
    public static void UsePlayers(WebApplication app)
    {
        if (!app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.Has("gateway"))
            return;
        var players = ((IApplicationBuilder)app).New();
        players.UseFailures();
        var watch = app.Services.GetRequiredService<WatchEndpoint>();
        players.Run(watch.ServeAsync);
        var serve = players.Build();
        var route = new RouteEndpoint(serve, RoutePatternFactory.Parse(Route), order: 0, metadata: null, displayName: null);
        app.Use((context, next) =>
        {
            if (!IsPlayers(context.Request))
                return next(context);
            context.SetEndpoint(route);
            return serve(context);
        });
    }

    public static void MapPlayback(this IEndpointRouteBuilder app)
    {
        TrailerTrialEndpoints.Map(app);
        PreviewEndpoints.Map(app);
        if (!app.ServiceProvider.GetRequiredService<IOptions<GatewayOptions>>().Value.Has("gateway"))
            return;
        InspectEndpoints.Map(app);
        var watch = app.ServiceProvider.GetRequiredService<WatchEndpoint>();
        app.MapMethods(Route, [HttpMethods.Get, HttpMethods.Head], (RequestDelegate)watch.ServeAsync).AllowAnonymous().ExcludeFromDescription();
        var script = PageScript();
        app.MapMethods(ScriptPath, [HttpMethods.Get, HttpMethods.Head], (HttpContext context) =>
        {
            WatchAnswer.AllowAnyOrigin(context.Response);
            context.Response.Headers.CacheControl = "public, max-age=3600";
            return TypedResults.Bytes(script, "text/javascript; charset=utf-8");
        }).AllowAnonymous().ExcludeFromDescription();
        app.MapMethods(SteeringEndpoint.Path, [HttpMethods.Get, HttpMethods.Head], SteeringEndpoint.ServeAsync).AllowAnonymous().ExcludeFromDescription();
        app.MapMethods(Route, [HttpMethods.Post], (HttpContext context, ReportEndpoint reports) =>
            ReportEndpoint.IsNamedBy(context.Request.Path) ? reports.ServeAsync(context) : RefuseMethod(context)).AllowAnonymous().ExcludeFromDescription();
        app.MapMethods(Route, [HttpMethods.Options], (RequestDelegate)Preflight).AllowAnonymous().ExcludeFromDescription();
        // After those in order: their methods match first. A refusal too must be readable across origins (rule H1).
        app.Map(Route, (RequestDelegate)RefuseMethod).AllowAnonymous().ExcludeFromDescription();
        // Loads the clusters and starts their health checks; the routes are ours.
        app.MapReverseProxy();
    }

    private static bool IsPlayers(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && request.Path.Value is { } path
        && path.StartsWith(WatchRequest.Prefix, StringComparison.Ordinal) && !path.Equals(ScriptPath, StringComparison.OrdinalIgnoreCase) && !path.Equals(SteeringEndpoint.Path, StringComparison.OrdinalIgnoreCase);

    private static byte[] PageScript()
    {
        using var file = typeof(PlaybackSetup).Assembly.GetManifestResourceStream("HlsGateway.Playback.cmcd.js")
            ?? throw new InvalidOperationException("The script for pages is not embedded in the program; build it again.");
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static Task RefuseMethod(HttpContext context)
    {
        WatchAnswer.AllowAnyOrigin(context.Response);
        context.Response.Headers.Allow = "GET, HEAD, OPTIONS";
        return Problems.Of(Problem.Method, "Players may GET, HEAD and ask OPTIONS below /watch/.").ExecuteAsync(context);
    }

    private static Task Preflight(HttpContext context)
    {
        var headers = context.Response.Headers;
        WatchAnswer.AllowAnyOrigin(context.Response);
        headers.AccessControlAllowMethods = ReportEndpoint.IsNamedBy(context.Request.Path) ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
        headers.AccessControlAllowHeaders = "*";
        headers.AccessControlMaxAge = "86400";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
