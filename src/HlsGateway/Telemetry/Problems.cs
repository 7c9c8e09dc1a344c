using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Telemetry;

/// <summary>Errors as RFC 9457 problem details.</summary>
internal static class Problems
{
    /// <param name="slug">Stable and hyphenated; the <c>type</c> is <c>urn:hlsgateway:problem:{slug}</c>.</param>
    /// <param name="title">The same for every occurrence.</param>
    /// <param name="detail">What to do, for this occurrence. Never a token, an address or a path on this machine.</param>
    public static ProblemHttpResult Of(int status, string slug, string title, string detail) =>
        TypedResults.Problem(detail, instance: null, statusCode: status, title: title, type: $"urn:hlsgateway:problem:{slug}");
}
