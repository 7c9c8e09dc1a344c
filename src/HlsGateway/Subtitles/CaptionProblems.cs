using System.Globalization;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Subtitles;

/// <summary>What an editor is told when captions are refused.</summary>
internal static class CaptionProblems
{
    private const int MaxName = 100;

    public static ProblemHttpResult BadVideo => Problems.Of(Problem.BadVideo,
        "Write the video as in the path behind /watch/, with %2F for each slash.");

    public static ProblemHttpResult BadName => Problems.Of(Problem.BadName,
        $"Use 1 to {MaxName} characters without double quotes, line ends, control characters or direction overrides.");

    public static ProblemHttpResult Absent => Problems.Of(Problem.NoCaptions,
        "GET the list at …/subtitles for the languages, versions and drafts that there are.");

    public static ProblemHttpResult Outdated => Problems.Of(Problem.CaptionsChanged,
        "Somebody changed or deleted them. GET them again, merge, and send the new ETag in If-Match.");

    public static ProblemHttpResult TooMany => Problems.Of(Problem.TooManyTracks,
        "Delete a language, or raise Subtitles:MaxTracks; GET /api/limits shows the limits.");

    /// <summary>A file that cannot be served as captions (rule W6), with <c>line</c> (0: the whole file) and <c>reason</c> for an editor's margin.</summary>
    public static ProblemHttpResult Unfit(PlaylistError error, int status = 422)
    {
        var problem = Problems.Of(status, Problem.BadCaptions, error.ToString());
        problem.ProblemDetails.Extensions["line"] = error.Line;
        problem.ProblemDetails.Extensions["reason"] = error.Reason;
        return problem;
    }

    /// <summary>Captions that <c>strict</c> refuses, with the warnings.</summary>
    public static ProblemHttpResult Doubtful(IReadOnlyList<CaptionWarning> warnings)
    {
        var problem = Problems.Of(Problem.CaptionsDoubtful, string.Join(' ', warnings.Select(warning => warning.Message)));
        problem.ProblemDetails.Extensions["warnings"] = warnings;
        return problem;
    }

    /// <summary>Reads both route values; null when both are valid.</summary>
    public static ProblemHttpResult? Read(string video, string language, out string id, out string tag)
    {
        tag = "";
        if (!VideoName.TryRead(video, out id))
            return BadVideo;
        return LanguageTag.TryRead(language, out tag) ? null
            : Problems.Of(Problem.BadLanguage,
                $"Use a BCP 47 tag such as en, pt-BR or zh-Hant.{(LanguageTag.Suggestion(language) is { } near ? $" Did you mean '{near}'?" : "")}");
    }

    /// <summary>What may stand in a quoted attribute (rule D3), and does not reverse the text of a player's menu.</summary>
    public static bool IsName(string name) =>
        name.Trim().Length is > 0 and <= MaxName && !name.Contains("{$", StringComparison.Ordinal)
        && !name.Any(c => c == '"' || c is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069'
            || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
