using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>A proxy that serves the gateway below a path of its own, and takes that path away on the way: the gateway is told nothing of it.</summary>
internal sealed class PrefixProxy : IAsyncDisposable
{
    private readonly WebApplication app;

    private PrefixProxy(WebApplication app) => this.app = app;

    /// <summary>Ends with a slash; the prefix comes behind it.</summary>
    public Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/");

    public static async Task<PrefixProxy> StartAsync(Uri gateway, string prefix)
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "gateway", Match = new RouteMatch { Path = prefix + "/{**rest}" }, Transforms = [new Dictionary<string, string>(StringComparer.Ordinal) { ["PathRemovePrefix"] = prefix }] }],
            [new ClusterConfig { ClusterId = "gateway", Destinations = new Dictionary<string, DestinationConfig>(StringComparer.Ordinal) { ["one"] = new() { Address = gateway.AbsoluteUri } } }]);
        var app = builder.Build();
        app.MapReverseProxy();
        await app.StartAsync();
        return new PrefixProxy(app);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
