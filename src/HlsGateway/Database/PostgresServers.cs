using Npgsql;

namespace HlsGateway.Database;

/// <summary>
/// A connection string may name several servers (<c>Host=a,b</c>), of which one takes writes: after a failover it is another. Every connection goes to that one,
/// also those that only read, because a standby may be behind what a report has waited for.
/// </summary>
internal static class PostgresServers
{
    /// <summary>The settings of <paramref name="connection"/>, for the server that takes writes.</summary>
    public static NpgsqlConnectionStringBuilder Of(string connection)
    {
        var settings = new NpgsqlConnectionStringBuilder(connection);
        if (settings.Host?.Contains(',', StringComparison.Ordinal) == true)
        {
            settings.TargetSessionAttributes = "primary";
            // A standby that was promoted is asked again so soon, and not after ten seconds.
            settings.HostRecheckSeconds = 1;
        }
        return settings;
    }
}
