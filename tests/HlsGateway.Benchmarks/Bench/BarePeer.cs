using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>ASP.NET Core with nothing in it but a redirect: what the framework costs, and the bytes it allocates.</summary>
internal static class BarePeer
{
    public static async Task RunAsync(string address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Urls.Add(address);
        app.Run(static context =>
        {
            if (context.Request.Path == "/allocated") return context.Response.WriteAsync(GC.GetTotalAllocatedBytes().ToString(CultureInfo.InvariantCulture));
            context.Response.StatusCode = StatusCodes.Status302Found;
            context.Response.Headers.Location = $"https://cdn.example.com{context.Request.Path.Value}";
            context.Response.ContentLength = 0;
            return Task.CompletedTask;
        });
        await app.RunAsync();
    }
}
