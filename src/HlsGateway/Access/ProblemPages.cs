using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using HlsGateway.Telemetry;

namespace HlsGateway.Access;

/// <summary>A type of problem, for programs.</summary>
/// <param name="Type">What the <c>type</c> of such a problem is: the URL of this description.</param>
/// <param name="Statuses">The usual one first.</param>
internal sealed record ProblemDescription(string Slug, string Type, string Title, IReadOnlyList<int> Statuses, string Meaning, string Remedy)
{
    public static ProblemDescription Of(Problem problem, string site) =>
        new(problem.Slug, site + Problem.Path + problem.Slug, problem.Title, problem.Statuses, problem.Meaning, problem.Remedy);
}

internal sealed record ProblemList(IReadOnlyList<ProblemDescription> Problems);

/// <summary>The pages that a problem's <c>type</c> leads to. Without script and image; links are relative, so they hold below any path base and behind any proxy.</summary>
internal static class ProblemPages
{
    private static readonly HtmlEncoder Html = HtmlEncoder.Default;

    public static byte[] List(bool below)
    {
        var main = new StringBuilder("<p>Each error that this gateway answers is of one of these types (RFC 9457). The page of a type says what happened and what to do.</p>\n<dl>\n");
        var folder = below ? "" : "problems/";
        foreach (var problem in Problem.All)
        {
            var statuses = string.Join(", ", problem.Statuses.Take(2)) + (problem.Statuses.Count > 2 ? ", …" : "");
            main.Append(CultureInfo.InvariantCulture, $"<dt><a href=\"{folder}{problem.Slug}\"><code>{problem.Slug}</code></a> <span class=\"status\">{statuses}</span></dt><dd>{Html.Encode(problem.Title)}.</dd>\n");
        }

        return PlainPage.Of("Problems", main.Append("</dl>\n").ToString());
    }

    public static byte[] One(Problem problem, bool below)
    {
        var main = $"""
            <p><code>{problem.Slug}</code> · status {string.Join(", ", problem.Statuses)}</p>
            <h2>What happened</h2>
            <p>{Html.Encode(problem.Meaning)}</p>
            <h2>What to do</h2>
            <p>{Html.Encode(problem.Remedy)}</p>
            <p>The <code>detail</code> of the answer is about your request. Its <code>trace_id</code> names the request; a failure on the gateway's side is in its log with this id.</p>
            <nav><a href="{(below ? "../" : "")}../problems">All problems</a></nav>

            """;
        return PlainPage.Of(problem.Title, main);
    }
}
