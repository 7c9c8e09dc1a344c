using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace HlsGateway.Media;

/// <summary>One run of ffmpeg.</summary>
/// <param name="Folder">The only folder it sees; names in the arguments are relative to it.</param>
/// <param name="Arguments">The words of a line that <see cref="FfmpegArguments.From"/> begins.</param>
/// <param name="Deadline">Wall time after which its whole process group is killed.</param>
internal sealed record FfmpegJob(JobFolder Folder, ImmutableArray<string> Arguments, TimeSpan Deadline)
{
    public ProcessLimits Limits { get; init; } = ProcessLimits.Transcode;
}

/// <summary>ffmpeg or ffprobe cannot read or make what was asked.</summary>
internal sealed class FfmpegException : SandboxException
{
    public FfmpegException()
    {
    }

    public FfmpegException(string message)
        : base(message)
    {
    }

    public FfmpegException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>
/// Runs ffmpeg and ffprobe in the sandbox. FFMpegCore's own runner has no isolation, deadline or limits (docs/decisions/0004-ffmpegcore.md).
/// </summary>
internal sealed class Ffmpeg(Sandbox sandbox, IOptions<MediaOptions> options)
{
    private const int ProbeBytes = 4 << 20;

    public Sandbox Sandbox => sandbox;

    /// <exception cref="SandboxException">ffmpeg is not installed.</exception>
    public async Task<ProgramResult> RunAsync(FfmpegJob job, CancellationToken ct)
    {
        var (result, _) = await sandbox.RunAsync(
            options.Value.FfmpegPath, job.Arguments, job.Folder, job.Limits, job.Deadline, ProgramOutput.DrainAsync, ct);
        return result;
    }

    /// <summary>Reads what a file in the folder holds.</summary>
    /// <exception cref="FfmpegException">Not media that we read.</exception>
    /// <exception cref="SandboxException">ffprobe is not installed.</exception>
    public async Task<MediaProbe> ProbeAsync(JobFolder folder, string name, ProbeAs kind, CancellationToken ct)
    {
        var (result, output) = await sandbox.RunAsync(
            options.Value.FfprobePath, FfmpegArguments.Probe(name, kind), folder, ProcessLimits.Probe, options.Value.ProbeTimeout,
            stdout => ProgramOutput.HeadAsync(stdout, ProbeBytes), ct);
        if (!result.Succeeded)
            throw new FfmpegException($"The file cannot be read as video or sound: {result.Reason}");
        try
        {
            return MediaProbe.Parse(output);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or OverflowException)
        {
            // The program was exploited, or its output was longer than what is kept: this is not the JSON that was asked for.
            throw new FfmpegException("ffprobe's description of the file is missing, or longer than that of any real video.", e);
        }
    }

    /// <summary>Probes bytes, in a folder of their own that is gone afterwards.</summary>
    /// <exception cref="FfmpegException">As above.</exception>
    public async Task<MediaProbe> ProbeAsync(Stream content, ProbeAs kind, CancellationToken ct)
    {
        using var folder = sandbox.OpenFolder();
        await folder.AddAsync("input", content, ct);
        return await ProbeAsync(folder, "input", kind, ct);
    }
}
