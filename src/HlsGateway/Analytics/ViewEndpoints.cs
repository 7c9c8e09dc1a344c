using Dapper;
using HlsGateway.Access;
using HlsGateway.Database;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Analytics;

/// <summary>Body of <c>POST /api/views</c>.</summary>
/// <param name="Address">A page of the Studio with its query, relative: <c>studio/analytics?range=w</c>.</param>
/// <param name="Shared">true: the whole team sees it.</param>
internal sealed record NewView(string? Name, string? Address, bool Shared = false);

/// <param name="Shared">false: only its author sees it.</param>
/// <param name="Own">The caller made it.</param>
internal sealed record SavedView(Guid Id, string Name, string Address, bool Shared, string CreatedBy, bool Own, DateTimeOffset CreatedAt);

/// <param name="Views">By name.</param>
internal sealed record SavedViewList(IReadOnlyList<SavedView> Views);

/// <summary><c>/api/views</c>: named addresses of the Studio.</summary>
internal sealed class ViewEndpoints(CatalogueDatabase database, TimeProvider time)
{
    private const int MostNameCharacters = 200;

    private const int MostAddressCharacters = 2000;

    private const string Root = "studio/";

    private const string Columns = "id, name, address, shared, author, created_at";

    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/views").WithTags("Views").RequireAuthorization(Roles.Any);
        group.MapGet("/", (ViewEndpoints views, Actor actor, CancellationToken ct) => views.ListAsync(actor, ct)).WithName("listViews").WithSummary("Saved views of the team and the caller's own");
        group.MapPost("/", (NewView body, ViewEndpoints views, Actor actor, CancellationToken ct) => views.CreateAsync(body, actor, ct))
            .WithName("createView").WithSummary("Saves an address of the Studio under a name").GivesHeaders("Location").ProducesProblems(Problem.BadView, Problem.TooManyKept);
        group.MapDelete("/{id}", (string id, ViewEndpoints views, HttpContext context, Actor actor, CancellationToken ct) => views.DeleteAsync(id, context, actor, ct))
            .WithName("deleteView").WithSummary("Deletes a saved view that one made").ProducesProblems(Problem.NoSuchView, Problem.NotYours);
    }

    private async Task<Ok<SavedViewList>> ListAsync(Actor actor, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"SELECT {Columns} FROM saved_view WHERE shared = 1 OR author = @author ORDER BY name, id", new { author = actor.Text }, cancellationToken: ct));
        return TypedResults.Ok(new SavedViewList([.. rows.Select(row => row.Tell(actor))]));
    }

    private async Task<Results<Created<SavedView>, ProblemHttpResult>> CreateAsync(NewView body, Actor actor, CancellationToken ct)
    {
        var name = (body.Name ?? "").Trim();
        if (!Kept.IsText(name, MostNameCharacters) || name.Contains('\n', StringComparison.Ordinal))
            return Problems.Of(Problem.BadView, $"name must have 1 to {MostNameCharacters} characters on one line, and none that cannot be seen.");
        if (!IsPage(body.Address ?? ""))
            return Problems.Of(Problem.BadView, $"address must be a page of the Studio, relative and at most {MostAddressCharacters} characters long, as in studio/analytics?range=w.");
        var row = new Row
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()).ToString(),
            Name = name,
            Address = body.Address ?? "",
            Shared = body.Shared ? 1 : 0,
            Author = actor.Text,
            CreatedAt = time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        var written = await database.WriteAsync(
            async (connection, transaction) =>
            {
                if (await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM saved_view", null, transaction) >= Kept.Most)
                    return false;
                await connection.ExecuteAsync($"INSERT INTO saved_view ({Columns}) VALUES (@Id, @Name, @Address, @Shared, @Author, @CreatedAt)", row, transaction);
                return true;
            },
            ct);
        return written ? TypedResults.Created($"/api/views/{row.Id}", row.Tell(actor)) : Kept.TooMany("saved views");
    }

    private Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string id, HttpContext context, Actor actor, CancellationToken ct) =>
        database.WriteAsync<Results<NoContent, ProblemHttpResult>>(
            async (connection, transaction) =>
            {
                var row = await connection.QuerySingleOrDefaultAsync<Row>(
                    $"SELECT {Columns} FROM saved_view WHERE id = @id AND (shared = 1 OR author = @author)", new { id, author = actor.Text }, transaction);
                if (row is null)
                    return Problems.Of(Problem.NoSuchView, "GET /api/views lists the saved views with their ids.");
                if (!Kept.MayChange(context, actor, row.Author))
                    return Kept.NotYours(row.Author);
                await connection.ExecuteAsync("DELETE FROM saved_view WHERE id = @id", new { id }, transaction);
                return TypedResults.NoContent();
            },
            ct);

    /// <summary>Whoever follows it stays in the Studio, whatever a browser makes of backslashes, dots and slashes.</summary>
    internal static bool IsPage(string address)
    {
        if (address.Length > MostAddressCharacters || !address.StartsWith(Root, StringComparison.Ordinal) || address.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == '\\'))
            return false;
        var path = address.Split('?', '#')[0];
        return !path.Contains("//", StringComparison.Ordinal) && !path.Split('/').Any(segment => Uri.UnescapeDataString(segment) is "." or "..");
    }

    private sealed record Row
    {
        public string Id { get; init; } = "";

        public string Name { get; init; } = "";

        public string Address { get; init; } = "";

        public long Shared { get; init; }

        public string Author { get; init; } = "";

        public long CreatedAt { get; init; }

        public SavedView Tell(Actor actor) => new(Guid.Parse(Id), Name, Address, Shared == 1, Author, Author == actor.Text, DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt));
    }
}
