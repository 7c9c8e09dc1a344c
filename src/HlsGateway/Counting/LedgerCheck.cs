using Microsoft.Extensions.Options;

namespace HlsGateway.Counting;

/// <summary>Whether another gateway counts in this data directory: told before anything has started. The lock itself is taken later, and stands.</summary>
internal sealed class LedgerCheck(IOptions<GatewayOptions> gateway, IHostEnvironment environment) : IStartCheck
{
    public Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct)
    {
        var file = Path.Combine(gateway.Value.DataPath(environment), Outbox.LockFile);
        // A first start makes it.
        if (!File.Exists(file))
            return Task.FromResult<IReadOnlyList<StartFault>>([]);
        try
        {
            LedgerLock.Take(file).Dispose();
            return Task.FromResult<IReadOnlyList<StartFault>>([]);
        }
        catch (WrongStartException held)
        {
            return Task.FromResult(held.Faults);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The data directory cannot be written, which is told of the directory.
            return Task.FromResult<IReadOnlyList<StartFault>>([]);
        }
    }
}
