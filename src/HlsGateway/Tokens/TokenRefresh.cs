using HlsGateway.Access;
using HlsGateway.Database;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.DataProtection;

namespace HlsGateway.Tokens;

/// <summary>Tokens that any gateway makes or revokes: known to all that share the database at once, or within a second.</summary>
internal sealed class TokenRefresh(TokenStore store, TokenTable table, IDataProtectionProvider cookies, ChangeNotices notices, ILogger<TokenRefresh> log)
    : SnapshotRefresh(notices, ChangeNotices.Tokens, TimeSpan.FromSeconds(1))
{
    private readonly SemaphoreSlim reading = new(1);
    private long seen = -1;

    /// <summary>What was committed before the call is known afterwards.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        await reading.WaitAsync(ct);
        try
        {
            var (clock, rows, signedOut) = await store.ReadAsync(seen, ct);
            if (rows is null)
                return;
            // Reads the keys of cookies, or makes the first one: from then on no cookie waits for the database.
            if (!table.IsRead)
                await Task.Run(() => cookies.CreateProtector(nameof(TokenRefresh)).Protect([]), ct);
            table.Replace(rows.Select(row => row.Known), signedOut);
            seen = clock;
        }
        finally
        {
            reading.Release();
        }
    }

    public override void Dispose()
    {
        reading.Dispose();
        base.Dispose();
    }

    protected override Task ReadAsync(CancellationToken ct)
    {
        // Also while the database is away: a token expires all the same.
        table.EndCalls();
        return RefreshAsync(ct);
    }

    protected override void Failed(Exception failure, bool first)
    {
        if (first)
            log.TokensUnreadable(failure.Message);
    }
}
