using System.Diagnostics.CodeAnalysis;
using System.Runtime.Loader;
using HlsGateway.Tests.Counting.Crash;
using HlsGateway.Tests.Storage;

/// <summary>Run by the runtime before the program's own Main, in a process that was started with DOTNET_STARTUP_HOOKS naming this assembly.</summary>
[SuppressMessage("Design", "MA0047:Declare types in namespaces", Justification = "The runtime looks for this name without a namespace.")]
internal static class StartupHook
{
    public static void Initialize()
    {
        // The gateway's own list of assemblies does not name those of the tests, which stand beside it.
        AssemblyLoadContext.Default.Resolving += static (context, name) =>
            Path.Combine(AppContext.BaseDirectory, $"{name.Name}.dll") is var path && File.Exists(path) ? context.LoadFromAssemblyPath(path) : null;
        if (CrashingGateway.IsAsked) CrashingGateway.Prepare();
        if (HoldingStore.IsAsked) HoldingStore.Prepare();
    }
}
