using Microsoft.Extensions.Options;

namespace HlsGateway.Telemetry;

/// <summary>
/// The time between being told to stop and stopping (<c>Gateway:StopDelay</c>): the gateway serves as before, but says that it is not ready, and each answer
/// over HTTP/1.1 is the last on its connection. What is in front goes elsewhere meanwhile, and finds nothing that breaks when the server closes.
/// </summary>
internal sealed class Departure : IHostedLifecycleService
{
    private readonly TimeSpan delay;
    private readonly TimeProvider time;
    private volatile bool begun;
    private volatile bool over;

    public Departure(IHostApplicationLifetime lifetime, IOptions<GatewayOptions> gateway, TimeProvider time)
    {
        (delay, this.time) = (gateway.Value.StopDelay, time);
        // A signal comes here first, and a host that is stopped from within to StoppingAsync.
        lifetime.ApplicationStopping.Register(() => begun = true);
    }

    public bool HasBegun => begun;

    /// <summary>The server closes now: an answer without an end, such as a stream of events, ends by itself, or the server would wait for it.</summary>
    public bool IsOver => over;

    /// <summary>Tells clients of HTTP/1.1 that no further request is taken on this connection (RFC 9112, section 9.6). Those of HTTP/2 get a GOAWAY when the server closes.</summary>
    public Task TellAsync(HttpContext context, RequestDelegate next)
    {
        if (begun && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
        return next(context);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs before the server and whatever else is stopped.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        begun = true;
        if (delay > TimeSpan.Zero)
            await Task.Delay(delay, time, cancellationToken);
        over = true;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
