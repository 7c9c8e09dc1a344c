using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using HlsGateway.Database;

namespace HlsGateway.Trailers;

/// <summary>The active trailers, as the database has them.</summary>
/// <param name="Revision">Grows with each change; the ETag.</param>
/// <param name="Lines">The first line that covers a video decides; null where configuration decides.</param>
/// <param name="Library">Grows when any gateway adds a version or a copy.</param>
internal sealed record TrailerState(long Revision, ImmutableArray<ActiveTrailer>? Lines, DateTimeOffset At, string Actor, long Library);

/// <summary>One line of the audit.</summary>
/// <param name="Action"><c>activate</c>, <c>clear</c>, <c>rollback</c> or <c>withdraw</c>.</param>
internal sealed record TrailerHistoryEntry(long Revision, string Action, ImmutableArray<ActiveTrailer>? Active, DateTimeOffset At, string Actor);

/// <summary>
/// The rows of the active trailers. A change, its line of history and its line of <c>/api/changes</c> are one transaction; the row of the
/// state is locked first, so that changes have one order for all gateways.
/// </summary>
internal sealed class TrailerSwitch(CatalogueDatabase database, TrailerLibrary library, TimeProvider time)
{
    private const int MostLines = 100;
    private const string Withdraw = "withdraw";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public async Task<TrailerState> ReadAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return (await connection.QuerySingleAsync<Row>("SELECT revision, parent, active, at_ms, actor, library FROM trailer_state WHERE id = 1")).State;
    }

    /// <summary>Puts a line on top; an unlimited line removes the lines below it, which could never apply again.</summary>
    /// <returns>Null when <paramref name="expected"/> is not the current revision.</returns>
    public Task<TrailerState?> ActivateAsync(ActiveTrailer line, long? expected, string actor, CancellationToken ct) => ChangeAsync(
        "activate", expected, actor,
        (current, _, _) =>
        {
            var now = time.GetUtcNow();
            var kept = line is { Videos: null, From: null, Until: null }
                ? []
                : (Effective(current) ?? []).Where(old => !(old.Until <= now) && (old.Videos, old.From, old.Until) != (line.Videos, line.From, line.Until));
            ImmutableArray<ActiveTrailer> lines = [line, .. kept.Take(MostLines - 1)];
            return Task.FromResult((Lines: (ImmutableArray<ActiveTrailer>?)lines, Parent: current.Revision));
        },
        ct);

    /// <summary>No trailer for any new session.</summary>
    public Task<TrailerState?> ClearAsync(long? expected, string actor, CancellationToken ct) => ChangeAsync(
        "clear", expected, actor, (current, _, _) => Task.FromResult(((ImmutableArray<ActiveTrailer>?)[], current.Revision)), ct);

    /// <summary>Undoes the last change that has not been undone; a further call goes further back.</summary>
    /// <exception cref="TrailerRefusedException">There is nothing to undo.</exception>
    public Task<TrailerState?> RollBackAsync(long? expected, string actor, CancellationToken ct) => ChangeAsync(
        "rollback", expected, actor,
        async (current, connection, transaction) =>
        {
            // Only the state before the first change has no lines of its own.
            if (current.Active is null)
                throw new TrailerRefusedException("There is no change to undo.");
            if (current.Parent == 0)
                return (null, 0L);
            var target = await connection.QuerySingleAsync<Row>(
                "SELECT revision, parent, active, at_ms, actor FROM trailer_history WHERE revision = @Parent", new { current.Parent }, transaction);
            return (Read(target.Active), target.Parent);
        },
        ct);

    /// <summary>Records that a version is no longer shown, and tells the other gateways; the active lines stay as they were.</summary>
    public Task NoteWithdrawnAsync(TrailerVersion version, string actor, CancellationToken ct) => ChangeAsync(
        Withdraw, expected: null, actor, (current, _, _) => Task.FromResult((Read(current.Active), current.Parent)), ct, version.Label);

    public async Task<IReadOnlyList<TrailerHistoryEntry>> HistoryAsync(int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var rows = await connection.QueryAsync<Row>("SELECT revision, action, active, at_ms, actor FROM trailer_history ORDER BY revision DESC LIMIT @limit", new { limit });
        return [.. rows.Select(r => new TrailerHistoryEntry(r.Revision, r.Action, Read(r.Active), DateTimeOffset.FromUnixTimeMilliseconds(r.AtMs), r.Actor))];
    }

    /// <summary>Tells the other gateways that the store holds a version or a copy they may not know.</summary>
    public Task NoteLibraryAsync(CancellationToken ct) =>
        database.WriteAsync((connection, transaction) => connection.ExecuteAsync("UPDATE trailer_state SET library = library + 1 WHERE id = 1", null, transaction), ct);

    private async Task<TrailerState?> ChangeAsync(
        string action, long? expected, string actor,
        Func<Row, DbConnection, DbTransaction, Task<(ImmutableArray<ActiveTrailer>? Lines, long Parent)>> change, CancellationToken ct,
        string? withdrawn = null)
    {
        var state = await database.WriteAsync(
            async (connection, transaction) =>
            {
                var forUpdate = database.Dialect == Dialect.Postgres ? " FOR UPDATE" : "";
                var row = await connection.QuerySingleAsync<Row>(
                    "SELECT revision, parent, active, at_ms, actor, library FROM trailer_state WHERE id = 1" + forUpdate, null, transaction);
                if (expected is { } wanted && wanted != row.Revision)
                    return null;
                var (lines, parent) = await change(row, connection, transaction);
                var next = new Row
                {
                    Revision = row.Revision + 1,
                    Parent = parent,
                    Action = action,
                    Active = lines is null ? null : JsonSerializer.Serialize(lines, Json),
                    AtMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
                    Actor = actor,
                    Library = row.Library + (withdrawn is null ? 0 : 1),
                };
                await connection.ExecuteAsync(
                    "UPDATE trailer_state SET revision = @Revision, parent = @Parent, active = @Active, at_ms = @AtMs, actor = @Actor, library = @Library WHERE id = 1", next, transaction);
                await connection.ExecuteAsync(
                    "INSERT INTO trailer_history (revision, parent, action, active, at_ms, actor) VALUES (@Revision, @Parent, @Action, @Active, @AtMs, @Actor)", next, transaction);
                var (before, after) = withdrawn is null ? (Describe(Effective(row)), Describe(Effective(next))) : (withdrawn, null);
                await new Change(next.AtMs, actor, "trailer", action, lines is [{ Videos: { } glob }, ..] ? glob : "", before, after)
                    .WriteAsync(connection, transaction);
                return next.State;
            },
            ct);
        if (state is not null)
            library.Switch(state);
        return state;
    }

    private ImmutableArray<ActiveTrailer>? Effective(Row row) => Read(row.Active) ?? library.Configured;

    private static string? Describe(ImmutableArray<ActiveTrailer>? lines) =>
        lines is not { Length: > 0 } some ? null : string.Join("; ", some.Select(l => $"{l.Trailer ?? "none"}{(l.Position == TrailerPosition.Pre ? " before the content" : "")}{(l.Videos is null ? "" : " for " + l.Videos)}"));

    private static ImmutableArray<ActiveTrailer>? Read(string? json) =>
        json is null ? null : JsonSerializer.Deserialize<ImmutableArray<ActiveTrailer>>(json, Json);

    private sealed record Row
    {
        public long Revision { get; init; }

        public long Parent { get; init; }

        public string Action { get; init; } = "";

        public string? Active { get; init; }

        public long AtMs { get; init; }

        public string Actor { get; init; } = "";

        public long Library { get; init; }

        public TrailerState State => new(Revision, Read(Active), DateTimeOffset.FromUnixTimeMilliseconds(AtMs), Actor, Library);
    }
}
