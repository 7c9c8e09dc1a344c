using HlsGateway.Starting;
using HlsGateway.Tests.Hosting;
using Npgsql;

namespace HlsGateway.Tests.Starting;

/// <summary>A connection string that PostgreSQL itself refuses is a wrong start; one that a server answers for is none.</summary>
[Collection(OnPostgres.Name)]
public sealed class WrongDatabaseTests(PostgresFixture postgres)
{
    [Fact]
    public async Task An_unknown_database_or_user_is_told_without_the_connection_string()
    {
        var right = postgres.NewDatabase();
        Assert.Empty(await FaultsAsync(right));
        Assert.StartsWith("ConnectionStrings:Ledger (its value is not shown): PostgreSQL has no database 'nowhere': create it, or name another",
            Assert.Single(await FaultsAsync(new NpgsqlConnectionStringBuilder(right) { Database = "nowhere" }.ToString())), StringComparison.Ordinal);
        var user = Assert.Single(await FaultsAsync(new NpgsqlConnectionStringBuilder(right) { Username = "nobody", Password = "hush" }.ToString()));
        Assert.StartsWith("ConnectionStrings:Ledger (its value is not shown): PostgreSQL refuses the user 'nobody' or the password", user, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", user, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<string>> FaultsAsync(string ledger)
    {
        using var data = new TemporaryFolder();
        await using var app = Program.Compose([$"--contentRoot={Repository.Root}", "--urls=http://127.0.0.1:0", $"--Gateway:DataDirectory={data.Path}", $"--ConnectionStrings:Ledger={ledger}", "--Trailers:Folder="]).Build();
        return [.. (await StartCheck.RunAsync(app.Services, CancellationToken.None)).Select(fault => fault.Text)];
    }
}
