using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace HlsGateway.Access;

/// <summary><c>/problems</c> and <c>/problems/{slug}</c>: what each type of problem means, for people and, where Accept asks for it, as JSON.</summary>
internal static class ProblemEndpoints
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    private static readonly RawAnswer Page = new(200, "text/html", "The page where the answer to people is asked for, else JSON.", "<!doctype html><title>There is no such trailer · HlsGateway</title>");

    public static void Map(IEndpointRouteBuilder app)
    {
        var problems = app.MapGroup("/problems").AllowAnonymous().WithTags("Problems");
        problems.MapMethods("", Reading, (HttpContext context, IOptions<GatewayOptions> gateway) => WantsJson(context)
            ? TypedResults.Ok(new ProblemList([.. Problem.All.Select(problem => ProblemDescription.Of(problem, gateway.Value.SiteOf(context.Request)))]))
            : PlainPage.Answer(context, ProblemPages.List(IsBelow(context)))).WithName("listProblems").WithSummary("All types of problems").Produces<ProblemList>().WithMetadata(Page);
        problems.MapMethods("{slug}", Reading, (string slug, HttpContext context, IOptions<GatewayOptions> gateway) =>
            Problem.Find(slug) is not { } problem ? Unknown(slug)
            : WantsJson(context) ? TypedResults.Ok(ProblemDescription.Of(problem, gateway.Value.SiteOf(context.Request)))
            : PlainPage.Answer(context, ProblemPages.One(problem, IsBelow(context)))).WithName("getProblem").WithSummary("What a type of problem means, and what to do").Produces<ProblemDescription>().WithMetadata(Page).ProducesProblems(Problem.NotFound);
    }

    /// <summary>Whoever asks for nothing in particular gets the page: the URL is for people first.</summary>
    private static bool WantsJson(HttpContext context)
    {
        context.Response.Headers.Vary = "Accept";
        var (html, json) = (0.0, 0.0);
        foreach (var range in context.Request.GetTypedHeaders().Accept)
        {
            var quality = range.Quality ?? 1;
            if (range.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase))
                html = quality;
            else if (range.SubTypeWithoutSuffix.Equals("json", StringComparison.OrdinalIgnoreCase) || range.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
                json = Math.Max(json, quality);
        }

        return json > html;
    }

    /// <summary>The path ends with a slash, so relative links begin one folder deeper.</summary>
    private static bool IsBelow(HttpContext context) => context.Request.Path.Value?.EndsWith('/') is true;

    private static ProblemHttpResult Unknown(string slug) => Problems.Of(404, Problem.NotFound,
        $"No type of problem is called that.{(Nearest.To(slug, Problem.All.Select(problem => problem.Slug)) is { } near ? $" Did you mean '{near}'?" : "")} /problems lists all.");
}
