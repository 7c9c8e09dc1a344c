using HlsGateway.Playback;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Hosting;

/// <summary>Addresses that a host's Master Playlists would have written.</summary>
internal static class Signed
{
    /// <summary>A child playlist of the session, with the role that is given.</summary>
    public static string Child(GatewayHost host, string video, string below, string session, string role) =>
        $"watch/{video}/{below}?session_id={session}{PlaylistSignature.Parameters(host.Services.GetRequiredService<SigningKeys>(), video, below, "", ChildRole.Read(role))}";
}
