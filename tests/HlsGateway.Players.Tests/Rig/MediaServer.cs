using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>One request that a server answered.</summary>
/// <param name="Referer">Empty when the client sent none.</param>
internal sealed record ServedRequest(string Method, string Path, string Query, string Referer, string Origin, string Range, int Status);

/// <summary>Static files over HTTP on a loopback port of its own, with a log: the foreign origin, the CDN, and the page.</summary>
internal sealed class MediaServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<ServedRequest> log;

    private MediaServer(WebApplication app, ConcurrentQueue<ServedRequest> log)
    {
        this.app = app;
        this.log = log;
        Address = new Uri(app.Urls.Single() + "/");
    }

    /// <summary>Ends with a slash.</summary>
    public Uri Address { get; }

    public IReadOnlyCollection<ServedRequest> Log => log;

    /// <param name="folders">Path prefix (<c>/</c> or <c>/name</c>) and the folder behind it.</param>
    /// <param name="cors">Every answer says that any page may read it.</param>
    public static async Task<MediaServer> StartAsync(bool cors, params (string Prefix, string Folder)[] folders)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var log = new ConcurrentQueue<ServedRequest>();
        app.Use(async (context, next) =>
        {
            var headers = context.Response.Headers;
            // What a browser kept would be missing from the log, and the log is the tally.
            headers.CacheControl = "no-store";
            if (cors) headers.AccessControlAllowOrigin = "*";
            await next(context);
            var asked = context.Request.Headers;
            log.Enqueue(new ServedRequest(context.Request.Method, context.Request.Path.Value ?? "", context.Request.QueryString.Value ?? "",
                asked.Referer.ToString(), asked.Origin.ToString(), asked.Range.ToString(), context.Response.StatusCode));
        });

        var types = new FileExtensionContentTypeProvider();
        types.Mappings[".m3u8"] = "application/vnd.apple.mpegurl";
        types.Mappings[".ts"] = "video/mp2t";
        types.Mappings[".m4s"] = "video/iso.segment";
        types.Mappings[".vtt"] = "text/vtt";
        types.Mappings[".bin"] = "application/octet-stream";
        foreach (var (prefix, folder) in folders)
        {
            Directory.CreateDirectory(folder);
            app.UseStaticFiles(new StaticFileOptions
            {
                FileProvider = new PhysicalFileProvider(folder),
                RequestPath = prefix.TrimEnd('/'),
                ContentTypeProvider = types,
            });
        }
        await app.StartAsync();
        return new MediaServer(app, log);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
