using HlsGateway.Access;
using HlsGateway.Catalogue;
using HlsGateway.Trailers;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>Which videos there are, as far as this gateway knows: those it publishes, and those that somebody watched.</summary>
internal sealed class WatchedVideos(PublishedVideos published, LedgerReader ledger, IOptions<GatewayOptions> gateway)
{
    /// <inheritdoc cref="CoversAnyVideo"/>
    public async Task<bool?> CoversAnyAsync(string glob, CancellationToken ct)
    {
        if (published.Names.Any(video => VideoGlob.Matches(glob, video)))
            return true;
        // The ledger is read where it is written.
        if (!gateway.Value.Has("gateway"))
            return null;
        try
        {
            return await ledger.AskAsync<bool?>(
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
        }
        catch (LedgerAwayException)
        {
            return null;
        }
    }
}
