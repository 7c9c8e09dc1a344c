using System.Buffers.Text;
using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using HlsGateway.Access;
using HlsGateway.Database;

namespace HlsGateway.Tokens;

/// <summary>The SQL of tokens that the API or the command line makes. Each change is written into <c>change</c> in its own transaction.</summary>
internal sealed class TokenStore(CatalogueDatabase database, TimeProvider time)
{
    /// <summary>Valid ones at a time: every call of the API compares its token with all of them.</summary>
    public const int MaxActive = 1000;

    /// <summary>How long, and how many, tokens that expired or were revoked are kept, so that their holders are told why they are refused.</summary>
    public const int KeptEnded = 1000;

    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(90);

    private const string Columns = "id, name, role, sha256, created_at, created_by, expires_at, revoked_at, revoked_by";

    private const string IsActive = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now)";

    /// <summary>All tokens, newest first, with the ended ones that are still kept.</summary>
    public async Task<IReadOnlyList<TokenRow>> ListAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        return await ListAsync(connection, ct);
    }

    /// <summary>The tokens and who signed out everywhere, where any of it has changed since; null where nothing has.</summary>
    /// <param name="seen">The clock of the last answer; -1 at first.</param>
    internal async Task<(long Clock, IReadOnlyList<TokenRow>? Rows, IReadOnlyDictionary<string, long> SignedOut)> ReadAsync(long seen, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        // Read first: what is committed between the two is read now, and once more with the next look.
        var clock = await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT value FROM token_clock WHERE id = 1", cancellationToken: ct));
        if (clock == seen)
            return (clock, null, new Dictionary<string, long>(StringComparer.Ordinal));
        var signedOut = await connection.QueryAsync<(string Sha256, long AtMs)>(new CommandDefinition("SELECT sha256, at_ms FROM sign_out", cancellationToken: ct));
        return (clock, await ListAsync(connection, ct), signedOut.ToDictionary(row => row.Sha256, row => row.AtMs, StringComparer.Ordinal));
    }

    /// <summary>From now on no cookie that was given for this token before is worth anything.</summary>
    /// <param name="digest">The token's SHA-256, in hexadecimal.</param>
    public Task SignOutAsync(string digest, CancellationToken ct) => database.WriteAsync(
        async (connection, transaction) =>
        {
            await TickAsync(connection, transaction);
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            // A cookie cannot be older than the longest that one lives; of a token that is gone nothing is asked.
            await connection.ExecuteAsync("DELETE FROM sign_out WHERE at_ms < @old", new { old = now - (long)TimeSpan.FromDays(400).TotalMilliseconds }, transaction);
            // Later than the one before, whatever the clock says: a cookie is as old as the sign-out that it was given after.
            return await connection.ExecuteAsync(
                """
                INSERT INTO sign_out (sha256, at_ms) VALUES (@digest, @now)
                ON CONFLICT (sha256) DO UPDATE SET at_ms = CASE WHEN sign_out.at_ms < excluded.at_ms THEN excluded.at_ms ELSE sign_out.at_ms + 1 END
                """,
                new { digest, now }, transaction);
        },
        ct);

    /// <summary>Makes a token.</summary>
    /// <returns>The row, and the secret, which is kept nowhere; null where <see cref="MaxActive"/> are valid already.</returns>
    public async Task<(TokenRow Row, string Secret)?> CreateAsync(TokenWish wish, Actor by, CancellationToken ct)
    {
        var secret = TokenTable.MadePrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var row = await database.WriteAsync<TokenRow?>(
            async (connection, transaction) =>
            {
                await TickAsync(connection, transaction);
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                await DropOldAsync(now, connection, transaction);
                if (await connection.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM api_token WHERE {IsActive}", new { now }, transaction) >= MaxActive)
                    return null;
                var made = new TokenRow
                {
                    Id = RandomNumberGenerator.GetHexString(12, lowercase: true),
                    Name = wish.Name,
                    Role = wish.Role,
                    Sha256 = Convert.ToHexStringLower(TokenTable.DigestOf(secret)),
                    CreatedAt = now,
                    CreatedBy = by.Text,
                    ExpiresAt = wish.ExpiresAt?.ToUnixTimeMilliseconds(),
                };
                await connection.ExecuteAsync(
                    "INSERT INTO api_token (id, name, role, sha256, created_at, created_by, expires_at) VALUES (@Id, @Name, @Role, @Sha256, @CreatedAt, @CreatedBy, @ExpiresAt)",
                    made, transaction);
                await new Change(now, by, "token", made.Id, "", null, made.Description).WriteAsync(connection, transaction);
                return made;
            },
            ct);
        return row is null ? null : (row, secret);
    }

    /// <summary>Revokes a token for good. A token that was revoked before stays as it is.</summary>
    /// <param name="otherAdmin">Whether an admin token that is not in the database is valid, so that the last one here may go.</param>
    public Task<TokenRevoked> RevokeAsync(string id, bool otherAdmin, Actor by, CancellationToken ct) => database.WriteAsync(
        async (connection, transaction) =>
        {
            await TickAsync(connection, transaction);
            var row = await connection.QuerySingleOrDefaultAsync<TokenRow>($"SELECT {Columns} FROM api_token WHERE id = @id", new { id }, transaction);
            if (row is null)
                return TokenRevoked.Unknown;
            if (row.RevokedAt is not null)
                return TokenRevoked.Done;
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            // Whoever revokes the other admin at this moment waits for the clock's row, and then sees this one revoked.
            if (!otherAdmin && row.Role == Roles.Admin && await connection.ExecuteScalarAsync<long>(
                $"SELECT COUNT(*) FROM api_token WHERE id <> @id AND role = '{Roles.Admin}' AND {IsActive}", new { id, now }, transaction) == 0)
                return TokenRevoked.LastAdmin;
            await connection.ExecuteAsync("UPDATE api_token SET revoked_at = @now, revoked_by = @by WHERE id = @id", new { id, now, by = by.Text }, transaction);
            await new Change(now, by, "token", id, "", row.Description, null).WriteAsync(connection, transaction);
            return TokenRevoked.Done;
        },
        ct);

    private static async Task<IReadOnlyList<TokenRow>> ListAsync(DbConnection connection, CancellationToken ct) =>
        (await connection.QueryAsync<TokenRow>(new CommandDefinition($"SELECT {Columns} FROM api_token ORDER BY created_at DESC, id", cancellationToken: ct))).AsList();

    private static Task<int> DropOldAsync(long now, DbConnection connection, DbTransaction transaction) => connection.ExecuteAsync(
        $"""
        DELETE FROM api_token WHERE NOT ({IsActive}) AND (COALESCE(revoked_at, expires_at) < @oldest OR id NOT IN (
            SELECT id FROM api_token WHERE NOT ({IsActive}) ORDER BY COALESCE(revoked_at, expires_at) DESC LIMIT {KeptEnded}))
        """,
        new { now, oldest = now - (long)KeptFor.TotalMilliseconds }, transaction);

    /// <summary>Takes the next value and, until the transaction ends, the right to change tokens.</summary>
    private static Task<int> TickAsync(DbConnection connection, DbTransaction transaction) =>
        connection.ExecuteAsync("UPDATE token_clock SET value = value + 1 WHERE id = 1", null, transaction);
}

internal enum TokenRevoked
{
    Done,
    Unknown,

    /// <summary>Without it nobody could make or revoke tokens any more.</summary>
    LastAdmin,
}
