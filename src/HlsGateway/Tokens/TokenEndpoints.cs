using HlsGateway.Access;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Tokens;

/// <summary><c>/api/tokens</c>: who may call the API.</summary>
internal static class TokenEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/tokens").WithTags("Tokens").RequireAuthorization(Roles.Admin);
        group.MapGet("/", ListAsync).WithName("listTokens").WithSummary("Every token that this gateway knows, without its secret.");
        group.MapPost("/", CreateAsync).WithName("createToken").WithSummary("Makes a token. Its secret is in this answer and nowhere else.")
            .GivesHeaders("Location").ProducesProblems(Problem.BadToken, Problem.TooManyTokens);
        group.MapDelete("/{id}", RevokeAsync).WithName("revokeToken").WithSummary("Revokes a token for good, at every gateway that shares the database.")
            .ProducesProblems(Problem.ConfiguredToken, Problem.NoSuchToken, Problem.LastAdmin);
    }

    private static async Task<Ok<TokenList>> ListAsync(TokenStore store, TokenTable table, TimeProvider time, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var made = await store.ListAsync(ct);
        return TypedResults.Ok(new TokenList([.. table.Configured.Select(token => TokenView.Of(token, now)), .. made.Select(row => TokenView.Of(row, now))]));
    }

    private static async Task<Results<Created<MadeToken>, ProblemHttpResult>> CreateAsync(
        NewToken body, Actor actor, TokenStore store, TokenRefresh refresh, TimeProvider time, HttpResponse response, CancellationToken ct)
    {
        if (TokenWish.TryRead(body.Name, body.Role, body.ExpiresAt, time.GetUtcNow(), out var wish) is { } wrong)
            return Problems.Of(Problem.BadToken, wrong);
        if (await store.CreateAsync(wish, actor, ct) is not var (row, secret))
            return Problems.Of(Problem.TooManyTokens, $"{TokenStore.MaxActive} are valid. Revoke some that nobody uses.");
        // Before the answer: whoever reads it may use the token at once.
        await refresh.RefreshAsync(ct);
        response.Headers.CacheControl = "no-store";
        return TypedResults.Created(
            $"/api/tokens/{row.Id}", new MadeToken(row.Id, row.Name, row.Role, TokenRow.At(row.CreatedAt), row.CreatedBy, TokenRow.At(row.ExpiresAt), secret));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(
        string id, Actor actor, TokenStore store, TokenTable table, TokenRefresh refresh, TimeProvider time, CancellationToken ct)
    {
        if (Array.Find(table.Configured, token => token.Id == id) is { } configured)
            return Problems.Of(Problem.ConfiguredToken, configured.Source == TokenSource.File
                ? "It stands in the file api-token of this gateway's data directory. Delete the file and restart the gateway: it makes a new one; or set Gateway:ApiTokens."
                : $"It stands in the configuration of this gateway, at Gateway:ApiTokens:{id["configuration-".Length..]}. Remove it there and restart the gateway.");
        var now = time.GetUtcNow();
        var otherAdmin = table.Configured.Any(token => token.Role == Roles.Admin && token.StateAt(now) == TokenState.Active);
        var revoked = await store.RevokeAsync(id, otherAdmin, actor, ct);
        if (revoked == TokenRevoked.Unknown)
            return Problems.Of(Problem.NoSuchToken, "GET /api/tokens lists the tokens with their ids.");
        if (revoked == TokenRevoked.LastAdmin)
            return Problems.Of(Problem.LastAdmin, "Without it nobody could make or revoke tokens. Make another one with the role admin first.");
        await refresh.RefreshAsync(ct);
        return TypedResults.NoContent();
    }
}
