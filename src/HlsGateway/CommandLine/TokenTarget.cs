using HlsGateway.Tokens;

namespace HlsGateway.CommandLine;

/// <summary>What was asked cannot be done; the message says why and what to do.</summary>
internal sealed class RefusedException(string message) : Exception(message);

/// <summary>Where tokens are: at a running gateway, or in a database.</summary>
internal abstract class TokenTarget : IAsyncDisposable
{
    /// <exception cref="UnreachableTargetException">The target cannot be reached.</exception>
    public abstract Task<IReadOnlyList<TokenView>> ListAsync(CancellationToken ct);

    /// <exception cref="RefusedException">There can be no such token.</exception>
    /// <exception cref="UnreachableTargetException">The target cannot be reached.</exception>
    public abstract Task<MadeToken> CreateAsync(NewToken wish, CancellationToken ct);

    /// <exception cref="RefusedException">There is no such token, or it cannot be revoked.</exception>
    /// <exception cref="UnreachableTargetException">The target cannot be reached.</exception>
    public abstract Task RevokeAsync(string id, CancellationToken ct);

    public abstract ValueTask DisposeAsync();
}
