using System.Reflection;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>Where things stand, as the build wrote it into the assembly.</summary>
internal static class Places
{
    public static string Repository { get; } = Metadata("RepositoryRoot");

    /// <summary>The gateway as built, started by <c>dotnet</c>.</summary>
    public static string Gateway { get; } = Metadata("Gateway");

    public static string NodeModules { get; } = Path.Combine(Repository, "node_modules");

    public static string Harness { get; } = Path.Combine(Repository, "tests", "HlsGateway.Players.Tests", "Harness");

    /// <summary>Made media, kept between runs by the hash of their recipe.</summary>
    public static string MediaCache { get; } = Path.Combine(Repository, ".build", "player-media");

    private static string Metadata(string key) => typeof(Places).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => string.Equals(attribute.Key, key, StringComparison.Ordinal)).Value!;
}
