using System.Text.Json;
using System.Text.Json.Serialization;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Options;

namespace HlsGateway.Access;

/// <summary>Who may call what, and what one client may take. Denied by default: an endpoint without a stated role needs admin.</summary>
internal static class AccessSetup
{
    public static void AddAccess(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddAnnotatedOptions<AccessOptions>(GatewayOptions.Section);
        services.AddStartCheck<DescriptorCheck>();
        services.AddSingleton<TokenTable>().AddSingleton<FailedAttempts>().AddSingleton<ForwardedClients>();

        // The policies name the scheme themselves: without a default one, players' requests never reach the handler.
        AppContext.SetSwitch("Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme", true);
        // The keys of the cookies stand in the catalogue's database (Tokens).
        ApiScheme.Add(services.AddAuthentication());
        CrossSite.Add(services);
        var policies = services.AddAuthorizationBuilder().SetFallbackPolicy(AdminUnlessNothingIsThere());
        foreach (var role in Roles.All)
            policies.AddPolicy(role, policy => policy.AddAuthenticationSchemes(ApiScheme.Name).RequireRole(role, Roles.Admin));
        policies.AddPolicy(Roles.AnalystOrEditor, policy => policy.AddAuthenticationSchemes(ApiScheme.Name).RequireRole(Roles.Analyst, Roles.Editor, Roles.Admin));
        policies.AddPolicy(Roles.UploaderOrEditor, policy => policy.AddAuthenticationSchemes(ApiScheme.Name).RequireRole(Roles.Uploader, Roles.Editor, Roles.Admin));
        policies.AddPolicy(Roles.Any, policy => policy.AddAuthenticationSchemes(ApiScheme.Name).RequireRole(Roles.All));

        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            // A number is a number: else the description would have to say "number or text" of each, and clients would read text.
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
            json.SerializerOptions.Converters.Add(new JsonTimes());
            json.SerializerOptions.Converters.Add(new JsonUtcTimes());
            // A misspelt key must not be a change that somebody did not mean.
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.SerializerOptions.AllowDuplicateProperties = false;
        });
        // A build (not a publish) would otherwise map a catch-all route of the framework's that states no role.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = [KeyValuePair.Create<string, string?>("ReloadStaticAssetsAtRuntime", "false")],
        });
        // One shape of answer for a body or parameter that cannot be read, in every environment.
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<AccessOptions>>(static (forwarded, access) => Believe(forwarded, access.Value));
        services.AddOpenApi("v1", ApiDescription.Configure);
        builder.WebHost.ConfigureKestrel((context, kestrel) => KestrelLimits.Apply(kestrel, context.Configuration));
    }

    /// <param name="players">Answers what needs neither routes nor roles.</param>
    public static void UseAccess(this WebApplication app, Action<WebApplication> players)
    {
        // Made before the first request, so that a first start tells its token at once.
        app.Services.GetRequiredService<TokenTable>();
        // A proxy may take the path of the public address away, or pass it on.
        if (app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.PublicUrl is { Length: > 0 } site)
            app.UsePathBase(PathString.FromUriComponent(new Uri(site)));
        app.Use(app.Services.GetRequiredService<Departure>().TellAsync);
        app.Use(app.Services.GetRequiredService<ForwardedClients>().NoticeAsync);
        if (app.Services.GetRequiredService<IOptions<AccessOptions>>().Value.KnownProxies.Length > 0)
            app.UseForwardedHeaders();
        app.Use(SecurityHeaders.Apply);
        app.Use(Framing.Refuse);
        app.Use(RequestTarget.Refuse);
        app.Use(CrossSite.RefuseServiceWorkers);
        players(app);
        app.UseSlashIds();
        app.UseRouting();
        app.UseFailures();
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use(CrossSite.CheckAsync);
        app.Use(QueryParameters.CheckAsync);
        ProblemEndpoints.Map(app);
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        // How much is watched, what fails, which origins are asked: sums, but not for everybody.
        app.MapPrometheusScrapingEndpoint("/metrics").RequireAuthorization(Roles.Analyst).WithMetadata(new HttpMethodMetadata([HttpMethods.Get]));
    }

    /// <summary>Whether the caller of an open endpoint has a token with a role that may read the details hidden from strangers.</summary>
    public static async Task<bool> IsTrustedAsync(HttpContext context) =>
        (context.Request.Headers.Authorization.Count > 0 || ApiScheme.IsByCookie(context))
        && (await context.AuthenticateAsync(ApiScheme.IsByCookie(context) ? ApiScheme.Cookie : BearerHandler.Name)).Principal is { } user
        && (user.IsInRole(Roles.Admin) || user.IsInRole(Roles.Analyst));

    // Where there is no route (404), or none for the method (405), there is nothing to protect, and the true status helps more.
    private static AuthorizationPolicy AdminUnlessNothingIsThere() => new AuthorizationPolicyBuilder(ApiScheme.Name)
        .RequireAssertion(static context =>
            (context.Resource as HttpContext)?.GetEndpoint() is not RouteEndpoint || context.User.IsInRole(Roles.Admin))
        .Build();

    private static void Believe(ForwardedHeadersOptions forwarded, AccessOptions access)
    {
        // Not X-Forwarded-Host: a proxy passes Host on, or Gateway:PublicUrl says what players see.
        forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        forwarded.ForwardLimit = null;
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in access.KnownProxies)
            forwarded.KnownIPNetworks.Add(AccessOptions.NetworkOf(proxy));
    }
}
