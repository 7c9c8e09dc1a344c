using System.Globalization;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace HlsGateway.Trailers;

/// <summary>The schedule's revision as an ETag: an editor's change can demand that nobody else has changed it meanwhile.</summary>
internal static class Revisions
{
    public static string ETagOf(TrailerState state) => string.Create(CultureInfo.InvariantCulture, $"\"{state.Revision}\"");

    /// <summary><c>If-Match</c>: the revision that the editor saw; null when not asked for. False where the header names no revision.</summary>
    public static bool TryExpected(HttpRequest request, out long? expected)
    {
        expected = null;
        var asked = request.Headers.IfMatch.ToString();
        if (asked.Length == 0 || asked == "*")
            return true;
        if (!EntityTagHeaderValue.TryParse(asked, out var tag) || tag.IsWeak || !long.TryParse(tag.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
            return false;
        expected = revision;
        return true;
    }

    public static ProblemHttpResult Outdated => Problems.Of(Problem.Outdated, "Read GET /api/trailers/schedule again and repeat the change with its ETag.");
}
