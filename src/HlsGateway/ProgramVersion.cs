using System.Reflection;

namespace HlsGateway;

/// <summary>Which program this is: the version of Directory.Build.props, and the commit that it was built from.</summary>
internal static class ProgramVersion
{
    // "1.2.3+<commit>", as the build writes it; without the second part where there was no git.
    private static readonly string[] Parts =
        (typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "").Split('+', 2);

    /// <summary>For instance <c>1.2.3</c>.</summary>
    public static string Number => Parts[0];

    /// <summary>The whole hash, or null where the build was not made from a git repository.</summary>
    public static string? Commit => Parts.Length > 1 ? Parts[1] : null;

    /// <summary><c>1.2.3 (0123456789ab)</c>, or the number alone.</summary>
    public static string Text => Commit is { } commit ? $"{Number} ({commit[..Math.Min(12, commit.Length)]})" : Number;
}
