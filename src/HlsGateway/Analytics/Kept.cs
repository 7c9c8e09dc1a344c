using HlsGateway.Access;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Analytics;

/// <summary>What notes, saved views and shared links have in common.</summary>
internal static class Kept
{
    /// <summary>Of each kind: everybody's lists are read whole.</summary>
    public const int Most = 10_000;

    /// <summary>Whether the caller may change what this author made.</summary>
    public static bool MayChange(HttpContext context, Actor actor, string author) => author == actor.Text || context.User.IsInRole(Roles.Admin);

    public static ProblemHttpResult NotYours(string author) => Problems.Of(Problem.NotYours, $"It was made by {author}. They can change it, and so can an admin.");

    public static ProblemHttpResult TooMany(string what) => Problems.Of(Problem.TooManyKept, $"{Most} {what} are kept already. Delete some that nobody needs.");

    /// <summary>Text that a person wrote: lines and tabs, and no other character that cannot be seen.</summary>
    public static bool IsText(string text, int most) => text.Length > 0 && text.Length <= most && !text.Any(c => char.IsControl(c) && c is not ('\n' or '\t'));
}
