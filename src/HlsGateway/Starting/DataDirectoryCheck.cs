using Microsoft.Extensions.Options;

namespace HlsGateway.Starting;

/// <summary>Whether the data directory can be written. Tried with a file, since mount options and quotas show in no mode.</summary>
internal sealed class DataDirectoryCheck(IOptions<GatewayOptions> gateway, IHostEnvironment environment) : IStartCheck
{
    public Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct)
    {
        var folder = gateway.Value.DataPath(environment);
        var trial = Path.Combine(folder, $".start-{Environment.ProcessId}");
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(trial, [0]);
            File.Delete(trial);
            return Task.FromResult<IReadOnlyList<StartFault>>([]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var key = $"{GatewayOptions.Section}:{nameof(GatewayOptions.DataDirectory)}";
            return Task.FromResult<IReadOnlyList<StartFault>>([new(key, OptionValue.Told(
                $"{key} is '{gateway.Value.DataDirectory}'; nothing can be written there ({e.Message.TrimEnd('.')}). Make it writable for the user that runs the gateway, or name another, for example {key}=/var/lib/hlsgateway."))]);
        }
    }
}
