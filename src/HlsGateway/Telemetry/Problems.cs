using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Telemetry;

/// <summary>Errors as RFC 9457 problem details. <see cref="ProblemWriter"/> makes the <c>type</c> absolute and adds the <c>trace_id</c>.</summary>
internal static class Problems
{
    /// <param name="detail">What is wrong and what to do, for this occurrence. Never a token, an address or a path on this machine.</param>
    public static ProblemHttpResult Of(Problem problem, string detail) => Of(problem.Statuses[0], problem, detail);

    /// <inheritdoc cref="Of(Problem, string)"/>
    /// <param name="status">Where the type comes with several.</param>
    public static ProblemHttpResult Of(int status, Problem problem, string detail) =>
        TypedResults.Problem(detail, instance: null, statusCode: status, title: problem.Title, type: Problem.Path + problem.Slug);

    /// <inheritdoc cref="Of(Problem, string)"/>
    /// <param name="extensions">Further members of the body, which the catalogue's remedy names.</param>
    public static ProblemHttpResult Of(Problem problem, string detail, IDictionary<string, object?> extensions) =>
        TypedResults.Problem(detail, instance: null, statusCode: problem.Statuses[0], title: problem.Title, type: Problem.Path + problem.Slug, extensions);
}
