using HlsGateway.Cdn;

namespace HlsGateway.Tests.Hosting;

/// <summary>For stores that a test makes itself: nothing stands in front of them.</summary>
internal static class NoCdn
{
    public static CdnAddresses Addresses { get; } = new(new CdnOptions(), "", new CdnHealth(new CdnProbeOptions()), TimeProvider.System);
}
