using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using HlsGateway.Database;

namespace HlsGateway.Trailers;

/// <summary>The active trailers, as the database has them.</summary>
/// <param name="Revision">Grows with each change; the ETag.</param>
/// <param name="Lines">The first entry that covers a video decides; null where configuration decides.</param>
/// <param name="Library">Grows when any gateway adds a version or a copy.</param>
internal sealed record TrailerState(long Revision, ImmutableArray<ActiveTrailer>? Lines, DateTimeOffset At, string Actor, long Library);

/// <summary>One line of the audit.</summary>
/// <param name="Action"><c>activate</c>, <c>clear</c>, <c>rollback</c>, <c>schedule</c>, <c>reschedule</c>, <c>unschedule</c>, <c>withdraw</c>, <c>remove</c> or <c>restore</c>.</param>
internal sealed record TrailerHistoryEntry(long Revision, string Action, ImmutableArray<ActiveTrailer>? Entries, DateTimeOffset At, string Actor);

/// <summary>What a change finds, read under the lock that gives all changes one order.</summary>
/// <param name="Entries">Those in force, of configuration where the API has set none.</param>
/// <param name="IsConfigured">They are those of configuration.</param>
/// <param name="Parent">The revision that a rollback goes back to.</param>
internal sealed record TrailerNow(
    ImmutableArray<ActiveTrailer> Entries, bool IsConfigured, long Revision, long Parent, DateTimeOffset At, DbConnection Connection, DbTransaction Transaction)
{
    public ImmutableArray<ActiveTrailer>? Kept => IsConfigured ? null : Entries;
}

/// <summary>What a change makes of it.</summary>
/// <param name="Entries">Null: those of configuration.</param>
/// <param name="Parent">As of <see cref="TrailerNow"/>.</param>
internal sealed record TrailerNext(ImmutableArray<ActiveTrailer>? Entries, long Parent)
{
    /// <summary>Glob of the videos that it concerns; empty for all.</summary>
    public string Videos { get; init; } = "";

    /// <summary>Versions were withdrawn, removed or restored: the other gateways read the library again.</summary>
    public bool TouchesLibrary { get; init; }

    /// <summary>What the line in <c>/api/changes</c> says in place of the entries.</summary>
    public (string? Before, string? After)? Told { get; init; }
}

/// <summary>
/// The rows of the schedule. A change, its line of history and its line of <c>/api/changes</c> are one transaction; the row of the
/// state is locked first, so that changes have one order for all gateways.
/// </summary>
internal sealed class TrailerSwitch(CatalogueDatabase database, TrailerLibrary library, TimeProvider time)
{
    private const string Columns = "revision, parent, action, active, at_ms, actor";

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

    /// <summary>Undoes the last change that has not been undone; a further call goes further back.</summary>
    /// <exception cref="TrailerRefusedException">There is nothing to undo.</exception>
    public Task<TrailerState?> RollBackAsync(long? expected, Actor actor, CancellationToken ct) => ChangeAsync(
        "rollback", expected, actor,
        async now =>
        {
            // Only the state before the first change has no entries of its own.
            if (now.IsConfigured)
                throw new TrailerRefusedException("There is no change to undo.");
            if (now.Parent == 0)
                return new TrailerNext(null, 0);
            var target = await now.Connection.QuerySingleAsync<Row>($"SELECT {Columns} FROM trailer_history WHERE revision = @Parent", new { now.Parent }, now.Transaction);
            var entries = Read(target.Active);
            return new TrailerNext(entries, target.Parent) { Videos = entries is [{ Videos: { } glob }, ..] ? glob : "" };
        },
        ct);

    public async Task<IReadOnlyList<TrailerHistoryEntry>> HistoryAsync(int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return Tell(await connection.QueryAsync<Row>($"SELECT {Columns} FROM trailer_history ORDER BY revision DESC LIMIT @limit", new { limit }));
    }

    /// <summary>The state at one time and those that followed until another, the oldest first; the first is missing where no change had been made yet.</summary>
    public async Task<IReadOnlyList<TrailerHistoryEntry>> HistoryAsync(DateTimeOffset from, DateTimeOffset to, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var (start, end) = (from.ToUnixTimeMilliseconds(), to.ToUnixTimeMilliseconds());
        return Tell(await connection.QueryAsync<Row>(
            $"""
            SELECT {Columns} FROM trailer_history
            WHERE revision >= coalesce((SELECT max(revision) FROM trailer_history WHERE at_ms <= @start), 0) AND at_ms < @end ORDER BY revision LIMIT @limit
            """, new { start, end, limit }));
    }

