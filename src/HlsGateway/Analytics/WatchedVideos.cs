using System.Data.Common;
using HlsGateway.Access;
using HlsGateway.Catalogue;
using HlsGateway.Trailers;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>Which videos there are, as far as this gateway knows: those it publishes, and those that somebody watched.</summary>
internal sealed class WatchedVideos(PublishedVideos published, LedgerReader ledger, IOptions<GatewayOptions> gateway)
{
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

    /// <returns>Null where the ledger does not answer, or is not this process's to read.</returns>
    private async Task<bool?> AskAsync(Func<DbConnection, bool> question, CancellationToken ct)
    {
        // The ledger is read where it is written.
        if (!gateway.Value.Has("gateway"))
            return null;
        try
        {
            return await ledger.AskAsync(question, ct);
        }
        catch (LedgerAwayException)
        {
            return null;
        }
    }
}
