using System.Collections.Immutable;
using System.Globalization;
using HlsGateway.Content;
using HlsGateway.Transcoding;
using Microsoft.Extensions.Options;

namespace HlsGateway.Trailers;

/// <summary>A copy as it came out of ffmpeg and passed the checks; its files stand in a folder that goes with it.</summary>
public sealed class EncodedCopy(TrailerCopy copy, JobFolder folder) : IDisposable
{
    public TrailerCopy Copy { get; } = copy;

    /// <summary>Names of all objects, the initialization section first.</summary>
    public IEnumerable<string> Files => Copy.Init is { } init ? [init, .. Copy.Segments.Select(s => s.File)] : Copy.Segments.Select(s => s.File);

    public Stream Open(string file) => File.OpenRead(folder[file]);

    public void Dispose() => folder.Dispose();
}

/// <summary>A copy that could not be made, with a reason fit for an editor.</summary>
public sealed class ConditioningException(string message) : Exception(message);

/// <summary>Conditions a trailer for one shape and proves in the bytes that the copy keeps rules S2, S6 and S7.</summary>
public sealed class TrailerEncoder(Ffmpeg ffmpeg, IOptions<TrailersOptions> options)
{
    /// <summary>A trailer of a minute at 4K takes about a minute on one core; a stuck encoder must not hold the queue.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    /// <exception cref="ConditioningException">No copy can be made, or what ffmpeg made breaks a rule.</exception>
    public async Task<EncodedCopy> EncodeAsync(TrailerVersion version, RenditionShape shape, Stream source, CancellationToken ct)
    {
        if (!ConditioningArguments.Supports(shape))
            throw new ConditioningException($"No trailer copy can be made for the shape {shape.Profile}.");
        var folder = ffmpeg.OpenFolder();
        try
        {
            await folder.AddAsync(ConditioningArguments.SourceFile, source, ct);
            var (target, ground) = (options.Value.Loudness, options.Value.Ground);
            var loudness = await MeasureAsync(folder, shape, version.Source, target, ct);
            var result = await ffmpeg.RunAsync(
                new FfmpegJob(folder, ConditioningArguments.For(shape, version.Source, ground, loudness, target), Deadline), ct);
            if (!result.Succeeded)
                throw new ConditioningException($"ffmpeg could not make the copy: {result.Reason}");
            if (shape.Delay > 0)
                await MoveBackAsync(folder, shape, version.Source, ct);
            if (shape.Container == "aac")
                await CutPackedAudioAsync(folder, shape, new TrailerGrid(version.Source.DurationMs), ct);
            return new EncodedCopy(await CheckAsync(version, shape, folder, ct), folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private async Task<MeasuredLoudness?> MeasureAsync(JobFolder folder, RenditionShape shape, TrailerSource source, double target, CancellationToken ct)
    {
        if (!shape.HasAudio || !source.HasAudio || target == 0)
            return null;
        var result = await ffmpeg.RunAsync(new FfmpegJob(folder, Loudness.Measure(shape, source, target), Deadline), ct);
        return result.Succeeded ? Loudness.Read(result.StderrTail) : throw new ConditioningException($"ffmpeg could not measure the loudness: {result.Reason}");
    }

    /// <summary>Whichever way decoding runs ahead, all copies begin at one PTS: their sound may come apart.</summary>
    private static async Task MoveBackAsync(JobFolder folder, RenditionShape shape, TrailerSource source, CancellationToken ct)
    {
        _ = FrameRate.TryParse(shape.FrameRate, out var rate);
        foreach (var segment in TrailerGrid.Segment(new TrailerGrid(source.DurationMs).VideoFrames(rate), rate, shape.Container))
        {
            if (!File.Exists(folder[segment.File]))
                return;
            var bytes = await File.ReadAllBytesAsync(folder[segment.File], ct);
            TsTimestamps.Shift(bytes, -rate.TicksOf(shape.Delay));
            await File.WriteAllBytesAsync(folder[segment.File], bytes, ct);
        }
    }

    private static async Task CutPackedAudioAsync(JobFolder folder, RenditionShape shape, TrailerGrid grid, CancellationToken ct)
    {
        var stream = await File.ReadAllBytesAsync(folder[ConditioningArguments.AdtsFile], ct);
        var segments = AdtsFrames.Cut(stream, grid.AudioFrames(shape.SampleRate).AsSpan(), shape.SampleRate, ConditioningArguments.TsFirstPts)
            ?? throw new ConditioningException("The encoder gave another number of audio frames than was asked for.");
        for (var k = 0; k < segments.Length; k++)
            await File.WriteAllBytesAsync(folder[string.Create(CultureInfo.InvariantCulture, $"{k}.aac")], segments[k], ct);
    }

    private static async Task<TrailerCopy> CheckAsync(TrailerVersion version, RenditionShape shape, JobFolder folder, CancellationToken ct)
    {
        var grid = new TrailerGrid(version.Source.DurationMs);
        var (extension, init) = shape.Container switch
        {
            "fmp4" => ("m4s", ConditioningArguments.InitFile),
            var container => (container, (string?)null),
        };
        FrameRate rate = new(shape.SampleRate, TrailerGrid.AudioFrame);
        if (shape.HasVideo)
            _ = FrameRate.TryParse(shape.FrameRate, out rate);
        var frames = shape.HasVideo ? grid.VideoFrames(rate) : grid.AudioFrames(shape.SampleRate);
        var segments = TrailerGrid.Segment(frames, rate, extension);

        var head = init is null ? [] : await File.ReadAllBytesAsync(folder[init], ct);
        var check = new CopyCheck(shape, rate);
        var peak = 0.0;
        for (var k = 0; k < segments.Length; k++)
        {
            if (!File.Exists(folder[segments[k].File]))
                throw new ConditioningException($"The copy has only {k} of {segments.Length} segments.");
            var bytes = await File.ReadAllBytesAsync(folder[segments[k].File], ct);
            if (check.Add(head, bytes, frames[k + 1] - frames[k]) is { } fault)
                throw new ConditioningException($"Segment {k} of the copy {fault}.");
            peak = Math.Max(peak, bytes.Length * 8000.0 / segments[k].DurationMs);
        }
        if (File.Exists(folder[string.Create(CultureInfo.InvariantCulture, $"{segments.Length}.{extension}")]))
            throw new ConditioningException($"The copy has more than {segments.Length} segments.");
        if (shape.HasAudio && check.AudioFrames != ConditioningArguments.AudioFrames(shape, grid))
            throw new ConditioningException($"The copy has {check.AudioFrames} audio frames where {ConditioningArguments.AudioFrames(shape, grid)} were asked for.");

        return new TrailerCopy(
            shape.Profile, $"{version.KeyPrefix}{shape.Profile}/", init, segments, check.FirstPts, (int)Math.Ceiling(peak), check.Codecs);
    }
}
