using System.ComponentModel.DataAnnotations;

namespace HlsGateway;

/// <summary>The section <c>Gateway</c>: what every role of the process needs to know.</summary>
internal sealed class GatewayOptions : IValidatableObject
{
    public const string Section = "Gateway";

    internal static readonly TimeSpan LongestStopDelay = TimeSpan.FromMinutes(5);

    internal static readonly string[] AllRoles = ["gateway", "worker", "studio"];

    /// <summary>All that embedded mode writes. Relative paths stand below the content root.</summary>
    [Required]
    public string DataDirectory { get; init; } = "data";

    /// <summary>Any of <c>gateway</c>, <c>worker</c>, <c>studio</c>; empty means all three.</summary>
    public string[] Roles { get; init; } = [];

    /// <summary>Scheme, host and path base that players see; empty takes them from the request.</summary>
    public string PublicUrl { get; init; } = "";

    /// <summary>Whether redirects and Media Playlists that were answered before are answered in front of the ordinary HTTP pipeline, with the same bytes.</summary>
    public bool FastLane { get; init; } = true;

    /// <summary>How long the gateway serves on after it was told to stop, as not ready and each answer the last on its connection, so that a balancer goes elsewhere.</summary>
    public TimeSpan StopDelay { get; init; }

    /// <summary>For what is decided before the options are checked. A value that cannot be read is told by that check; here it counts as not given, as all of them.</summary>
    public static GatewayOptions Of(IConfiguration configuration)
    {
        try
        {
            return configuration.GetSection(Section).Get<GatewayOptions>() ?? new();
        }
        catch (InvalidOperationException)
        {
            return new();
        }
    }

    /// <summary>The data directory as an absolute path.</summary>
    public string DataPath(IHostEnvironment environment) => Path.GetFullPath(DataDirectory, environment.ContentRootPath);

    /// <summary>Scheme, host and path base at which the sender of the request reaches us, without a trailing slash.</summary>
    public string SiteOf(HttpRequest request) =>
        PublicUrl.Length > 0 ? PublicUrl.TrimEnd('/') : $"{request.Scheme}://{request.Host}{request.PathBase}";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < Roles.Length; i++)
        {
            if (!AllRoles.Contains(Roles[i], StringComparer.OrdinalIgnoreCase))
                yield return new ValidationResult($"{Section}:Roles:{i} is '{Roles[i]}'; it must be gateway, worker or studio. Leave the list out for all three.");
        }

        if (StopDelay < TimeSpan.Zero || StopDelay > LongestStopDelay)
            yield return new ValidationResult($"{Section}:StopDelay is {StopDelay}; it must be between 00:00:00 and {LongestStopDelay}, for example 00:00:05.");

        if (PublicUrl.Length > 0 && !(HttpAddress.IsBase(PublicUrl) && new Uri(PublicUrl).UserInfo.Length == 0))
            yield return new ValidationResult($"{Section}:PublicUrl is '{PublicUrl}'; it must be an http(s) URL without a query, for instance https://video.example. Leave it out to take it from requests.");
    }

    public bool Has(string role) => Roles.Length == 0 || Roles.Contains(role, StringComparer.OrdinalIgnoreCase);
}
