using System.Security.Claims;

namespace HlsGateway;

/// <summary>Who changes something.</summary>
/// <param name="Text">
/// As it is kept with the change and told as <c>actor</c>: <c>Anna (editor)</c>, name and role of a token; the role alone where the token has no name;
/// for what nobody asked for a word such as <c>automatic</c>.
/// </param>
internal sealed record Actor(string Text)
{
    /// <summary>The gateway itself.</summary>
    public static Actor System { get; } = new("system");

    /// <summary>A file that was uploaded, for what it brought with it.</summary>
    public static Actor Upload { get; } = new("upload");

    /// <summary>A program that the operator configured.</summary>
    public static Actor Automatic { get; } = new("automatic");

    /// <summary>Somebody at the machine itself, with the command line on a data directory.</summary>
    public static Actor CommandLine { get; } = new("command line");

    public static Actor OfToken(string name, string role) => new(name.Length == 0 ? role : $"{name} ({role})");

    /// <summary>The caller of the API: its identity's name is an actor's text.</summary>
    public static Actor Of(ClaimsPrincipal user) => new(user.Identity?.Name ?? "");

    /// <summary>Lets a handler take the caller as a parameter.</summary>
    public static ValueTask<Actor?> BindAsync(HttpContext context) => ValueTask.FromResult<Actor?>(Of(context.User));

    public override string ToString() => Text;
}
