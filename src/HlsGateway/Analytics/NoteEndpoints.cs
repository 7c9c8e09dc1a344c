using System.ComponentModel;
using System.Data.Common;
using Dapper;
using HlsGateway.Access;
using HlsGateway.Database;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Analytics;

/// <summary>Body of <c>POST /api/notes</c>.</summary>
/// <param name="At">The moment that it is about (RFC 3339); now unless given.</param>
/// <param name="Video">Empty or absent: about every video.</param>
/// <param name="Shared">true: the whole team reads it.</param>
internal sealed record NewNote(string? Text, string? At = null, string? Video = null, bool Shared = false);

/// <summary>Body of <c>PATCH /api/notes/{id}</c>: what is absent stays.</summary>
internal sealed record NoteChange(string? Text = null, string? At = null, string? Video = null, bool? Shared = null);

/// <param name="At">The moment that it is about.</param>
/// <param name="Video">Empty: about every video.</param>
/// <param name="Shared">false: only its author reads it.</param>
/// <param name="Own">The caller wrote it.</param>
internal sealed record Note(Guid Id, DateTimeOffset At, string Video, string Text, bool Shared, string CreatedBy, bool Own, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt);

/// <param name="Notes">The latest moments first; 1000 at most.</param>
internal sealed record NoteList(IReadOnlyList<Note> Notes);

/// <summary><c>/api/notes</c>: what people say of a moment. Those of the team stand in <c>/api/changes</c> too.</summary>
internal sealed class NoteEndpoints(CatalogueDatabase database, TimeProvider time)
{
    private const int MostCharacters = 2000;

