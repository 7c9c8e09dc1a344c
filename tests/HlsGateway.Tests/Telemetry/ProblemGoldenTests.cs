using System.Globalization;
using System.Text;
using HlsGateway.Telemetry;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Telemetry;

/// <summary>docs/problems.md is written from the catalogue by <c>make golden</c>.</summary>
public sealed class ProblemGoldenTests
{
    [Fact]
    public void The_page_of_problems_is_what_the_catalogue_says()
    {
        var page = Path.Combine(Repository.Root, "docs", "problems.md");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDENS") == "1") File.WriteAllText(page, Written());
        Assert.True(File.Exists(page) && File.ReadAllText(page) == Written(), "docs/problems.md differs from the catalogue: run `make golden` and read the diff.");
    }

    private static string Written()
    {
        var text = new StringBuilder("""
            # Problems

            Each error is an RFC 9457 problem (`application/problem+json`): `type` is the URL of one of the sections below at the gateway that answered, `/problems/{slug}`; `title` is the same for each occurrence of a type; `detail` tells about this one, and what to do; `trace_id` is in the gateway's log where a request failed on its side. `GET /problems` lists the types, as JSON with `Accept: application/json`. This page is written by `make golden`.


            """);
        foreach (var problem in Problem.All)
            text.Append(CultureInfo.InvariantCulture, $"## {problem.Slug}\n{problem.Title}. Status {string.Join(", ", problem.Statuses)}.\n\n{problem.Meaning}\n\n{problem.Remedy}\n\n");
        return text.ToString().TrimEnd() + "\n";
    }
}
