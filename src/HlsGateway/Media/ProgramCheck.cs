using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Options;

namespace HlsGateway.Media;

/// <summary>Whether ffmpeg and ffprobe are there and run. A process that makes no videos is not asked for them.</summary>
internal sealed class ProgramCheck(IOptions<MediaOptions> options, IOptions<GatewayOptions> gateway) : IStartCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A program is asked once in the life of this process.
    private static readonly ConcurrentDictionary<(string File, DateTime Written), Task<string?>> Asked = new();

    public async Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct)
    {
        if (!gateway.Value.Has("worker"))
            return [];
        var faults = await Task.WhenAll(
            FaultAsync(nameof(MediaOptions.FfmpegPath), options.Value.FfmpegPath, ct), FaultAsync(nameof(MediaOptions.FfprobePath), options.Value.FfprobePath, ct));
        return [.. faults.OfType<StartFault>()];
    }

    private static async Task<StartFault?> FaultAsync(string name, string program, CancellationToken ct)
    {
        var why = Sandbox.Find(program) is { } file ? await Asked.GetOrAdd((file, File.GetLastWriteTimeUtc(file)), static key => WhyNotAsync(key.File)).WaitAsync(ct) : "there is no such program";
        var key = $"{MediaOptions.Section}:{name}";
        return why is null ? null : new(key,
            $"{key} is '{program}'; {why}. Install ffmpeg, or write an absolute path or a name that stands on {Sandbox.SearchPath}, for example {key}=/usr/bin/{(name == nameof(MediaOptions.FfmpegPath) ? "ffmpeg" : "ffprobe")}; a process that makes no videos needs none (Gateway:Roles:0=gateway).");
    }

    private static async Task<string?> WhyNotAsync(string file)
    {
        if ((File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == UnixFileMode.None)
            return "the file cannot be run: it has no execute permission";
        // A script is somebody's own way to call ffmpeg: what it does when asked for a version is not known.
        if (await IsScriptAsync(file))
            return null;
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            var start = new ProcessStartInfo(file, ["-version"]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
            using var process = Process.Start(start);
            if (process is null)
                return "it cannot be started";
            try
            {
                process.StandardInput.Close();
                await Task.WhenAll(process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, patience.Token), process.StandardError.BaseStream.CopyToAsync(Stream.Null, patience.Token));
                await process.WaitForExitAsync(patience.Token);
                return process.ExitCode == 0 ? null : $"asked for its version it ends with {process.ExitCode}";
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return $"asked for its version it does not answer within {Patience.TotalSeconds:0} s";
            }
        }
        catch (Win32Exception e)
        {
            return $"it cannot be started ({e.Message.TrimEnd('.')})";
        }
    }

    private static async Task<bool> IsScriptAsync(string file)
    {
        try
        {
            await using var bytes = File.OpenRead(file);
            var head = new byte[2];
            return await bytes.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false) == 2 && head is [(byte)'#', (byte)'!'];
        }
        catch (UnauthorizedAccessException)
        {
            // It may be run and not read: then it is no script.
            return false;
        }
    }
}