    private const string Columns = "id, at_ms, video, body, shared, author, created_at, changed_at";

    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/notes").WithTags("Notes").RequireAuthorization(Roles.AnalystOrEditor);
        group.MapGet("/", (NoteEndpoints notes, Actor actor, [AsParameters] RangeQuery range, CancellationToken ct, [Description("Only notes about this video, and about every video.")] string? video = null) =>
                notes.ListAsync(actor, range, video, ct))
            .WithName("listNotes").WithSummary("Notes of the team and the caller's own").ProducesProblems(Problem.BadParameter, Problem.BadTime);
        group.MapPost("/", (NewNote body, NoteEndpoints notes, Actor actor, CancellationToken ct) => notes.CreateAsync(body, actor, ct))
            .WithName("createNote").WithSummary("Notes something about a moment, for the team or for oneself").GivesHeaders("Location").ProducesProblems(Problem.BadNote, Problem.TooManyKept);
        group.MapPatch("/{id}", (string id, NoteChange body, NoteEndpoints notes, HttpContext context, Actor actor, CancellationToken ct) => notes.ChangeAsync(id, body, context, actor, ct))
            .WithName("changeNote").WithSummary("Changes a note that one wrote").ProducesProblems(Problem.BadNote, Problem.NoSuchNote, Problem.NotYours);
        group.MapDelete("/{id}", (string id, NoteEndpoints notes, HttpContext context, Actor actor, CancellationToken ct) => notes.DeleteAsync(id, context, actor, ct))
            .WithName("deleteNote").WithSummary("Deletes a note that one wrote").ProducesProblems(Problem.NoSuchNote, Problem.NotYours);
    }

    private async Task<Results<Ok<NoteList>, ProblemHttpResult>> ListAsync(Actor actor, RangeQuery asked, string? video, CancellationToken ct)
    {
        if (asked.Read(out var range) is { } wrong)
            return wrong;
        await using var connection = await database.OpenAsync(ct);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM note WHERE at_ms >= @from AND at_ms < @until AND (shared = 1 OR author = @author) AND (@video = '' OR video = '' OR video = @video)
            ORDER BY at_ms DESC, id DESC LIMIT 1000
            """,
            new { from = range.From?.ToUnixTimeMilliseconds() ?? 0, until = range.To?.ToUnixTimeMilliseconds() ?? long.MaxValue, author = actor.Text, video = video ?? "" }, cancellationToken: ct));
        return TypedResults.Ok(new NoteList([.. rows.Select(row => row.Tell(actor))]));
    }

    private async Task<Results<Created<Note>, ProblemHttpResult>> CreateAsync(NewNote body, Actor actor, CancellationToken ct)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var row = new Row { Id = Guid.CreateVersion7(time.GetUtcNow()).ToString(), AtMs = now, Shared = body.Shared ? 1 : 0, Author = actor.Text, CreatedAt = now, ChangedAt = now };
        if (Read(new NoteChange(body.Text ?? "", body.At, body.Video), ref row) is { } wrong)
            return Problems.Of(Problem.BadNote, wrong);
        var written = await database.WriteAsync(
            async (connection, transaction) =>
            {
                if (await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM note", null, transaction) >= Kept.Most)
                    return false;
                await connection.ExecuteAsync(
                    $"INSERT INTO note ({Columns}) VALUES (@Id, @AtMs, @Video, @Body, @Shared, @Author, @CreatedAt, @ChangedAt)", row, transaction);
                await TellAsync(row, connection, transaction);
                return true;
            },
            ct);
        return written ? TypedResults.Created($"/api/notes/{row.Id}", row.Tell(actor)) : Kept.TooMany("notes");
    }

    private Task<Results<Ok<Note>, ProblemHttpResult>> ChangeAsync(string id, NoteChange body, HttpContext context, Actor actor, CancellationToken ct) =>
        database.WriteAsync<Results<Ok<Note>, ProblemHttpResult>>(
            async (connection, transaction) =>
            {
                if (await FindAsync(id, actor, connection, transaction) is not { } row)
                    return NoSuch();
                if (!Kept.MayChange(context, actor, row.Author))
                    return Kept.NotYours(row.Author);
                if (Read(body, ref row) is { } wrong)
                    return Problems.Of(Problem.BadNote, wrong);
                await connection.ExecuteAsync("UPDATE note SET at_ms = @AtMs, video = @Video, body = @Body, shared = @Shared, changed_at = @ChangedAt WHERE id = @Id", row, transaction);
                await TellAsync(row, connection, transaction);
                return TypedResults.Ok(row.Tell(actor));
            },
            ct);

    private Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string id, HttpContext context, Actor actor, CancellationToken ct) =>
        database.WriteAsync<Results<NoContent, ProblemHttpResult>>(
            async (connection, transaction) =>
            {
                if (await FindAsync(id, actor, connection, transaction) is not { } row)
                    return NoSuch();
                if (!Kept.MayChange(context, actor, row.Author))
                    return Kept.NotYours(row.Author);
                await connection.ExecuteAsync("DELETE FROM note WHERE id = @Id", row, transaction);
                await TellAsync(row with { Shared = 0 }, connection, transaction);
                return TypedResults.NoContent();
            },
            ct);

    private static ProblemHttpResult NoSuch() => Problems.Of(Problem.NoSuchNote, "GET /api/notes lists the notes with their ids.");

    /// <summary>Nobody learns of another's own notes.</summary>
    private async Task<Row?> FindAsync(string id, Actor actor, DbConnection connection, DbTransaction transaction) => await connection.QuerySingleOrDefaultAsync<Row>(
        $"SELECT {Columns} FROM note WHERE id = @id AND (shared = 1 OR author = @author){(database.Dialect == Dialect.Postgres ? " FOR UPDATE" : "")}", new { id, author = actor.Text }, transaction);

    /// <summary>What the team reads stands among the changes, at the moment that it is about.</summary>
    private static async Task TellAsync(Row row, DbConnection connection, DbTransaction transaction)
    {
        await connection.ExecuteAsync("DELETE FROM change WHERE id = @Id AND kind = 'note'", row, transaction);
        if (row.Shared == 1)
            await new Change(row.AtMs, new Actor(row.Author), "note", row.Id, row.Video, null, row.Body).WriteAsync(connection, transaction, Guid.Parse(row.Id));
    }

    /// <returns>What is wrong and what to write instead; null where nothing is.</returns>
    private string? Read(NoteChange wish, ref Row row)
    {
        var now = time.GetUtcNow();
        var text = wish.Text?.Trim() ?? row.Body;
        if (!Kept.IsText(text, MostCharacters))
            return $"text must have 1 to {MostCharacters} characters, and none that cannot be seen.";
        var video = wish.Video ?? row.Video;
        if (video.Length > 0 && !Kept.IsText(video, 1000))
            return "video must be the id of a video, or empty for a note about every video.";
        var at = DateTimeOffset.FromUnixTimeMilliseconds(row.AtMs);
        if (wish.At is { } asked && !Rfc3339.TryRead(asked, out at, out var why))
            return $"at {why}.";
        // Changes are followed by their time: one that lies ahead would hide those before it.
        if (at > now || at < DateTimeOffset.UnixEpoch)
            return "at must be a moment that has passed.";
        row = row with { AtMs = at.ToUnixTimeMilliseconds(), Video = video, Body = text, Shared = wish.Shared is { } shared ? (shared ? 1 : 0) : row.Shared, ChangedAt = now.ToUnixTimeMilliseconds() };
        return null;
    }

    private sealed record Row
    {
        public string Id { get; init; } = "";

        public long AtMs { get; init; }

        public string Video { get; init; } = "";

        public string Body { get; init; } = "";

        public long Shared { get; init; }

        public string Author { get; init; } = "";

        public long CreatedAt { get; init; }

        public long ChangedAt { get; init; }

        public Note Tell(Actor actor) => new(
            Guid.Parse(Id), DateTimeOffset.FromUnixTimeMilliseconds(AtMs), Video, Body, Shared == 1, Author, Author == actor.Text,
            DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt), DateTimeOffset.FromUnixTimeMilliseconds(ChangedAt));
    }
}
