using System.Diagnostics;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>
/// PulseAudio without a sound card, for Firefox: without a server it plays no sound into a page's AudioContext, which is where the rig listens. It takes
/// what is played at its own speed, and nobody hears it.
/// </summary>
internal sealed class SoundServer : IDisposable
{
    private readonly DirectoryInfo folder;
    private readonly Process process;

    private SoundServer(DirectoryInfo folder, Process process) => (this.folder, this.process) = (folder, process);

    /// <summary>For <c>PULSE_SERVER</c>.</summary>
    public string Address => $"unix:{Socket(folder)}";

    public static async Task<SoundServer> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("hlsgateway-sound-");
        var start = new ProcessStartInfo("pulseaudio",
            ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--log-level=error", "--load=module-null-sink", $"--load=module-native-protocol-unix socket={Socket(folder)} auth-anonymous=1"])
        {
            UseShellExecute = false,
        };
        // Nothing of whoever runs the tests is read or written.
        (start.Environment["HOME"], start.Environment["XDG_RUNTIME_DIR"]) = (folder.FullName, folder.FullName);
        var server = new SoundServer(folder, Process.Start(start)!);
        await Until.TrueAsync(() => Task.FromResult(File.Exists(Socket(folder)) || server.process.HasExited), "PulseAudio listens", TimeSpan.FromMinutes(1));
        return server.process.HasExited ? throw new InvalidOperationException($"PulseAudio ended with {server.process.ExitCode}.") : server;
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        folder.Delete(recursive: true);
    }

    private static string Socket(DirectoryInfo folder) => Path.Combine(folder.FullName, "native");
}
