using Microsoft.Data.Sqlite;

namespace HlsGateway.Tests.Counting;

public sealed class SqliteVersionTests
{
    /// <summary>From 3.7.0 to 3.51.2 two connections that reset the WAL at once could corrupt it.</summary>
    [Fact]
    public void The_sqlite_that_ships_resets_a_wal_without_corrupting_it()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        Assert.True(Version.Parse(connection.ServerVersion) >= new Version(3, 51, 3), $"SQLite is {connection.ServerVersion}");
    }
}
