using Microsoft.Extensions.Options;

namespace HlsGateway.Starting;

/// <summary>Whether the data directory can be written. Tried with a file, since mount options and quotas show in no mode.</summary>
internal sealed class DataDirectoryCheck(IOptions<GatewayOptions> gateway, IHostEnvironment environment) : IStartCheck
{
    public Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct)
    {
        var folder = gateway.Value.DataPath(environment);
        var trial = Path.Combine(folder, $".start-{Guid.NewGuid():N}");
        var missing = new Stack<string>();
        for (var at = folder; at is not null && !Path.Exists(at); at = Path.GetDirectoryName(at)) missing.Push(at);
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(trial, [0]);
            File.Delete(trial);
            Undo(missing);
            return Task.FromResult<IReadOnlyList<StartFault>>([]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var key = $"{GatewayOptions.Section}:{nameof(GatewayOptions.DataDirectory)}";
            return Task.FromResult<IReadOnlyList<StartFault>>([new(key, OptionValue.Told(
                $"{key} is '{gateway.Value.DataDirectory}'; nothing can be written there ({e.Message.TrimEnd('.')}). Make it writable for the user that runs the gateway, or name another, for example {key}=/var/lib/hlsgateway."))]);
        }
    }

    /// <summary>Whoever only asks leaves nothing behind; a start makes the folders again.</summary>
    private static void Undo(Stack<string> made)
    {
        try
        {
            foreach (var folder in made.Reverse()) Directory.Delete(folder);
        }
        catch (IOException)
        {
            // Another check has put something there meanwhile.
        }
    }
}
