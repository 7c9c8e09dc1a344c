using System.Security.Claims;

namespace HlsGateway;

/// <summary>Who changes something. Its text is kept with the change and told as <c>actor</c>: <c>Anna (editor)</c>.</summary>
/// <param name="Name">The token's name; empty where it has none.</param>
/// <param name="Role">The token's role; empty for what the gateway does by itself.</param>
internal sealed record Actor(string Name, string Role)
{
    /// <summary>The gateway itself.</summary>
    public static Actor System { get; } = new("system", "");

    /// <summary>A file that was uploaded, for what it brought with it.</summary>
    public static Actor Upload { get; } = new("upload", "");

    /// <summary>A program that the operator configured.</summary>
    public static Actor Automatic { get; } = new("automatic", "");

    /// <summary>Somebody at the machine itself, with the command line on a data directory.</summary>
    public static Actor CommandLine { get; } = new("command line", "");

    public static Actor Of(ClaimsPrincipal user) => new(user.Identity?.Name ?? "", user.FindFirst(ClaimTypes.Role)?.Value ?? "");

    /// <summary>Lets a handler take the caller as a parameter.</summary>
    public static ValueTask<Actor?> BindAsync(HttpContext context) => ValueTask.FromResult<Actor?>(Of(context.User));

    public override string ToString() => Role.Length == 0 ? Name : Name.Length == 0 ? Role : $"{Name} ({Role})";
}
