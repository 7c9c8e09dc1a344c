using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HlsGateway.Tests.Hosting;

public sealed record OriginRequest(string Method, string PathAndQuery, IHeaderDictionary Headers);

/// <summary>
/// Somebody else's HLS origin on a loopback port: files in memory with ETag, Range and HEAD, any path scripted to misbehave
/// (<see cref="Faults"/>), and a log of what was asked.
/// </summary>
public sealed class LoopbackOrigin : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, RequestDelegate> answers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<OriginRequest> requests = new();
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource closing = new();
    private volatile RequestDelegate? everything;

    private LoopbackOrigin(WebApplication app)
    {
        this.app = app;
        Address = new Uri(app.Urls.First().TrimEnd('/') + "/");
    }

    /// <summary>Ends with a slash.</summary>
    public Uri Address { get; }

    public IReadOnlyCollection<OriginRequest> Requests => requests;

    public static async Task<LoopbackOrigin> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestLineSize = 64 * 1024;
        });
        builder.Services.AddLogging();
        var app = builder.Build();
        LoopbackOrigin? origin = null;
        app.Run(context => origin!.AnswerAsync(context));
        await app.StartAsync();
        return origin = new LoopbackOrigin(app);
    }

    /// <param name="path">Without the leading slash, as it stands below <c>/watch/</c>; still escaped as in the URL.</param>
    public void Serve(string path, byte[] body, string? contentType = null)
    {
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(body)).AsSpan(0, 16)}\"";
        answers[path] = context => FileAsync(context, body, contentType ?? TypeOf(path), tag);
    }

    public void Serve(string path, string body, string? contentType = null) => Serve(path, Encoding.UTF8.GetBytes(body), contentType);

    /// <summary>Scripts one path; see <see cref="Faults"/>.</summary>
    public void Answer(string path, RequestDelegate answer) => answers[path] = answer;

    /// <summary>Scripts every path until <see cref="Recover"/>.</summary>
    public void AnswerEverything(RequestDelegate answer) => everything = answer;

    public void Recover() => everything = null;

    public void Remove(string path) => answers.TryRemove(path, out _);

    /// <summary>Requests for the path so far, whatever their method, query or outcome.</summary>
    public int Count(string path) => counts.GetValueOrDefault(path);

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        closing.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        // The raw target, so that a test sees what was sent and not what a server makes of it.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.Split('?')[0].TrimStart('/');
        requests.Enqueue(new OriginRequest(context.Request.Method, target, new HeaderDictionary(context.Request.Headers.ToDictionary())));
        counts.AddOrUpdate(path, 1, static (_, count) => count + 1);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, closing.Token);
        context.RequestAborted = cancelled.Token;
        try
        {
            var answer = everything ?? answers.GetValueOrDefault(path);
            if (answer is null) context.Response.StatusCode = 404;
            else await answer(context);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException && cancelled.IsCancellationRequested)
        {
            context.Abort();
        }
    }

    private static Task FileAsync(HttpContext context, byte[] body, string contentType, string tag)
    {
        var response = context.Response;
        response.Headers.ETag = tag;
        if (context.Request.Headers.IfNoneMatch == tag)
        {
            response.StatusCode = 304;
            return Task.CompletedTask;
        }
        response.ContentType = contentType;
        response.Headers.AcceptRanges = "bytes";
        ReadOnlyMemory<byte> part = body;
        var range = context.Request.GetTypedHeaders().Range?.Ranges.FirstOrDefault();
        if (range is not null)
        {
            var from = range.From ?? Math.Max(0, body.Length - (range.To ?? 0));
            var to = Math.Min(range.From is null ? body.Length - 1 : range.To ?? (body.Length - 1), body.Length - 1);
            if (from > to)
            {
                response.StatusCode = 416;
                return Task.CompletedTask;
            }
            part = body.AsMemory((int)from, (int)(to - from + 1));
            response.StatusCode = 206;
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{to}/{body.Length}");
        }
        response.ContentLength = part.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(part, context.RequestAborted).AsTask();
    }

    private static string TypeOf(string path) => Path.GetExtension(path) switch
    {
        ".m3u8" => "application/vnd.apple.mpegurl",
        ".ts" => "video/mp2t",
        ".m4s" or ".mp4" => "video/mp4",
        ".vtt" => "text/vtt",
        ".jpg" => "image/jpeg",
        _ => "application/octet-stream",
    };
}
