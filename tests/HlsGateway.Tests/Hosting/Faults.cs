using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace HlsGateway.Tests.Hosting;

/// <summary>What origins do on bad days; for <see cref="LoopbackOrigin.Answer"/>.</summary>
public static class Faults
{
    public const string Playlist = "application/vnd.apple.mpegurl";

    public static RequestDelegate Status(int status, string body = "broken") => context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    };

    /// <summary>Accepts the request and says nothing, until the client or the origin goes.</summary>
    public static RequestDelegate Hang { get; } = static context => Task.Delay(Timeout.Infinite, context.RequestAborted);

    /// <summary>Headers at once, then one byte every <paramref name="interval"/>.</summary>
    public static RequestDelegate Drip(byte[] body, TimeSpan interval) => async context =>
    {
        context.Response.ContentType = Playlist;
        context.Response.ContentLength = body.Length;
        for (var i = 0; i < body.Length; i++)
        {
            await context.Response.Body.WriteAsync(body.AsMemory(i, 1), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(interval, context.RequestAborted);
        }
    };

    /// <summary>Promises the whole length and closes the connection after half.</summary>
    public static RequestDelegate Truncated(byte[] body) => async context =>
    {
        context.Response.ContentType = Playlist;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body.AsMemory(0, body.Length / 2), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        context.Abort();
    };

    /// <summary>Closes the connection without an answer.</summary>
    public static RequestDelegate Reset { get; } = static context =>
    {
        context.Abort();
        return Task.CompletedTask;
    };

    /// <summary>An error page that says 200 and claims to be a playlist.</summary>
    public static RequestDelegate Html { get; } = static context =>
    {
        context.Response.ContentType = Playlist;
        return context.Response.WriteAsync("<!doctype html><title>503</title><h1>Please come back later</h1>");
    };

    public static RequestDelegate Redirect(string location, int status = 302) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = location;
        return Task.CompletedTask;
    };

    /// <summary>A valid first line, then comment lines, <paramref name="megabytes"/> MiB of them, about a thousandth of that on the wire.</summary>
    public static RequestDelegate GzipBomb(int megabytes) => async context =>
    {
        context.Response.ContentType = Playlist;
        context.Response.Headers.ContentEncoding = "gzip";
        await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
        await gzip.WriteAsync("#EXTM3U\n"u8.ToArray(), context.RequestAborted);
        var megabyte = Comments();
        for (var i = 0; i < megabytes; i++) await gzip.WriteAsync(megabyte, context.RequestAborted);
    };

    /// <summary>A valid first line, then comment lines for ever.</summary>
    public static RequestDelegate Infinite { get; } = static async context =>
    {
        context.Response.ContentType = Playlist;
        await context.Response.WriteAsync("#EXTM3U\n", context.RequestAborted);
        var megabyte = Comments();
        while (true) await context.Response.Body.WriteAsync(megabyte, context.RequestAborted);
    };

    private static byte[] Comments()
    {
        var line = "#" + new string('x', 1022) + "\n";
        return Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(line, 1024)));
    }
}
