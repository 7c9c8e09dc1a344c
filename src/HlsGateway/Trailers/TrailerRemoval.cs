using System.Collections.Frozen;
using System.Collections.Immutable;
using Dapper;
using HlsGateway.Database;

namespace HlsGateway.Trailers;

/// <summary>What became of a removal.</summary>
/// <param name="State">Null: nothing was changed.</param>
/// <param name="Uses">Entries of the schedule that select what was to be removed; not empty where they forbade it.</param>
internal sealed record RemovalOutcome(TrailerState? State, ImmutableArray<ActiveTrailer> Uses);

/// <summary>
/// Takes versions away from new sessions. A removed version can be restored, and sessions that began with it keep it to their end; a
/// withdrawn one is shown to nobody any more, for good. The objects of both stay in the store.
/// </summary>
internal sealed class TrailerRemoval(CatalogueDatabase database, TrailerSwitch state, TrailerLibrary library, TrailerRecords records)
{
    /// <summary>Labels of all removed versions.</summary>
    public async Task<FrozenSet<string>> ReadAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return (await connection.QueryAsync<string>("SELECT label FROM trailer_removed")).ToFrozenSet(StringComparer.Ordinal);
    }

    /// <param name="versions">Of one name.</param>
    /// <param name="force">Entries that would then select nothing are removed from the schedule; without it they forbid the removal.</param>
    public async Task<RemovalOutcome> RemoveAsync(IReadOnlyList<TrailerVersion> versions, bool force, long? expected, Actor actor, CancellationToken ct)
    {
        var labels = versions.Select(version => version.Label).ToFrozenSet(StringComparer.Ordinal);
        ImmutableArray<ActiveTrailer> uses = [];
        var after = await state.ChangeAsync(
            "remove", expected, actor,
            async now =>
            {
                var removed = (await now.Connection.QueryAsync<string>("SELECT label FROM trailer_removed", null, now.Transaction)).Concat(labels).ToFrozenSet(StringComparer.Ordinal);
                var before = library.Snapshot;
                uses = now.Entries.RemoveAll(entry => entry.IsOver(now.At) || entry.Trailer is not { } selector || before.Find(selector) is not { } version || !labels.Contains(version.Label));
                if (uses.Length > 0 && !force)
                    return null;
                foreach (var label in labels)
                {
                    await now.Connection.ExecuteAsync(
                        "INSERT INTO trailer_removed (label, at_ms, actor) VALUES (@label, @at, @actor) ON CONFLICT (label) DO NOTHING",
                        new { label, at = now.At.ToUnixTimeMilliseconds(), actor = actor.Text }, now.Transaction);
                }

                // A plain name goes on to mean the version before.
                var left = before.Without(removed);
                var empty = uses.RemoveAll(entry => left.Playable(entry.Trailer ?? "") is not null);
                return empty.IsEmpty
                    ? new TrailerNext(now.Kept, now.Parent) { TouchesLibrary = true, Told = (string.Join(", ", labels), null) }
                    : new TrailerNext(now.Entries.RemoveRange(empty), now.Revision) { TouchesLibrary = true, Told = (string.Join("; ", [.. labels, .. empty.Select(entry => entry.ToString())]), null) };
            },
            ct);
        if (after is not null)
            library.Remove(await ReadAsync(ct));
        return new(after, uses);
    }

    /// <summary>Undoes a removal: new sessions may get the versions again.</summary>
    public async Task RestoreAsync(IReadOnlyList<TrailerVersion> versions, Actor actor, CancellationToken ct)
    {
        var labels = versions.Select(version => version.Label).ToList();
        await state.ChangeAsync(
            "restore", expected: null, actor,
            async now =>
            {
                var rows = 0;
                foreach (var label in labels)
                    rows += await now.Connection.ExecuteAsync("DELETE FROM trailer_removed WHERE label = @label", new { label }, now.Transaction);
                return rows == 0 ? null : new TrailerNext(now.Kept, now.Parent) { TouchesLibrary = true, Told = (null, string.Join(", ", labels)) };
            },
            ct);
        library.Remove(await ReadAsync(ct));
    }

    /// <summary>Withdraws a version for good, here and at once; the other gateways learn of it.</summary>
    public async Task<TrailerVersion> WithdrawAsync(TrailerVersion version, Actor actor, CancellationToken ct)
    {
        if (version.Withdrawn)
            return version;
        await records.WithdrawAsync(version, ct);
        version = version with { Withdrawn = true };
        library.AddAll([version]);
        await state.ChangeAsync(
            "withdraw", expected: null, actor, now => Task.FromResult<TrailerNext?>(new(now.Kept, now.Parent) { TouchesLibrary = true, Told = (version.Label, null) }), ct);
        return version;
    }
}
