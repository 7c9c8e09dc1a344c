using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.Features;

namespace HlsGateway.Access;

/// <summary>
/// Refuses a request target that holds anything but visible ASCII (RFC 3986 allows nothing else). Kestrel lets control characters
/// through, a bare carriage return among them, and whatever passes a target on would write them into its own request line.
/// </summary>
internal static class RequestTarget
{
    public static Task Refuse(HttpContext context, RequestDelegate next)
    {
        if (!context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return next(context);
        SecurityHeaders.LetPlayersRead(context);
        return Problems.Of(Problem.BadTarget,
            "Percent-encode spaces, control characters and whatever is not ASCII, in the path and in the query: a space is %20, é is %C3%A9.").ExecuteAsync(context);
    }
}
