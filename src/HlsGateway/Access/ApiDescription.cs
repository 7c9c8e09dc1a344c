using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace HlsGateway.Access;

/// <summary>What <c>/openapi/v1.json</c> says besides the calls themselves: who and where, the bearer scheme, the groups, the types of problems.</summary>
internal static class ApiDescription
{
    public static void Configure(OpenApiOptions options)
    {
        options.AddSchemaTransformer(ApiSchemas.TransformAsync);
        options.AddOperationTransformer(ApiOperations.TransformAsync);
        options.AddDocumentTransformer((document, context, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "HlsGateway",
                Version = Version,
                Description = "Sessions, captions, trailers and watch-seconds for HLS video on demand. Errors are RFC 9457 problem details: `type` is the URL of the page that explains them. Times are RFC 3339.",
                Contact = new OpenApiContact { Name = "The operator of this gateway" },
            };
            // Host is text that the client chose. Without a public address the description is of the host that it came from.
            var site = context.ApplicationServices.GetRequiredService<IOptions<GatewayOptions>>().Value.PublicUrl.TrimEnd('/');
            document.Servers = [new OpenApiServer { Url = site.Length > 0 ? site : "/", Description = "This gateway" }];
            var components = document.Components ??= new OpenApiComponents();
            components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            components.SecuritySchemes[BearerHandler.Name] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "`Authorization: Bearer <token>`: a token of the gateway with a role that the call allows.",
            };
            components.SecuritySchemes[ApiScheme.CookieSchemeName] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = ApiScheme.Cookie,
                Description = $"What POST /api/session gives a browser for a token. Every change that is made with it needs the header `{CrossSite.Header}` too, with the `csrf` of GET /api/session.",
            };
            // A HEAD is its GET without the body: clients that need it know so.
            foreach (var path in document.Paths.Values)
            {
                if (path.Operations is { } operations && operations.ContainsKey(HttpMethod.Get))
                    operations.Remove(HttpMethod.Head);
            }
            var calls = document.Paths.Values.SelectMany(path => path.Operations?.Values ?? Enumerable.Empty<OpenApiOperation>()).ToList();
            var groups = calls.SelectMany(call => call.Tags ?? Enumerable.Empty<OpenApiTagReference>()).Select(tag => tag.Name ?? "").Distinct(StringComparer.Ordinal);
            document.Tags = new HashSet<OpenApiTag>(groups.Order(StringComparer.Ordinal).Select(name => new OpenApiTag { Name = name, Description = ApiWords.All.Tags.GetValueOrDefault(name) }));
            ApiProblems.AddTo(components, calls.SelectMany(call => (call.Responses ?? []).Values).SelectMany(answer => answer.Content?.Values ?? Enumerable.Empty<OpenApiMediaType>())
                .SelectMany(media => media.Examples?.Keys ?? Enumerable.Empty<string>()).ToHashSet(StringComparer.Ordinal));
            ApiSchemas.Tidy(document);
            ApiExamples.AddTo(document);
            return Task.CompletedTask;
        });
    }

    /// <summary>Of the program, without the commit that it was built from.</summary>
    private static string Version =>
        typeof(ApiDescription).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
