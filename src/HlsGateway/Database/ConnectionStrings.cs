namespace HlsGateway.Database;

/// <summary>The section <c>ConnectionStrings</c>.</summary>
internal sealed class ConnectionStrings
{
    /// <summary>Of a PostgreSQL database; empty: SQLite files in the data directory.</summary>
    public string Ledger { get; init; } = "";
}
