using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace HlsGateway.Access;

/// <summary>What <c>/openapi/v1.json</c> says besides the calls themselves: the bearer scheme, and each call's role.</summary>
internal static class ApiDescription
{
    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "HlsGateway",
                Version = "v1",
                Description = "Sessions, captions, trailers and watch-seconds for HLS video on demand. Errors are RFC 9457 problem details.",
            };
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            document.Components.SecuritySchemes[BearerHandler.Name] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" };
            // The client knows the address it asked, and Host is text that the client chose.
            document.Servers?.Clear();
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            if (metadata.OfType<IAllowAnonymous>().Any()) return Task.CompletedTask;
            var roles = metadata.OfType<IAuthorizeData>().Select(data => data.Policy ?? Roles.Admin).DefaultIfEmpty(Roles.Admin);
            operation.Description = $"{operation.Description}{(operation.Description is { Length: > 0 } ? "\n\n" : "")}Role: {string.Join(", ", roles)}.";
            operation.Security ??= [];
            operation.Security.Add(new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(BearerHandler.Name, context.Document)] = [] });
            return Task.CompletedTask;
        });
    }
}
