using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using HlsGateway.Catalogue;
using HlsGateway.Content;
using HlsGateway.Jobs;
using HlsGateway.Media;
using HlsGateway.Storage;
using Microsoft.Extensions.Options;

namespace HlsGateway.Transcoding;

/// <summary>
/// From an upload in a job's folder to objects in the store:
/// 1. probe and refuse early; 2. one ffmpeg run; 3. measure what was made; 4. the durable source and the upload itself, verified by reading back;
/// 5. segments, then Media Playlists, then the Master Playlist. Captions that the upload held are handed to the caller. Nothing is
/// visible until the caller publishes.
/// </summary>
internal sealed class VideoPipeline(Ffmpeg ffmpeg, BlobStore store, IOptions<TranscodeOptions> options, IOptions<MediaOptions> media, TimeProvider time)
{
    /// <summary>A JPEG of 1280 pixels has a few hundred kilobytes.</summary>
    private const int MostPictureBytes = 16 << 20;

    /// <summary>Told while it works; throws to stop it.</summary>
    public delegate void Report(JobStep step);

    /// <summary>How long a job of a plan usually takes, in seconds; null where nobody knows.</summary>
    public delegate Task<double?> Usual(EncodePlan plan, CancellationToken ct);

    /// <param name="folder">Holds the upload as <see cref="EncodeArguments.Input"/>.</param>
    /// <exception cref="UploadRefusedException">The file is not what the rules allow.</exception>
    /// <exception cref="SandboxException">The file cannot be decoded, or ffmpeg left what it was not told to write.</exception>
    /// <exception cref="IOException">The store failed or gave back other bytes.</exception>
    public async Task<Publication> MakeAsync(JobFolder folder, string video, string revision, Usual usualAsync, Report report, CancellationToken ct)
    {
        // 1.
        var began = time.GetTimestamp();
        report(new JobStep("probing", 0));
        var probe = await ffmpeg.ProbeAsync(folder, EncodeArguments.Input, ProbeAs.Upload, ct);
        if (UploadRules.Check(probe, options.Value) is { } refusal)
            throw new UploadRefusedException(refusal);
        var plan = EncodePlan.For(probe, options.Value);

        // 2.
        var forecast = new EncodeForecast(plan.KnownSeconds, await usualAsync(plan, ct), () => time.GetElapsedTime(began));
        void Tell(string state, double progress) => report(new JobStep(state, progress, forecast.Remaining));
        Tell("transcoding", 0.02);
        foreach (var rung in plan.Rungs)
            folder.AddFolder(rung.Name);
        var result = await EncodeAsync(folder, plan, forecast, report, ct);
        if (!result.Succeeded)
            throw new FfmpegException($"The video cannot be decoded to its end: {result.Reason}");

        // 3.
        forecast.Reached(plan.KnownSeconds);
        Tell("publishing", 0.86);
        var outputs = folder.Outputs;
        var made = new List<MadeRendition>(plan.Rungs.Length);
        foreach (var rung in plan.Rungs)
            made.Add(await MadeRendition.ReadAsync(outputs, rung, plan.IsFmp4, ct));
        var renditions = ImmutableArray.CreateBuilder<PublishedRendition>();
        var facts = ImmutableArray.CreateBuilder<RenditionFacts>();
        foreach (var rendition in made)
        {
            var (described, measured) = await MeasureAsync(outputs, plan, rendition, ct);
            renditions.Add(described);
            facts.Add(measured);
        }
        foreach (var at in ContentEnd.Deciding(facts))
        {
            var last = await ReadAsync(outputs, $"{made[at].Rung.Name}/{made[at].Segments[^1].File}", ct);
            facts[at] = facts[at] with { EndPts = ContentProbe.EndOf(facts[at].Shape, new FirstSegment(Unsupported: null, Init: default, last)) ?? RenditionFacts.UnknownPts };
        }

        // 4.
        var source = await KeepSourceAsync(outputs, video, ct);
        var original = options.Value.KeepOriginal ? await KeepOriginalAsync(folder, probe, video, ct) : null;

        // 5.
        var prefix = PublishedVideo.Prefix(video, revision);
        var total = made.Sum(rendition => rendition.Segments.Length);
        var done = 0;
        foreach (var rendition in made)
            foreach (var name in rendition.Segments.Select(segment => segment.File).Prepend(rendition.Init).OfType<string>())
            {
                await PutFileAsync(outputs, $"{rendition.Rung.Name}/{name}", prefix, EncodeArguments.MostSegmentBytes, ct);
                Tell("publishing", 0.88 + (0.1 * Math.Min(1, (double)++done / total)));
            }

        await PutFileAsync(outputs, EncodeArguments.Poster, prefix, MostPictureBytes, ct);
        await PutFileAsync(outputs, EncodeArguments.Storyboard, prefix, MostPictureBytes, ct);
        await PutTextAsync($"{prefix}storyboard.vtt", Storyboard.Track(plan, made[0].Seconds), ct);
        if (plan.HasAudio)
        {
            await using var samples = outputs.Open(EncodeArguments.Samples, EncodeArguments.MostSampleBytes(plan.MaxDuration));
            await store.PutAsync($"{prefix}peaks.json", await AudioPeaks.JsonAsync(samples, ct), ct);
        }

        foreach (var rendition in made)
            await PutTextAsync($"{prefix}{rendition.Rung.Name}/{EncodeArguments.Playlist}", rendition.MediaPlaylist(), ct);
        await PutTextAsync($"{prefix}playlist.m3u8", MadeRendition.Master(renditions.ToImmutable(), plan.IsFmp4), ct);
        return new Publication(
            video, revision, TimeSpan.FromSeconds(made.Max(rendition => rendition.Seconds)), renditions.ToImmutable(), facts.ToImmutable(), source,
            prefix + EncodeArguments.Poster)
        {
            Original = original,
            Captions = await EmbeddedCaptions.ReadAsync(outputs, plan.Captions, ct),
        };
    }

