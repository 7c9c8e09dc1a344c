using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Primitives;

namespace HlsGateway.Access;

/// <summary>
/// Refuses query parameters that a call of the API does not take: a misspelt filter must not be an answer about everything. What a call
/// takes is read from its handler's parameters, so there is no list to keep. Player URLs, media and pages take whatever comes; so do
/// health checks and metrics, to which load balancers and scrapers add parameters of their own.
/// </summary>
internal static class QueryParameters
{
    /// <summary>Names that one refusal tells of; a query has hundreds.</summary>
    private const int MostTold = 5;

    private static readonly PathString[] Checked = ["/api", "/openapi", "/demo"];

    private static readonly ConditionalWeakTable<Endpoint, FrozenDictionary<string, Type>> Known = [];

    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (!request.QueryString.HasValue || context.GetEndpoint() is not RouteEndpoint endpoint
            || !Array.Exists(Checked, path => request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase)))
            return next(context);
        return Refuse(request.Query, TakenBy(endpoint)) is { } problem ? problem.ExecuteAsync(context) : next(context);
    }

    /// <summary>The names that a call takes, each with the type that its handler wants.</summary>
    internal static FrozenDictionary<string, Type> TakenBy(RouteEndpoint endpoint) => Known.GetValue(endpoint, static endpoint =>
        ((RouteEndpoint)endpoint).Metadata.GetOrderedMetadata<IParameterBindingMetadata>()
            .Select(parameter => (Name: NameOf(parameter, (RouteEndpoint)endpoint), Type: parameter.ParameterInfo.ParameterType))
            .Where(parameter => parameter.Name is not null)
            .DistinctBy(parameter => parameter.Name, StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(parameter => parameter.Name ?? "", parameter => Nullable.GetUnderlyingType(parameter.Type) ?? parameter.Type, StringComparer.OrdinalIgnoreCase));

    private static ProblemHttpResult? Refuse(IQueryCollection query, FrozenDictionary<string, Type> taken)
    {
        var names = taken.Keys.Order(StringComparer.Ordinal).ToArray();
        var takes = names.Length == 0 ? "This call takes no query parameters." : $"This call takes {string.Join(", ", names)}.";
        var unknown = query.Keys.Where(name => !taken.ContainsKey(name)).ToArray();
        if (unknown.Length > 0)
        {
            return Problems.Of(Problem.UnknownParameter,
                $"{string.Join(" ", unknown.Take(MostTold).Select(name => Unknown(name, names)))} {takes}");
        }
        foreach (var (name, values) in query)
        {
            var type = taken[name];
            if (values.Count > 1 && !type.IsArray && type != typeof(StringValues))
                return Problems.Of(Problem.RepeatedParameter, $"'{name}' is given {values.Count} times. Give it once.");
            if (values.Any(string.IsNullOrEmpty))
                return Problems.Of(Problem.EmptyParameter, $"'{name}' has no value. Give it one, or leave it out.");
            // The generated handlers answer a value of another type with a bare 400.
            if (Wanted(type, values.ToString()) is { } wanted)
                return Problems.Of(Problem.BadParameter, $"'{name}' must be {wanted}.");
        }
        return null;
    }

    /// <summary>What the value must be, where it is not.</summary>
    private static string? Wanted(Type type, string value) =>
        type == typeof(bool) && !bool.TryParse(value, out _) ? "true or false"
        : type == typeof(int) && !int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out _) ? "a whole number"
        : type == typeof(long) && !long.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out _) ? "a whole number"
        : type == typeof(double) && !double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? "a number"
        : null;

    internal static string Unknown(string name, IEnumerable<string> known) =>
        $"There is no '{(name.Length > 100 ? name[..100] : name)}'{(Nearest.To(name, known) is { } near ? $"; did you mean '{near}'?" : ".")}";

    /// <summary>Null where the value comes from elsewhere: the path, a header, the body, a service.</summary>
    private static string? NameOf(IParameterBindingMetadata parameter, RouteEndpoint endpoint)
    {
        var sources = parameter.ParameterInfo.GetCustomAttributes(inherit: true);
        if (sources.OfType<IFromQueryMetadata>().FirstOrDefault() is { } query)
            return query.Name ?? parameter.Name;
        var type = parameter.ParameterInfo.ParameterType;
        var isText = type == typeof(string) || type == typeof(string[]) || type == typeof(StringValues);
        return parameter.HasBindAsync || !(isText || parameter.HasTryParse)
            || Array.Exists(sources, source => source is IFromRouteMetadata or IFromHeaderMetadata or IFromBodyMetadata or IFromFormMetadata or IFromServiceMetadata)
            || endpoint.RoutePattern.GetParameter(parameter.Name) is not null
                ? null
                : parameter.Name;
    }
}
