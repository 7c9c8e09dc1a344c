using System.Data.Common;
using HlsGateway.Access;
using HlsGateway.Catalogue;
using HlsGateway.Trailers;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>Which videos there are, as far as this gateway knows: those it publishes, and those that somebody watched.</summary>
internal sealed class WatchedVideos(PublishedVideos published, LedgerReader ledger, IOptions<GatewayOptions> gateway)
{
    private const string Watched =
        "SELECT v.video, coalesce(nullif(v.content_ms, 0), v.longest_end_ms), coalesce((SELECT min(q.quarter) FROM video_quarter q WHERE q.video = v.video), 0) FROM video v";

    /// <inheritdoc cref="CoversAnyVideo"/>
    public async Task<bool?> CoversAnyAsync(string glob, CancellationToken ct) =>
        published.Names.Any(video => VideoGlob.Matches(glob, video)) ? true : await AskAsync(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = "SELECT video FROM video";
                using var rows = command.ExecuteReader();
                while (rows.Read())
                {
                    if (VideoGlob.Matches(glob, rows.GetString(0)))
                        return true;
                }

                return false;
            },
            ct);

    /// <inheritdoc cref="WasWatched"/>
    public Task<bool?> WasWatchedAsync(string video, CancellationToken ct) => AskAsync(
        connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT 1 FROM video WHERE video = @video";
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ("@video", video);
            command.Parameters.Add(parameter);
            return command.ExecuteScalar() is not null;
        },
        ct);

    /// <inheritdoc cref="ListsWatched"/>
    public Task<IReadOnlyList<WatchedVideo>?> ListAsync(string? after, int most, Func<string, bool> chosen, CancellationToken ct) => AskAsync<IReadOnlyList<WatchedVideo>?>(
        connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"{Watched}{(after is null ? "" : " WHERE v.video > @video")} ORDER BY v.video";
            if (after is not null)
                command.With("video", after);
            using var rows = command.ExecuteReader();
            var found = new List<WatchedVideo>();
            while (found.Count < most && rows.Read())
            {
                if (chosen(rows.GetString(0)))
                    found.Add(Read(rows));
            }
            return found;
        },
        null, ct);

    /// <inheritdoc cref="FindsWatched"/>
    public Task<WatchedVideo?> FindAsync(string video, CancellationToken ct) => AskAsync(
        connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"{Watched} WHERE v.video = @video";
            command.With("video", video);
            using var rows = command.ExecuteReader();
            return rows.Read() ? Read(rows) : null;
        },
        null, ct);

    private static WatchedVideo Read(DbDataReader row) => new(row.GetString(0), row.GetInt64(1), row.GetInt64(2));

    /// <returns>Null where the ledger does not answer, or is not this process's to read.</returns>
    private Task<bool?> AskAsync(Func<DbConnection, bool> question, CancellationToken ct) => AskAsync<bool?>(connection => question(connection), null, ct);

    private async Task<T> AskAsync<T>(Func<DbConnection, T> question, T unknown, CancellationToken ct)
    {
        // The ledger is read where it is written.
        if (!gateway.Value.Has("gateway"))
            return unknown;
        try
        {
            return await ledger.AskAsync(question, ct);
        }
        catch (LedgerAwayException)
        {
            return unknown;
        }
    }
}
