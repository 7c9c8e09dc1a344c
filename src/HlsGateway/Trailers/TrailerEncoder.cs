using System.Globalization;
using HlsGateway.Content;
using HlsGateway.Media;
using Microsoft.Extensions.Options;

namespace HlsGateway.Trailers;

/// <summary>A copy that passed the checks; its files are in a folder that no program has had access to, and that is removed with it.</summary>
internal sealed class EncodedCopy(TrailerCopy copy, JobFolder folder) : IDisposable
{
    public TrailerCopy Copy { get; } = copy;

    /// <summary>Names of all objects, the initialization section first.</summary>
    public IEnumerable<string> Files => Copy.Init is { } init ? [init, .. Copy.Segments.Select(s => s.File)] : Copy.Segments.Select(s => s.File);

    public Stream Open(string file) => folder.OpenInput(file);

    public void Dispose() => folder.Dispose();
}

/// <summary>A copy that could not be made, with a reason fit for an editor.</summary>
internal sealed class ConditioningException(string message) : Exception(message);

/// <summary>Conditions a trailer for one shape and checks in the copy's bytes that it keeps rules S2, S6 and S7.</summary>
internal sealed class TrailerEncoder(Ffmpeg ffmpeg, IOptions<TrailersOptions> options)
{
    /// <summary>A trailer of a minute at 4K takes about a minute on one core; a stuck encoder must not hold the queue.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    /// <summary>Two seconds at 4K take 12 MB.</summary>
    private const int MostBytes = 128 << 20;

    /// <exception cref="ConditioningException">No copy can be made, or what ffmpeg made breaks a rule.</exception>
    /// <exception cref="SandboxException">ffmpeg left what it was not told to write.</exception>
    public async Task<EncodedCopy> EncodeAsync(TrailerVersion version, RenditionShape shape, Stream source, CancellationToken ct)
    {
        if (!ConditioningArguments.Supports(shape))
            throw new ConditioningException($"No trailer copy can be made for the shape {shape.Profile}.");
        using var folder = ffmpeg.Sandbox.OpenFolder();
        await folder.AddAsync(ConditioningArguments.SourceFile, source, ct);
        var (target, ground) = (options.Value.Loudness, options.Value.Ground);
        var loudness = await MeasureAsync(folder, shape, version.Source, target, ct);
        var result = await ffmpeg.RunAsync(
            new FfmpegJob(folder, ConditioningArguments.For(shape, version.Source, ground, loudness, target), Deadline), ct);
        if (!result.Succeeded)
            throw new ConditioningException($"ffmpeg could not make the copy: {result.Reason}");
        // The bytes that passed the check are the ones published: they are written again where no program can change them.
        var finished = ffmpeg.Sandbox.OpenFolder();
        try
        {
            return new EncodedCopy(await CheckAsync(version, shape, folder.Outputs, finished, ct), finished);
        }
        catch
        {
            finished.Dispose();
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

    private static async Task<TrailerCopy> CheckAsync(TrailerVersion version, RenditionShape shape, UntrustedFolder made, JobFolder finished, CancellationToken ct)
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

        var head = init is null ? [] : await ReadAsync(made, init, ct) ?? throw new ConditioningException("The copy has no initialization section.");
        var cut = shape.Container == "aac" ? await CutPackedAudioAsync(made, shape, grid, ct) : null;
        if (init is not null)
            await AddAsync(finished, init, head, ct);
        var check = new CopyCheck(shape, rate);
        var peak = 0.0;
        for (var k = 0; k < segments.Length; k++)
        {
            var bytes = (cut is null ? await ReadAsync(made, segments[k].File, ct) : cut[k])
                ?? throw new ConditioningException($"The copy has only {k} of {segments.Length} segments.");
            if (shape.Delay > 0)
                MoveBack(bytes, rate.TicksOf(shape.Delay));
            if (check.Add(head, bytes, frames[k + 1] - frames[k]) is { } fault)
                throw new ConditioningException($"Segment {k} of the copy {fault}.");
            await AddAsync(finished, segments[k].File, bytes, ct);
            peak = Math.Max(peak, bytes.Length * 8000.0 / segments[k].DurationMs);
        }
        if (cut is null && await ReadAsync(made, string.Create(CultureInfo.InvariantCulture, $"{segments.Length}.{extension}"), ct) is not null)
            throw new ConditioningException($"The copy has more than {segments.Length} segments.");
        if (shape.HasAudio && check.AudioFrames != ConditioningArguments.AudioFrames(shape, grid))
            throw new ConditioningException($"The copy has {check.AudioFrames} audio frames instead of {ConditioningArguments.AudioFrames(shape, grid)}.");

        return new TrailerCopy(
            shape.Profile, $"{version.KeyPrefix}{shape.Profile}/", init, segments, check.FirstPts, (int)Math.Ceiling(peak), check.Codecs);
    }

    /// <summary>All copies begin at the same PTS, however far decoding runs ahead, since their sound may be in a Rendition of its own.</summary>
    private static void MoveBack(byte[] segment, long ticks)
    {
        try
        {
            TsTimestamps.Shift(segment, -ticks);
        }
        catch (FormatException e)
        {
            throw new ConditioningException(e.Message);
        }
    }

    private static async Task<byte[][]> CutPackedAudioAsync(UntrustedFolder made, RenditionShape shape, TrailerGrid grid, CancellationToken ct)
    {
        var stream = await ReadAsync(made, ConditioningArguments.AdtsFile, ct) ?? throw new ConditioningException("The copy has no sound.");
        return AdtsFrames.Cut(stream, grid.AudioFrames(shape.SampleRate).AsSpan(), shape.SampleRate, ConditioningArguments.TsFirstPts)
            ?? throw new ConditioningException("The encoder wrote another number of audio frames than it was asked for.");
    }

    /// <summary>Null where there is none.</summary>
    private static async Task<byte[]?> ReadAsync(UntrustedFolder made, string file, CancellationToken ct)
    {
        await using var content = made.Find(file);
        return content is null ? null : await content.ReadAllAsync(MostBytes, ct);
    }

    private static Task AddAsync(JobFolder finished, string file, byte[] bytes, CancellationToken ct) =>
        finished.AddAsync(file, content => content.WriteAsync(bytes, ct).AsTask());
}
