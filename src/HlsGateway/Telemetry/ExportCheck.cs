namespace HlsGateway.Telemetry;

/// <summary>Whether what OpenTelemetry is told to export to is an address.</summary>
internal sealed class ExportCheck(IConfiguration configuration) : IStartCheck
{
    public Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<StartFault>>(
        configuration[Exports.EndpointKey] is { Length: > 0 } given && !Exports.IsEndpoint(given)
            ? [new(Exports.EndpointKey, $"{Exports.EndpointKey} is '{given}'; it must be an http or https URL such as http://127.0.0.1:4317.")]
            : []);
}
