using HlsGateway.Access;
using HlsGateway.Media;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace HlsGateway.Trailers;

/// <summary><c>/api/trailers</c>: the library and its versions.</summary>
internal static class TrailerEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/trailers").WithTags("Trailers");
        group.MapGet("/", ListAsync).RequireAuthorization(Roles.Any).WithName("listTrailers").WithSummary("The library: versions, their copies, and what is on; ?removed=true with those that were removed.")
            .GivesHeaders("ETag");
        group.MapGet("/{name}", GetAsync).RequireAuthorization(Roles.Any).WithName("getTrailer").WithSummary("One trailer: all its versions, their state and copies, and where it is active or scheduled.")
            .GivesHeaders("ETag").ProducesProblems(Problem.NoTrailer);
        group.MapGet("/{name}/poster", PosterAsync).RequireAuthorization(Roles.Any).WithName("getTrailerPoster").WithSummary("A picture of a trailer: of the latest version, or of the one that is named (name@hash8), which may be kept for ever.")
            .GivesBytes("image/jpeg", "640 pixels wide at most.").ProducesProblems(Problem.NoTrailer, Problem.TrailerUnchecked);
        group.MapPut("/{name}", UploadAsync).RequireAuthorization(Roles.Editor)
            .WithName("uploadTrailer").WithSummary("Takes a video (raw body) as a new version of a trailer.")
            .TakesBytes("The bytes of a video file.", "application/octet-stream", "video/*")
            .ProducesProblems(Problem.TrailerRefused, Problem.ReservedName, Problem.MediaType, Problem.TrailerUnchecked).ProducesProblems(413, Problem.TrailerRefused);
        group.MapDelete("/{name}", RemoveAsync).RequireAuthorization(Roles.Editor)
            .WithName("deleteTrailer").WithSummary("Removes a trailer, or one version (name@hash8), from the library: new sessions no longer get it, running ones keep it. ?force=true where the schedule selects it.")
            .ProducesProblems(Problem.NoTrailer, Problem.TrailerInUse);
        group.MapPost("/{name}/restore", RestoreAsync).RequireAuthorization(Roles.Editor).WithName("restoreTrailer").WithSummary("Undoes a removal.")
            .ProducesProblems(Problem.NoTrailer);
        group.MapPost("/{name}/withdraw", WithdrawAsync).RequireAuthorization(Roles.Editor)
            .WithName("withdrawTrailer").WithSummary("Withdraws a version now and for good: new sessions go without it, running ones are refused its segments.")
            .ProducesProblems(Problem.NoTrailer);
    }

    private static async Task<Ok<TrailersView>> ListAsync(
        TrailerLibrary library, TrailerFolder folder, TrailerSwitch state, TimeProvider time, HttpResponse response, CancellationToken ct, bool removed = false)
    {
        var now = await state.ReadAsync(ct);
        response.Headers.ETag = Revisions.ETagOf(now);
        return TypedResults.Ok(TrailerViews.Of(library, now, folder.Refused, removed, time.GetUtcNow()));
    }

    private static async Task<Results<Ok<TrailerDetailView>, ProblemHttpResult>> GetAsync(
        string name, TrailerLibrary library, TrailerSwitch state, TimeProvider time, HttpResponse response, CancellationToken ct) =>
        Selected(library, name).Count == 0 ? NotThere(library, name) : await DetailAsync(name, library, state, time, response, ct);

    private static async Task<Ok<TrailerDetailView>> DetailAsync(string name, TrailerLibrary library, TrailerSwitch state, TimeProvider time, HttpResponse response, CancellationToken ct)
    {
        var now = await state.ReadAsync(ct);
        response.Headers.ETag = Revisions.ETagOf(now);
        return TypedResults.Ok(TrailerViews.Detail(TrailerViews.NameOf(name), now, library, time.GetUtcNow()));
    }

    private static async Task<IResult> PosterAsync(string name, TrailerLibrary library, TrailerPosters posters, HttpResponse response, CancellationToken ct)
    {
        var versions = Selected(library, name);
        if (versions.Count == 0)
            return NotThere(library, name);
        var version = library.Snapshot.Find(name) ?? versions[^1];
        try
        {
            var picture = await posters.FindOrMakeAsync(version, ct);
            SecurityHeaders.Confine(response);
            response.Headers.CacheControl = name == version.Label ? "private, max-age=31536000, immutable" : "private, no-cache";
            return TypedResults.Bytes(picture, "image/jpeg", entityTag: new EntityTagHeaderValue($"\"{version.Hash}\""));
        }
        catch (Exception e) when (e is ConditioningException or SandboxException)
        {
            return Problems.Of(Problem.TrailerUnchecked, e.Message);
        }
    }

    private static async Task<Results<Created<TrailerVersionView>, Ok<TrailerVersionView>, ProblemHttpResult>> UploadAsync(
        string name, HttpContext context, Actor actor, TrailerIntake intake, TrailerLibrary library, TrailerRemoval removal, IOptions<TrailersOptions> options, CancellationToken ct)
    {
        if (TrailerIntake.IsReserved(name))
            return Reserved(name, context.Request);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = options.Value.MaxBytes;
        try
        {
            var known = library.Snapshot.Versions.Length;
            var version = await intake.TakeAsync(name, context.Request.Body, actor, ct);
            if (library.Snapshot.IsRemoved(version))
                await removal.RestoreAsync([version], actor, ct);
            var view = TrailerViews.Of(library, version);
            return library.Snapshot.Versions.Length > known ? TypedResults.Created($"/api/trailers/{version.Label}", view) : TypedResults.Ok(view);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Problems.Of(StatusCodes.Status413PayloadTooLarge, Problem.TrailerRefused, intake.TooLarge);
        }
        catch (TrailerRefusedException e)
        {
            return Problems.Of(Problem.TrailerRefused, e.Message);
        }
        catch (SandboxException e)
        {
            return Problems.Of(Problem.TrailerUnchecked, e.Message);
        }
    }

    private static async Task<Results<Ok<TrailerDetailView>, ProblemHttpResult>> RemoveAsync(
        string name, HttpRequest request, HttpResponse response, Actor actor, TrailerLibrary library, TrailerSwitch state, TrailerRemoval removal, TimeProvider time,
        CancellationToken ct, bool force = false)
    {
        var versions = Selected(library, name);
        if (versions.Count == 0)
            return NotThere(library, name);
        if (!Revisions.TryExpected(request, out var expected))
            return Revisions.Outdated;
        if (versions.All(library.Snapshot.IsRemoved))
            return await DetailAsync(name, library, state, time, response, ct);
        var outcome = await removal.RemoveAsync(versions, force, expected, actor, ct);
        if (outcome.State is not null)
            return await DetailAsync(name, library, state, time, response, ct);
        return outcome.Uses.IsEmpty
            ? Revisions.Outdated
            : Problems.Of(Problem.TrailerInUse,
                $"The schedule selects it: {string.Join("; ", outcome.Uses)}. Remove these entries first, or repeat this with ?force=true, which removes those for which no version is left. Running sessions keep the trailer in any case.");
    }

    private static async Task<Results<Ok<TrailerDetailView>, ProblemHttpResult>> RestoreAsync(
        string name, Actor actor, HttpResponse response, TrailerLibrary library, TrailerSwitch state, TrailerRemoval removal, TimeProvider time, CancellationToken ct)
    {
        var versions = Selected(library, name);
        if (versions.Count == 0)
            return NotThere(library, name);
        await removal.RestoreAsync(versions, actor, ct);
        return await DetailAsync(name, library, state, time, response, ct);
    }

    private static async Task<Results<Ok<TrailerVersionView>, ProblemHttpResult>> WithdrawAsync(
        string name, Actor actor, TrailerLibrary library, TrailerRemoval removal, CancellationToken ct) =>
        library.Snapshot.Find(name) is { } version
            ? TypedResults.Ok(TrailerViews.Of(library, await removal.WithdrawAsync(version, actor, ct)))
            : NotThere(library, name);

    /// <summary>The versions of a name, or the one version of <c>name@hash8</c>, removed or not; none where the library has none.</summary>
    private static List<TrailerVersion> Selected(TrailerLibrary library, string name) =>
        [.. library.Snapshot.Versions.Where(version => string.Equals(name.Contains('@', StringComparison.Ordinal) ? version.Label : version.Name, name, StringComparison.Ordinal))];

    /// <summary>Why no session can get what a selector names.</summary>
    internal static ProblemHttpResult NotThere(TrailerLibrary library, string name)
    {
        var versions = Selected(library, name);
        if (versions.Any(library.Snapshot.IsRemoved))
            return Problems.Of(Problem.TrailerRemoved, $"POST /api/trailers/{Uri.EscapeDataString(name)}/restore undoes the removal. Or choose another version.");
        if (versions.Count > 0)
            return Problems.Of(Problem.TrailerWithdrawn, "Choose another version, or upload a new one.");
        var known = library.Snapshot.Versions.SelectMany(version => new[] { version.Name, version.Label }).Distinct(StringComparer.Ordinal);
        var meant = Nearest.To(name, known) is { } nearest ? $" Did you mean {nearest}?" : "";
        return Problems.Of(Problem.NoTrailer, $"The library has no trailer {Shortened(name)}.{meant} GET /api/trailers lists names and versions.");
    }

    /// <summary>The API's own resource takes JSON or no body: without the right Content-Type a change would be taken for a file.</summary>
    private static ProblemHttpResult Reserved(string name, HttpRequest request)
    {
        var file = $"To upload a trailer, choose another name: the API uses {TrailerIntake.ReservedNames} itself.";
        return string.Equals(name, "active", StringComparison.OrdinalIgnoreCase)
            ? Problems.Of(Problem.MediaType,
                $"PUT /api/trailers/active chooses the trailer that is on and takes JSON: send it with Content-Type: application/json{(request.ContentType is { Length: > 0 } sent ? $", not {Shortened(sent)}" : "")}. {file}")
            : Problems.Of(Problem.ReservedName, $"No trailer can have the name {name}. {file}");
    }

    private static string Shortened(string text) => text.Length <= 100 ? text : text[..100];
}
