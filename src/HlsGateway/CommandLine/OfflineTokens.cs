using System.Data.Common;
using HlsGateway.Database;
using HlsGateway.Tokens;

namespace HlsGateway.CommandLine;

/// <summary>
/// The tokens in a data directory or a PostgreSQL database, without a gateway: for the first token of an installation, and for whoever has
/// lost the last one. Gateways that run on it learn of the change within seconds.
/// </summary>
internal sealed class OfflineTokens : TokenTarget
{
    private readonly WebApplication parts;
    private readonly TokenStore store;
    private readonly TimeProvider time;

    /// <param name="data">Null: as the configuration says.</param>
    /// <param name="ledger">Connection string of PostgreSQL; null: as the configuration says.</param>
    public OfflineTokens(string? data, string? ledger)
    {
        List<string> options = [];
        if (data is not null)
            options.Add($"--Gateway:DataDirectory={data}");
        if (ledger is not null)
            options.Add($"--ConnectionStrings:Ledger={ledger}");
        parts = Program.Compose([.. options]).Build();
        store = parts.Services.GetRequiredService<TokenStore>();
        time = parts.Services.GetRequiredService<TimeProvider>();
    }

    public override Task<IReadOnlyList<TokenView>> ListAsync(CancellationToken ct) => TellAsync<IReadOnlyList<TokenView>>(async () =>
        [.. (await store.ListAsync(ct)).Select(row => TokenView.Of(row, time.GetUtcNow()))]);

    public override Task<MadeToken> CreateAsync(NewToken wish, CancellationToken ct) => TellAsync(async () =>
    {
        if (TokenWish.TryRead(wish.Name, wish.Role, wish.ExpiresAt, time.GetUtcNow(), out var read) is { } wrong)
            throw new RefusedException(wrong);
        return await store.CreateAsync(read, Actor.CommandLine, ct) is var (row, secret)
            ? new MadeToken(row.Id, row.Name, row.Role, TokenRow.At(row.CreatedAt), row.CreatedBy, TokenRow.At(row.ExpiresAt), secret)
            : throw new RefusedException($"{TokenStore.MaxActive} tokens are valid. Revoke some that nobody uses.");
    });

    public override Task RevokeAsync(string id, CancellationToken ct) => TellAsync(async () =>
        // The last admin may go: here another can be made at any time.
        await store.RevokeAsync(id, otherAdmin: true, Actor.CommandLine, ct) == TokenRevoked.Unknown
            ? throw new RefusedException($"There is no token '{id}'. 'hlsgateway tokens list' tells the ids; tokens of Gateway:ApiTokens and the file api-token are revoked there.")
            : true);

    public override ValueTask DisposeAsync() => parts.DisposeAsync();

    private static async Task<T> TellAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is DbException or IOException or UnauthorizedAccessException or TimeoutException)
        {
            throw new UnreachableTargetException($"The data directory or its database cannot be used: {e.Message}");
        }
    }
}
