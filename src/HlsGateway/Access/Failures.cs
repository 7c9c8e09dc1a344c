using System.Text.Json;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HlsGateway.Access;

/// <summary>Answers an unhandled exception with a problem that names no file, type or line of ours.</summary>
internal static class Failures
{
    /// <summary>What follows is answered in full, whatever becomes of it.</summary>
    public static void UseFailures(this IApplicationBuilder app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = AnswerAsync, SuppressDiagnosticsCallback = static failure => IsExpected(failure.Exception) });
        app.UseStatusCodePages(AnswerEmptyAsync);
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var failed = context.Features.Get<IExceptionHandlerFeature>();
        var failure = failed?.Error;
        // The handler clears the headers; those that protect a browser and those that let a player read the answer are set again.
        context.Response.Headers.XContentTypeOptions = "nosniff";
        SecurityHeaders.LetPlayersRead(context);
        var problem = failure switch
        {
            BadHttpRequestException { StatusCode: 413 } => Problems.Of(Problem.TooLarge,
                "Send a smaller body; GET /api/limits shows the limits."),
            BadHttpRequestException { StatusCode: 415 } => Problems.Of(Problem.MediaType,
                "Send the media type that the call's description in /openapi/v1.json names."),
            BadHttpRequestException { InnerException: JsonException fault } =>
                BodyFaults.Of(fault, failed?.Endpoint, context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions),
            BadHttpRequestException bad => Problems.Of(bad.StatusCode, Problem.BadRequest, bad.Message),
            // Kestrel's own words for a chunk size beyond 31 bits; it is the client's fault all the same.
            IOException { InnerException: OverflowException } => Problems.Of(Problem.BadRequest, "A chunk of the body is too long. Send smaller chunks."),
            LedgerAwayException => Problems.Of(Problem.LedgerAway,
                "PostgreSQL does not answer, or not in time. Viewers are counted all the same. Try again in a moment."),
            NpgsqlException away when IsAway(away) => Problems.Of(Problem.DatabaseAway,
                "PostgreSQL does not answer, or has no server that takes writes at the moment. Nothing was changed. Try again in a moment."),
            _ => Internal(context, failed),
        };
        await problem.ExecuteAsync(context);
    }

    /// <summary>
    /// The framework has logged the exception; a line of ours says which answer it belongs to. It holds the route and not the path, which may
    /// hold a session.
    /// </summary>
    private static ProblemHttpResult Internal(HttpContext context, IExceptionHandlerFeature? failed)
    {
        var route = (failed?.Endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "(no route)";
        context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("HlsGateway.Access.Failures")
            .RequestFailed(context.Request.Method, route, ProblemWriter.TraceId(context), $"{failed?.Error.GetType().Name}: {failed?.Error.Message}");
        return Problems.Of(Problem.Internal,
            "Try again. If the error goes on, give the operator the trace_id of this answer: a line of the gateway's log has it.");
    }

    /// <summary>Faults of clients, and faults that are logged once elsewhere: a line for each would let anybody fill the log.</summary>
    private static bool IsExpected(Exception failure) =>
        failure is BadHttpRequestException or LedgerAwayException or IOException { InnerException: OverflowException } || (failure is NpgsqlException away && IsAway(away));

    /// <summary>The server, and not what it was asked: it ends, begins, has no connection left, or a failover is under way.</summary>
    private static bool IsAway(NpgsqlException failure) => failure is not PostgresException || failure.IsTransient;

    /// <summary>Gives 404, 405 and their like a body where no endpoint wrote one.</summary>
    private static Task AnswerEmptyAsync(StatusCodeContext context)
    {
        var status = context.HttpContext.Response.StatusCode;
        var problem = status switch
        {
            404 => Problems.Of(Problem.NotFound, "Check the path; /openapi/v1.json lists the API."),
            405 => Problems.Of(Problem.Method, "The Allow header names those that are."),
            415 => Problems.Of(Problem.MediaType, "Send the media type that /openapi/v1.json names."),
            _ => Problems.Of(status, Problem.Refused, "Check the request against /openapi/v1.json."),
        };
        return problem.ExecuteAsync(context.HttpContext);
    }
}
