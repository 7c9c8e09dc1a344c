using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Hostile;

/// <summary>The rules of HTTP hold without the fast lane too: the same tests, with <c>Gateway:FastLane=false</c>.</summary>
public sealed class HttpRuleWithoutFastLaneTests : HttpRuleTests
{
    public HttpRuleWithoutFastLaneTests() => GatewayHost.FastLane.Value = false;
}

public sealed class RequestAbuseWithoutFastLaneTests : RequestAbuseTests
{
    public RequestAbuseWithoutFastLaneTests() => GatewayHost.FastLane.Value = false;
}

public sealed class PathWithoutFastLaneTests : PathTests
{
    public PathWithoutFastLaneTests() => GatewayHost.FastLane.Value = false;
}

public sealed class TargetBytesWithoutFastLaneTests : TargetBytesTests
{
    public TargetBytesWithoutFastLaneTests() => GatewayHost.FastLane.Value = false;
}
