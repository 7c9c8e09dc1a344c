using System.Diagnostics.CodeAnalysis;
using HlsGateway.Tests.Counting.Crash;

/// <summary>Run by the runtime before the program's own Main, in a gateway that was started with DOTNET_STARTUP_HOOKS naming this assembly.</summary>
[SuppressMessage("Design", "MA0047:Declare types in namespaces", Justification = "The runtime looks for this name without a namespace.")]
internal static class StartupHook
{
    public static void Initialize() => CrashingGateway.Prepare();
}
