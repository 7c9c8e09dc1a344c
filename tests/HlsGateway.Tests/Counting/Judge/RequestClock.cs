using Microsoft.AspNetCore.Http;

namespace HlsGateway.Tests.Counting.Judge;

/// <summary>A request brings its own time along (Unix ms), so that a story of days is played in seconds by many viewers at once; whatever is no request has the real time.</summary>
internal sealed class RequestClock(IHttpContextAccessor context) : TimeProvider
{
    public const string Header = "X-Test-At";

    public override DateTimeOffset GetUtcNow() =>
        long.TryParse(context.HttpContext?.Request.Headers[Header], out var ms) ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : base.GetUtcNow();
}
