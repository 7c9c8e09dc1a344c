using System.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace HlsGateway.Telemetry;

/// <summary>
/// Writes every problem of every room, the framework's own too, whatever the client accepts: its <c>type</c> is the absolute URL of
/// the page that explains it, and <c>trace_id</c> names the request; the line of the log about a failure on our side carries it.
/// </summary>
internal sealed class ProblemWriter(IOptions<GatewayOptions> gateway, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json) : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (http, problem) = (context.HttpContext, context.ProblemDetails);
        problem.Status ??= http.Response.StatusCode;
        // Of the framework's own: none of our types explains it better than "refused".
        if (problem.Type?.StartsWith(Problem.Path, StringComparison.Ordinal) is not true)
            (problem.Type, problem.Title) = (Problem.Path + Problem.Refused.Slug, Problem.Refused.Title);
        // Host is text that the client chose. So it comes back to that client alone: no cache may keep the answer for others.
        // HTTP/1.0 may leave it out; then the reference is relative to what was asked.
        if (http.Request.Host.HasValue || gateway.Value.PublicUrl.Length > 0)
            problem.Type = gateway.Value.SiteOf(http.Request) + problem.Type;
        if (http.Response.Headers.CacheControl.Count == 0)
            http.Response.Headers.CacheControl = "no-store";
        problem.Extensions["trace_id"] = TraceId(http);
        await http.Response.WriteAsJsonAsync<ProblemDetails>(problem, json.Value.SerializerOptions, "application/problem+json", http.RequestAborted);
    }

    /// <summary>The id of the trace that is exported, where one is; else the connection and the request's number on it.</summary>
    public static string TraceId(HttpContext context) => Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;
}
