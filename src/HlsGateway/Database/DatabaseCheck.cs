using System.Net.Sockets;
using Npgsql;

namespace HlsGateway.Database;

/// <summary>
/// Whether PostgreSQL lets us in. A server that is away is no fault: viewers are served and counted without it, and it is tried again.
/// A connection string that no server will ever take is one.
/// </summary>
internal sealed class DatabaseCheck(IConfiguration configuration) : IStartCheck
{
    private const string Key = "ConnectionStrings:Ledger";
    private const string Example = "for example Host=127.0.0.1;Database=hlsgateway;Username=hlsgateway;Password=…";

    // A start must not wait long for a server that answers nothing.
    private const int MostSeconds = 2;

    public async Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct)
    {
        if (configuration[Key] is not { Length: > 0 } given)
            return [];
        NpgsqlConnectionStringBuilder parts;
        try
        {
            parts = PostgresServers.Of(given);
            parts.Pooling = false;
            parts.Timeout = parts.Timeout == 0 ? MostSeconds : Math.Min(parts.Timeout, MostSeconds);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException)
        {
            // The message of the reader may hold a part of the text, and so the password.
            return [new(Key, $"{Key} is no PostgreSQL connection string (its value is not shown); it must be name=value pairs with semicolons between them, {Example}.")];
        }

        if (string.IsNullOrEmpty(parts.Host))
            return [new(Key, $"{Key} names no host; {Example}.")];
        try
        {
            await using var connection = new NpgsqlConnection(parts.ToString());
            await connection.OpenAsync(ct);
            return [];
        }
        catch (PostgresException e)
        {
            return Why(e.SqlState, parts) is { } why ? [new(Key, $"{Key} (its value is not shown): {why}, {Example}.")] : [];
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException or IOException or InvalidOperationException)
        {
            return [];
        }
    }

    /// <summary>By SQLSTATE; null for what passes by itself, such as a server that starts or has no connection left.</summary>
    private static string? Why(string state, NpgsqlConnectionStringBuilder parts) => state switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => $"PostgreSQL refuses the user '{parts.Username}' or the password",
        PostgresErrorCodes.InvalidCatalogName => $"PostgreSQL has no database '{parts.Database ?? parts.Username}': create it, or name another",
        PostgresErrorCodes.InsufficientPrivilege => $"the user '{parts.Username}' may not connect to the database '{parts.Database ?? parts.Username}': GRANT it, or name another",
        _ => null,
    };
}
