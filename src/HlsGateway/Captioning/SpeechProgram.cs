using System.Diagnostics;
using System.Text;
using HlsGateway.Media;
using HlsGateway.Playlists;
using HlsGateway.Storage;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Captioning;

/// <summary>
/// From a revision's source to captions: 1. its sound as <see cref="SpeechArguments.Sound"/>; 2. the configured program, isolated as ffmpeg is,
/// with that file's name as argument; 3. what it wrote to standard output, read as an editor's file is (rule W6).
/// </summary>
internal sealed class SpeechProgram(Ffmpeg ffmpeg, BlobStore store, IOptions<SubtitlesOptions> options, IOptions<MediaOptions> media, GatewayMetrics metrics)
{
    /// <summary>Of step 1: extracting the sound is quick compared with transcribing it.</summary>
    private const double Extracted = 0.1;

    /// <param name="key">Of an object with sound.</param>
    /// <param name="report">Told how far it is, 0 to 1: by the last cue, where the program writes them as it goes.</param>
    /// <returns>The captions as the program wrote them.</returns>
    /// <exception cref="CaptioningException">The sound, the program or its answer is at fault; the message is for editors.</exception>
    /// <exception cref="SandboxException">A program cannot be run, or left what it was not told to write.</exception>
    /// <exception cref="IOException">The store is at fault.</exception>
    public async Task<string> WriteDownAsync(string key, string language, Action<double> report, CancellationToken ct)
    {
        var automatic = options.Value.Automatic;
        using var folder = ffmpeg.Sandbox.OpenFolder(automatic.ReadableFolders);

        // 1.
        using (var source = ffmpeg.Sandbox.OpenFolder())
        {
            await using (var content = await store.OpenAsync(key, ct) ?? throw new CaptioningException("The video's source is no longer there."))
                await source.AddAsync(SpeechArguments.Source, content, ct);
            var extracted = await ffmpeg.RunAsync(new FfmpegJob(source, SpeechArguments.Extract, media.Value.JobTimeout), ct);
            if (!extracted.Succeeded)
                throw new CaptioningException($"The video's sound cannot be read: {extracted.Reason}");
            folder.Take(source, SpeechArguments.Sound);
        }

        var length = SpeechArguments.Length(folder.LengthOf(SpeechArguments.Sound));
        report(Extracted);

        // 2.
        var began = Stopwatch.GetTimestamp();
        var (result, answer) = await ffmpeg.Sandbox.RunAsync(
            automatic.Command, automatic.Words(SpeechArguments.Sound, language), folder, Limits(automatic), automatic.Deadline,
            output => ReadAsync(output, end => report(Extracted + ((1 - Extracted) * Math.Clamp(end / length, 0, 1)))), ct);
        metrics.CaptionCommandDuration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
        if (!result.Succeeded)
            throw new CaptioningException($"The program that writes captions failed: {result.Reason}");

        // 3.
        if (!WebVtt.TryParse(answer, out _, out var error))
            throw new CaptioningException($"The program's captions cannot be used: {error}");
        return Encoding.UTF8.GetString(answer);
    }

    private static ProcessLimits Limits(AutomaticCaptionsOptions automatic) => ProcessLimits.Transcode with
    {
        AddressSpace = automatic.MemoryBytes,
        // The deadline ends it; this limit only stops a process that survived the kill.
        CpuSeconds = (int)Math.Min(int.MaxValue, Math.Ceiling(automatic.Deadline.TotalSeconds) * Environment.ProcessorCount),
    };

    /// <summary>Reads to the end, so that the program never blocks, and keeps one byte more than a caption file may have.</summary>
    private static async Task<byte[]> ReadAsync(Stream output, Action<TimeSpan> reached)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[16 << 10];
        int read;
        while ((read = await output.ReadAsync(buffer)) > 0)
        {
            kept.Write(buffer, 0, Math.Min(read, WebVtt.MaxBytes + 1 - (int)kept.Length));
            reached(TimeSpan.FromMilliseconds(WebVtt.EndSoFar(kept.GetBuffer().AsSpan(0, (int)kept.Length))));
        }

        return kept.ToArray();
    }
}