    /// <summary>Tells the other gateways that the store holds a version or a copy they may not know.</summary>
    /// <param name="uploaded">A version that somebody uploaded, for the list of changes; null: nobody did.</param>
    public Task NoteLibraryAsync((TrailerVersion Version, Actor By)? uploaded, CancellationToken ct) => database.WriteAsync(
        async (connection, transaction) =>
        {
            await connection.ExecuteAsync("UPDATE trailer_state SET library = library + 1 WHERE id = 1", null, transaction);
            if (uploaded is var (version, by))
                await new Change(time.GetUtcNow().ToUnixTimeMilliseconds(), by, "trailer", "upload", "", null, version.Label).WriteAsync(connection, transaction);
        },
        ct);

    /// <summary>Writes the lines in <c>/api/changes</c> of entries that took effect or ended since the last change, once for all gateways.</summary>
    public Task SettleAsync(CancellationToken ct) => database.WriteAsync(
        async (connection, transaction) => await SettleAsync(await LockAsync(connection, transaction), time.GetUtcNow(), connection, transaction), ct);

    /// <summary>Changes the entries; null when <paramref name="expected"/> is not the current revision, or nothing was to be changed.</summary>
    /// <param name="action">As <see cref="TrailerHistoryEntry"/> has it.</param>
    /// <param name="change">Null: nothing is to be changed.</param>
    public async Task<TrailerState?> ChangeAsync(string action, long? expected, Actor actor, Func<TrailerNow, Task<TrailerNext?>> change, CancellationToken ct)
    {
        var state = await database.WriteAsync(
            async (connection, transaction) =>
            {
                var row = await LockAsync(connection, transaction);
                if (expected is { } wanted && wanted != row.Revision)
                    return null;
                var at = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
                await SettleAsync(row, at, connection, transaction);
                var now = new TrailerNow(Effective(row), row.Active is null, row.Revision, row.Parent, at, connection, transaction);
                if (await change(now) is not { } next)
                    return null;
                var written = new Row
                {
                    Revision = row.Revision + 1,
                    Parent = next.Parent,
                    Action = action,
                    Active = next.Entries is null ? null : JsonSerializer.Serialize(next.Entries, Json),
                    AtMs = at.ToUnixTimeMilliseconds(),
                    Actor = actor.Text,
                    Library = row.Library + (next.TouchesLibrary ? 1 : 0),
                };
                await connection.ExecuteAsync(
                    "UPDATE trailer_state SET revision = @Revision, parent = @Parent, active = @Active, at_ms = @AtMs, actor = @Actor, library = @Library WHERE id = 1", written, transaction);
                await connection.ExecuteAsync(
                    "INSERT INTO trailer_history (revision, parent, action, active, at_ms, actor) VALUES (@Revision, @Parent, @Action, @Active, @AtMs, @Actor)", written, transaction);
                var (before, after) = next.Told ?? (Describe(now.Entries), Describe(Effective(written)));
                await new Change(written.AtMs, actor, "trailer", action, next.Videos, before, after).WriteAsync(connection, transaction);
                return written.State;
            },
            ct);
        if (state is not null)
            library.Switch(state);
        return state;
    }

    private async Task<Row> LockAsync(DbConnection connection, DbTransaction transaction)
    {
        var forUpdate = database.Dialect == Dialect.Postgres ? " FOR UPDATE" : "";
        return await connection.QuerySingleAsync<Row>("SELECT revision, parent, active, at_ms, actor, library FROM trailer_state WHERE id = 1" + forUpdate, null, transaction);
    }

    /// <summary>The id of each line is that of its moment: a line that another gateway has written already is the same.</summary>
    private async Task SettleAsync(Row row, DateTimeOffset now, DbConnection connection, DbTransaction transaction)
    {
        var entries = Effective(row);
        foreach (var moment in ScheduleMoment.Between(entries, DateTimeOffset.FromUnixTimeMilliseconds(row.AtMs), now))
        {
            var (before, after) = (Describe([.. entries.Where(entry => entry.IsOn(moment.At.AddMilliseconds(-1)))]), Describe([.. entries.Where(entry => entry.IsOn(moment.At))]));
            await new Change(moment.At.ToUnixTimeMilliseconds(), new Actor(moment.Entry.Actor ?? row.Actor), "trailer", moment.Kind, moment.Entry.Videos ?? "", before, after)
                .WriteAsync(connection, transaction, moment.Id);
        }
    }

    private ImmutableArray<ActiveTrailer> Effective(Row row) => Read(row.Active) ?? library.Configured;

    private static string? Describe(ImmutableArray<ActiveTrailer> entries) => entries.Length == 0 ? null : string.Join("; ", entries);

    private static List<TrailerHistoryEntry> Tell(IEnumerable<Row> rows) =>
        [.. rows.Select(row => new TrailerHistoryEntry(row.Revision, row.Action, Read(row.Active), DateTimeOffset.FromUnixTimeMilliseconds(row.AtMs), row.Actor))];

    private static ImmutableArray<ActiveTrailer>? Read(string? json) =>
        json is null ? null : [.. JsonSerializer.Deserialize<ImmutableArray<ActiveTrailer>>(json, Json).Select(entry => entry.Named())];

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
