using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace HlsGateway.Tests.Storage;

/// <summary>
/// Stands between a worker and its object store and passes everything on, but can stop one request at a named point: before the
/// store has it, when half of its object has gone there, or when the store has done it and the worker does not know yet.
/// </summary>
internal sealed class StoreProxy : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false });
    private readonly Uri store;
    private readonly List<Trap> traps = [];

    private StoreProxy(WebApplication app, Uri store) => (this.app, this.store) = (app, store);

    /// <summary>Without a slash at its end.</summary>
    public string Endpoint => app.Urls.First().TrimEnd('/');

    public static async Task<StoreProxy> StartAsync(string store)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
        });
        builder.Services.AddLogging();
        var app = builder.Build();
        var proxy = new StoreProxy(app, new Uri(store));
        app.Run(proxy.PassAsync);
        await app.StartAsync();
        return proxy;
    }

    /// <summary>Stops the first request that fits. Several of these may wait at once; they are all set before the first request.</summary>
    /// <param name="key">Of the object's key.</param>
    public Trap Hold(string method, Regex key, Moment moment)
    {
        var trap = new Trap(method, key, moment);
        traps.Add(trap);
        return trap;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var trap in traps) trap.Release();
        client.Dispose();
        await app.DisposeAsync();
    }

    private async Task PassAsync(HttpContext context)
    {
        var raw = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var at = traps.Find(trap => trap.Fits(context.Request.Method, raw));
        try
        {
            if (at is { Moment: Moment.Before }) await at.StopAsync(context.RequestAborted);
            var body = context.Request.Body;
            if (at is { Moment: Moment.Within }) body = new StoppingStream(body, context.Request.ContentLength ?? 0, () => at.StopAsync(context.RequestAborted));
            using var request = Copy(context.Request, body, new Uri(store, raw));
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            if (at is { Moment: Moment.Done }) await at.StopAsync(context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
            foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
                if (!name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)) context.Response.Headers[name] = new StringValues([.. values]);
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            context.Abort();
        }
    }

    private static HttpRequestMessage Copy(HttpRequest from, Stream body, Uri to)
    {
        var request = new HttpRequestMessage(new HttpMethod(from.Method), to);
        // A length of nothing is signed and sent like any other.
        if (from.ContentLength is not null || from.Headers.TransferEncoding.Count > 0) request.Content = new StreamContent(body);
        foreach (var (name, values) in from.Headers)
        {
            if (name is "Connection" or "Expect" or "Transfer-Encoding") continue;
            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray())) request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        }
        return request;
    }

    internal sealed class Trap(string method, Regex key, Moment moment)
    {
        private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int fired;

        public Moment Moment => moment;

        /// <summary>Ends when a request has been stopped.</summary>
        public Task Held => held.Task;

        public void Release() => go.TrySetResult();

        public bool Fits(string requestMethod, string target)
        {
            // /bucket/key?query
            var path = Uri.UnescapeDataString(target.Split('?')[0]);
            var slash = path.IndexOf('/', 1);
            return requestMethod == method && slash > 0 && key.IsMatch(path[(slash + 1)..]) && Interlocked.Exchange(ref fired, 1) == 0;
        }

        public Task StopAsync(CancellationToken aborted)
        {
            held.TrySetResult();
            return go.Task.WaitAsync(aborted);
        }
    }
}
