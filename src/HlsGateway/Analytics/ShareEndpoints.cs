using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using HlsGateway.Access;
using HlsGateway.Database;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>Body of <c>POST /api/shares</c>.</summary>
/// <param name="Query">What the report is locked to, as in the query of <c>GET /api/videos/{video}/analytics</c>; <c>days=28</c> in place of from and to means the last days.</param>
/// <param name="ExpiresAt">RFC 3339; absent: until it is deleted.</param>
internal sealed record NewShare(string? Video, string? Query = null, string? ExpiresAt = null);

/// <param name="Query">What its report is locked to.</param>
/// <param name="ExpiresAt">Null: until it is deleted.</param>
internal record SharedLink(Guid Id, string Video, string Query, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

/// <param name="Url">Whoever has it reads the report. It is in this answer and nowhere else.</param>
internal sealed record MadeShare(Guid Id, string Video, string Query, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, string Url)
    : SharedLink(Id, Video, Query, CreatedBy, CreatedAt, ExpiresAt);

/// <param name="Shares">The newest first; those that have ended are left out.</param>
internal sealed record ShareList(IReadOnlyList<SharedLink> Shares);

/// <param name="Filters">What the report is locked to.</param>
internal sealed record SharedReport(string Video, IReadOnlyDictionary<string, string> Filters, DateTimeOffset? ExpiresAt, VideoReport Report);

/// <summary><c>/api/shares</c>: links to one report that can be read without a token.</summary>
internal sealed class ShareEndpoints(CatalogueDatabase database, VideoQueries queries, TrailerLibrary trailers, TimeProvider time, IOptions<GatewayOptions> gateway)
{
    private const int MostQueryCharacters = 2000;

    private const int MostSecretCharacters = 100;

    private const string Columns = "id, sha256, video, query, author, created_at, expires_at";

    private const string Valid = "(expires_at IS NULL OR expires_at > @now)";

    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/shares").WithTags("Shares").RequireAuthorization(Roles.Analyst);
        group.MapGet("/", (ShareEndpoints shares, CancellationToken ct) => shares.ListAsync(ct)).WithName("listShares").WithSummary("Shared links, without their secrets");
        group.MapPost("/", (NewShare body, ShareEndpoints shares, KnownVideos known, HttpContext context, Actor actor, CancellationToken ct) => shares.CreateAsync(body, known, context, actor, ct))
            .WithName("createShare").WithSummary("Makes a link to one report that can be read without a token").GivesHeaders("Location").ProducesProblems(Problem.BadShare, Problem.NoVideo, Problem.TooManyKept, Problem.LedgerAway);
        group.MapDelete("/{id}", (string id, ShareEndpoints shares, HttpContext context, Actor actor, CancellationToken ct) => shares.DeleteAsync(id, context, actor, ct))
            .WithName("deleteShare").WithSummary("Ends a shared link that one made, at once and for good").ProducesProblems(Problem.NoSuchShare, Problem.NotYours);
        app.MapGet("/api/shared/{secret}", (string secret, ShareEndpoints shares, FailedAttempts failures, HttpContext context, CancellationToken ct) => shares.ReadAsync(secret, failures, context, ct))
            .AllowAnonymous().WithTags("Shares").WithName("getSharedReport").WithSummary("The report of a shared link")
            .WithDescription("Needs no token: whoever has the secret reads this report and nothing else.").ProducesProblems(Problem.NoSuchShare, Problem.TooManyWrongTokens, Problem.LedgerAway);
    }

    private async Task<Ok<ShareList>> ListAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"SELECT {Columns} FROM share_link WHERE {Valid} ORDER BY created_at DESC, id DESC", new { now = time.GetUtcNow().ToUnixTimeMilliseconds() }, cancellationToken: ct));
        return TypedResults.Ok(new ShareList([.. rows.Select(row => new SharedLink(Guid.Parse(row.Id), row.Video, row.Query, row.Author, At(row.CreatedAt), At(row.ExpiresAt)))]));
    }

    private async Task<Results<Created<MadeShare>, ProblemHttpResult>> CreateAsync(NewShare body, KnownVideos known, HttpContext context, Actor actor, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var (video, query) = (body.Video ?? "", (body.Query ?? "").TrimStart('?'));
        if (!Kept.IsText(video, 1000))
            return Problems.Of(Problem.BadShare, "video must be the id of a video.");
        if (query.Length > MostQueryCharacters)
            return Problems.Of(Problem.BadShare, $"query must be at most {MostQueryCharacters} characters long.");
        if (ReadQuery(query, out _, out _) is { } wrong)
            return Problems.Of(Problem.BadShare, wrong);
        DateTimeOffset? expires = null;
        if (!string.IsNullOrEmpty(body.ExpiresAt))
        {
            if (!Rfc3339.TryRead(body.ExpiresAt, out var end, out var why))
                return Problems.Of(Problem.BadShare, $"expires_at {why}. Leave it out for a link that does not expire.");
            if (end <= now)
                return Problems.Of(Problem.BadShare, $"expires_at is {Rfc3339.Text(end)}, which has passed already.");
            expires = end;
        }
        if (await known.FindAsync(video, context.Request, ct) is { } unknown)
            return unknown;

        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var row = new Row
        {
            Id = Guid.CreateVersion7(now).ToString(),
            Sha256 = Digest(secret),
            Video = video,
            Query = query,
            Author = actor.Text,
            CreatedAt = now.ToUnixTimeMilliseconds(),
            ExpiresAt = expires?.ToUnixTimeMilliseconds(),
        };
        var written = await database.WriteAsync(
            async (connection, transaction) =>
            {
                await connection.ExecuteAsync($"DELETE FROM share_link WHERE NOT {Valid}", new { now = row.CreatedAt }, transaction);
                if (await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM share_link", null, transaction) >= Kept.Most)
                    return false;
                await connection.ExecuteAsync($"INSERT INTO share_link ({Columns}) VALUES (@Id, @Sha256, @Video, @Query, @Author, @CreatedAt, @ExpiresAt)", row, transaction);
                return true;
            },
            ct);
        if (!written)
            return Kept.TooMany("shared links");
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created(
            $"/api/shares/{row.Id}",
            new MadeShare(Guid.Parse(row.Id), video, query, actor.Text, At(row.CreatedAt), At(row.ExpiresAt), $"{gateway.Value.SiteOf(context.Request)}/studio/shared/{secret}"));
    }

    private Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string id, HttpContext context, Actor actor, CancellationToken ct) =>
        database.WriteAsync<Results<NoContent, ProblemHttpResult>>(
            async (connection, transaction) =>
            {
                var author = await connection.ExecuteScalarAsync<string?>("SELECT author FROM share_link WHERE id = @id", new { id }, transaction);
                if (author is null)
                    return Problems.Of(Problem.NoSuchShare, "GET /api/shares lists the shared links with their ids.");
                if (!Kept.MayChange(context, actor, author))
                    return Kept.NotYours(author);
                await connection.ExecuteAsync("DELETE FROM share_link WHERE id = @id", new { id }, transaction);
                return TypedResults.NoContent();
            },
            ct);

    private async Task<Results<Ok<SharedReport>, ProblemHttpResult>> ReadAsync(string secret, FailedAttempts failures, HttpContext context, CancellationToken ct)
    {
        context.Response.Headers.CacheControl = "no-store";
        var row = secret.Length > MostSecretCharacters ? null : await FindAsync(Digest(secret), ct);
        // What was valid when it was made may name a trailer that is gone; then there is nothing to read any more.
        var fault = ReadQuery(row?.Query ?? "", out var about, out var given);
        if (row is null || fault is not null)
        {
            if (failures.TryTake(context.Connection.RemoteIpAddress))
                return Problems.Of(Problem.NoSuchShare, "It has expired, or whoever made it has ended it; ask them for a new one.");
            context.Response.Headers.RetryAfter = "1";
            return Problems.Of(Problem.TooManyWrongTokens, "This address sent too many unknown secrets. Try again in a second.");
        }
        return TypedResults.Ok(new SharedReport(row.Video, given, At(row.ExpiresAt), await queries.ReportAsync(about with { Video = row.Video }, null, ct)));
    }

    private async Task<Row?> FindAsync(string sha256, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            $"SELECT {Columns} FROM share_link WHERE sha256 = @sha256 AND {Valid}", new { sha256, now = time.GetUtcNow().ToUnixTimeMilliseconds() }, cancellationToken: ct));
    }

    /// <summary>Reads what a report is locked to as the report's own call does.</summary>
    /// <returns>What is wrong and what to write instead; null where nothing is.</returns>
    private string? ReadQuery(string query, out VideoQueries.Question about, out IReadOnlyDictionary<string, string> given)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        about = new("", default, default, TimeZoneInfo.Utc, BucketUnit.Day, SessionFilter.Any);
        given = values;
        foreach (var (name, value) in QueryHelpers.ParseQuery(query))
        {
            if (!Parameters.Contains(name, StringComparer.Ordinal))
                return $"query: {QueryParameters.Unknown(name, Parameters)} It takes {string.Join(", ", Parameters)}.";
            if (value.Count != 1 || string.IsNullOrEmpty(value.ToString()))
                return $"query: '{name}' must be given once, with a value.";
            values.Add(name, value.ToString());
        }
        string? Of(string name) => values.GetValueOrDefault(name);

        var from = Of("from");
        if (Of("days") is { } text)
        {
            if (from is not null || Of("to") is not null || !int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var days) || days is < 1 or > 800)
                return "query: 'days' must be a whole number from 1 to 800, without 'from' and 'to'.";
            from = Rfc3339.Text(time.GetUtcNow().AddDays(-days));
        }
        var range = new RangeQuery { From = from, To = Of("to"), Tz = Of("tz") };
        var filter = new FilterQuery
        {
            Player = Of("player"),
            Rendition = Of("rendition"),
            Captions = Of("captions"),
            Basis = Of("basis"),
            Completed = Of("completed"),
            Trailer = Of("trailer"),
            LeftFrom = Of("left_from"),
            LeftTo = Of("left_to"),
            WatchedFrom = Of("watched_from"),
            WatchedTo = Of("watched_to"),
            Audience = Of("audience"),
        };
        return VideoReportEndpoints.ReadCut(range, time, filter, trailers, Of("bucket"), null, out about) is { } wrong ? $"query: {wrong.ProblemDetails.Detail}" : null;
    }

    private static readonly string[] Parameters =
        ["audience", "basis", "bucket", "captions", "completed", "days", "from", "left_from", "left_to", "player", "rendition", "to", "trailer", "tz", "watched_from", "watched_to"];

    private static string Digest(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private static DateTimeOffset At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);

    private static DateTimeOffset? At(long? ms) => ms is { } known ? At(known) : null;

    private sealed record Row
    {
        public string Id { get; init; } = "";

        public string Sha256 { get; init; } = "";

        public string Video { get; init; } = "";

        public string Query { get; init; } = "";

        public string Author { get; init; } = "";

        public long CreatedAt { get; init; }

        public long? ExpiresAt { get; init; }
    }
}