    private async Task<(PublishedRendition Described, RenditionFacts Measured)> MeasureAsync(
        UntrustedFolder outputs, EncodePlan plan, MadeRendition rendition, CancellationToken ct)
    {
        using var segment = new MemoryStream();
        if (rendition.Init is { } init)
            await segment.WriteAsync(await ReadAsync(outputs, $"{rendition.Rung.Name}/{init}", ct), ct);
        await segment.WriteAsync(await ReadAsync(outputs, $"{rendition.Rung.Name}/{rendition.Segments[0].File}", ct), ct);
        segment.Position = 0;
        var probe = await ffmpeg.ProbeAsync(segment, rendition.Init is null ? ProbeAs.Ts : ProbeAs.Fmp4, ct);
        var picture = probe.Video ?? throw new FfmpegException("The encoder's output has no picture.");
        var (n, d) = MediaProbe.Fraction(plan.FrameRate);
        var path = $"{rendition.Rung.Name}/{EncodeArguments.Playlist}";
        return (
            new PublishedRendition(
                rendition.Rung.Name, path, picture.Width, picture.Height, Math.Round((double)n / d, 3), rendition.Bandwidth, rendition.AverageBandwidth,
                await rendition.CodecsAsync(outputs, plan.HasAudio, ct)),
            new RenditionFacts(
                path,
                new RenditionShape(
                    plan.Container, picture.Width, picture.Height, plan.FrameRate, picture.Profile, probe.Audio?.SampleRate ?? 0, probe.Audio?.Channels ?? 0)
                {
                    Delay = ContentProbe.DelayOf(picture, plan.Container, plan.FrameRate),
                },
                picture.FirstPts ?? 0));
    }

    private async Task<SourceCopy> KeepSourceAsync(UntrustedFolder outputs, string video, CancellationToken ct)
    {
        await using var content = outputs.Open(EncodeArguments.Source, ProcessLimits.Transcode.FileSize);
        return await KeepAsync(content, $"sources/{video}/", ".mp4", ct);
    }

    private async Task<SourceCopy> KeepOriginalAsync(JobFolder folder, MediaProbe probe, string video, CancellationToken ct)
    {
        await using var content = folder.OpenInput(EncodeArguments.Input);
        return await KeepAsync(content, $"originals/{video}/", OriginalName.ExtensionOf(probe.Container), ct);
    }

    /// <summary>Stored under its own hash, then read back: what counts is what the store holds.</summary>
    private async Task<SourceCopy> KeepAsync(Stream content, string prefix, string extension, CancellationToken ct)
    {
        var sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, ct));
        var key = prefix + sha256 + extension;
        content.Position = 0;
        await store.PutAsync(key, content, BlobKey.ContentType(key), ct);
        if (!string.Equals(await store.Sha256Async(key, ct), sha256, StringComparison.Ordinal))
            throw new IOException("What was read back from the store differs from what was stored.");
        return new SourceCopy(key, sha256, content.Length);
    }

    private static async Task<byte[]> ReadAsync(UntrustedFolder outputs, string name, CancellationToken ct)
    {
        await using var content = outputs.Open(name, EncodeArguments.MostSegmentBytes);
        return await content.ReadAllAsync(EncodeArguments.MostSegmentBytes, ct);
    }

    private async Task PutFileAsync(UntrustedFolder outputs, string name, string prefix, long most, CancellationToken ct)
    {
        await using var content = outputs.Open(name, most);
        await store.PutAsync(prefix + name, content, BlobKey.ContentType(name), ct);
    }

    private Task PutTextAsync(string key, string text, CancellationToken ct) => store.PutAsync(key, Encoding.UTF8.GetBytes(text), ct);

    /// <summary>
    /// ffmpeg reports no progress before each of its outputs has begun, and the storyboard begins at the end, so the segments written so far are
    /// counted.
    /// </summary>
    private async Task<ProgramResult> EncodeAsync(JobFolder folder, EncodePlan plan, EncodeForecast forecast, Report report, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watching = WatchAsync(folder, plan, forecast, report, over.Token);
        try
        {
            return await ffmpeg.RunAsync(new FfmpegJob(folder, EncodeArguments.For(plan), media.Value.JobTimeout), ct);
        }
        finally
        {
            await over.CancelAsync();
            await watching;
        }
    }

    private static async Task WatchAsync(JobFolder folder, EncodePlan plan, EncodeForecast forecast, Report report, CancellationToken over)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        var written = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(over))
            {
                written = Written(folder.Outputs, plan, written);
                if (written > 0)
                    forecast.Reached(EncodePlan.SegmentSeconds * (written - 1));
                report(new JobStep("transcoding", 0.02 + (0.83 * Math.Clamp(forecast.Content(EncodePlan.SegmentSeconds) / plan.KnownSeconds, 0, 1)), forecast.Remaining));
            }
        }
        catch (OperationCanceledException)
        {
            // The run has ended.
        }
    }

    /// <summary>Segments of the largest rung that exist; the last one may be incomplete. Only the next name is looked up, whatever else is in the folder.</summary>
    private static int Written(UntrustedFolder outputs, EncodePlan plan, int written)
    {
        try
        {
            while (written * EncodePlan.SegmentSeconds < plan.KnownSeconds)
            {
                using var next = outputs.Find($"{plan.Rungs[^1].Name}/{EncodeArguments.Segment(written, plan.IsFmp4)}");
                if (next is null)
                    break;
                written++;
            }
        }
        catch (SandboxException)
        {
            // The results are judged when the run has ended.
        }

        return written;
    }
}
