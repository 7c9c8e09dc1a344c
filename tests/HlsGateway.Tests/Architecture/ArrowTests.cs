using System.Reflection;
using HlsGateway.Playlists;

namespace HlsGateway.Tests.Architecture;

/// <summary>The arrows of docs/architecture.md, read from the compiled code.</summary>
public sealed class ArrowTests
{
    [Fact]
    public void Playlists_know_bytes_and_nothing_else()
    {
        var pure = typeof(PlaylistTemplate).Assembly;
        Assert.All(pure.GetReferencedAssemblies(), name => Assert.StartsWith("System.", name.Name, StringComparison.Ordinal));
        string[] outside = ["System.IO.", "System.Net.", "System.Threading.Tasks.", "System.TimeProvider", "System.Diagnostics.Stopwatch",
            "System.Environment", "System.Console", "System.Random"];
        AssertNone(pure.GetTypes(), outside);
        Assert.DoesNotContain(Uses(pure.GetTypes()), use => use.Member is MethodInfo { Name: "get_UtcNow" or "get_Now" });
    }

    [Fact]
    public void Viewers_keep_watching_when_databases_stores_and_jobs_are_down() => AssertNone(TypesOf("HlsGateway.Playback"),
        "HlsGateway.Database.", "HlsGateway.Transcoding.", "HlsGateway.Analytics.", "HlsGateway.Studio.",
        "HlsGateway.Storage.DiskStore", "HlsGateway.Storage.S3Store", "System.Data.", "Dapper.", "Microsoft.Data.Sqlite.", "Npgsql.", "Amazon.");

    [Fact]
    public void Databases_stores_and_metrics_know_no_feature()
    {
        string[] below = ["HlsGateway.Database", "HlsGateway.Storage", "HlsGateway.Telemetry"];
        // Whatever room is added later is a feature, unless it is said here not to be one.
        var features = typeof(Program).Assembly.GetTypes().Select(type => type.Namespace ?? "")
            .Where(room => room.StartsWith("HlsGateway.", StringComparison.Ordinal) && room is not "HlsGateway.Access" && !below.Contains(room))
            .Distinct(StringComparer.Ordinal).Select(room => room + ".").ToArray();
        Assert.InRange(features.Length, 10, int.MaxValue);
        Assert.All(below, room => AssertNone(TypesOf(room), features));
    }

    /// <summary>
    /// Its runner gives the child our environment and no limits, and its options come from a file in the working directory
    /// (docs/decisions/0004-ffmpegcore.md).
    /// </summary>
    [Fact]
    public void FFMpegCore_builds_command_lines_and_reads_probes_and_starts_nothing()
    {
        string[] forbidden = ["FFMpegCore.FFMpeg", "FFMpegCore.FFProbe", "FFMpegCore.GlobalFFOptions", "FFMpegCore.FFMpegResult", "FFMpegCore.SnapshotArgumentBuilder", "Instances."];
        string[] starting = ["ProcessSynchronously", "ProcessAsynchronously", "Configure", "CancellableThrough", "GetCodecInfo", "GetPixelFormatInfo", "GetExtension"];
        var uses = Uses(typeof(Program).Assembly.GetTypes()).ToArray();
        Assert.Contains(uses, use => use.Type == "FFMpegCore.FFMpegArguments");
        Assert.DoesNotContain(uses, use => forbidden.Any(type => type.EndsWith('.') ? use.Type.StartsWith(type, StringComparison.Ordinal) : use.Type == type));
        Assert.DoesNotContain(uses, use => use.Type.StartsWith("FFMpegCore.", StringComparison.Ordinal) && use.Member is { } member && starting.Contains(member.Name));
    }

    [Fact]
    public void The_scan_sees_what_a_method_calls()
    {
        // Anti-vacuity: this class calls Assert and reads files of the pure assembly's metadata.
        Assert.Contains(Uses([typeof(ArrowTests)]), use => use.Type == "Xunit.Assert");
    }

    private static Type[] TypesOf(string space)
    {
        var types = typeof(Program).Assembly.GetTypes().Where(type => type.Namespace == space).ToArray();
        Assert.NotEmpty(types);
        return types;
    }

    private static void AssertNone(IEnumerable<Type> types, params string[] forbidden) => Assert.Empty(
        Uses(types).Where(use => forbidden.Any(prefix => use.Type.StartsWith(prefix, StringComparison.Ordinal)))
            .Select(use => $"{use.By} uses {use.Type}").Distinct(StringComparer.Ordinal));

    private static IEnumerable<(string By, string Type, MemberInfo? Member)> Uses(IEnumerable<Type> types) =>
        CompiledUses.Of(types).Select(use => (use.By.FullName!, use.Type, use.Member));
}
