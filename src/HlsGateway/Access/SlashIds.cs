namespace HlsGateway.Access;

/// <summary>
/// Ids of videos may hold slashes. In the paths of the API they may be written escaped (<c>films%2Fbunny</c>) or as they are
/// (<c>/api/videos/films/bunny/analytics</c>, as <c>curl -T</c> sends them): before a route is chosen, the segments in front of the call's
/// own ones become one escaped segment. The calls are read from the routes. An id whose last segments spell a call, such as
/// <c>films/analytics</c>, can be written only escaped.
/// </summary>
internal static class SlashIds
{
    private const string Root = "/api/videos";

    /// <summary>Must stand in front of routing.</summary>
    public static void UseSlashIds(this WebApplication app)
    {
        var calls = new Lazy<Segment[][]>(() => Calls(app.Services.GetRequiredService<EndpointDataSource>()));
        app.Use((context, next) =>
        {
            if (context.Request.Path.StartsWithSegments(Root, StringComparison.OrdinalIgnoreCase, out var rest) && rest.Value is { Length: > 1 } path && Escaped(path, calls.Value) is { } escaped)
                context.Request.Path = Root + escaped;
            return next(context);
        });
    }

    /// <param name="path">What follows <c>/api/videos</c>, with its first slash.</param>
    /// <returns>Null where nothing is to be escaped.</returns>
    private static string? Escaped(string path, Segment[][] calls)
    {
        var segments = path[1..].Split('/');
        // An empty segment is in no id; routing decides what it means.
        if (segments.Length < 2 || segments.Contains(""))
            return null;
        var own = calls.First(call => call.Length < segments.Length && call.Zip(segments[^call.Length..]).All(pair => pair.First.Matches(pair.Second))).Length;
        return segments.Length - own == 1 ? null : $"/{string.Join("%2F", segments[..^own])}{string.Concat(segments[^own..].Select(segment => "/" + segment))}";
    }

    /// <summary>What follows the video's id in each route, the longest first and at last nothing.</summary>
    private static Segment[][] Calls(EndpointDataSource endpoints) =>
    [
        .. endpoints.Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText?.StartsWith(Root + "/{video}/", StringComparison.Ordinal) == true)
            .Select(endpoint => endpoint.RoutePattern.PathSegments.Skip(3)
                .Select(segment => new Segment(segment.IsSimple && segment.Parts[0] is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart text ? text.Content : null)).ToArray())
            .OrderByDescending(call => call.Length).ThenByDescending(call => call.Count(segment => segment.Text is not null)),
        [],
    ];

    /// <param name="Text">Null: a parameter.</param>
    private readonly record struct Segment(string? Text)
    {
        public bool Matches(string segment) => Text is null || string.Equals(Text, segment, StringComparison.OrdinalIgnoreCase);
    }
}
