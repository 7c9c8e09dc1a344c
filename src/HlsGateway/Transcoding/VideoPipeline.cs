using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using HlsGateway.Catalogue;
using HlsGateway.Content;
using HlsGateway.Storage;
using Microsoft.Extensions.Options;

namespace HlsGateway.Transcoding;

/// <summary>
/// From an upload in a job's folder to objects in the store:
/// 1. probe and refuse early; 2. one ffmpeg run; 3. measure what was made; 4. the durable source, verified by reading back;
/// 5. segments, then Media Playlists, then the Master Playlist. Captions that the upload held are handed to the caller. Nothing is
/// visible until the caller publishes.
/// </summary>
public sealed class VideoPipeline(Ffmpeg ffmpeg, BlobStore store, IOptions<TranscodeOptions> options)
{
    /// <summary>Told while it works; throws to stop it.</summary>
    public delegate void Report(string state, double progress);

    /// <param name="folder">Holds the upload as <see cref="EncodeArguments.Input"/>.</param>
    /// <exception cref="UploadRefusedException">The file is not what the rules allow.</exception>
    /// <exception cref="FfmpegException">The file cannot be decoded.</exception>
    /// <exception cref="IOException">The store failed or gave back other bytes.</exception>
    public async Task<Publication> MakeAsync(JobFolder folder, string video, string revision, Report report, CancellationToken ct)
    {
        // 1.
        report("probing", 0);
        var probe = await ffmpeg.ProbeAsync(folder, EncodeArguments.Input, ProbeAs.Upload, ct);
        if (UploadRules.Check(probe, options.Value) is { } refusal)
            throw new UploadRefusedException(refusal);
        var plan = EncodePlan.For(probe, options.Value);

        // 2.
        report("transcoding", 0.02);
        foreach (var rung in plan.Rungs)
            folder.AddFolder(rung.Name);
        var result = await EncodeAsync(folder, plan, report, ct);
        if (!result.Succeeded)
            throw new FfmpegException($"The video cannot be decoded to its end: {result.Reason}");

        // 3.
        report("publishing", 0.86);
        var made = plan.Rungs.Select(rung => MadeRendition.Read(folder.Path, rung)).ToImmutableArray();
        var renditions = ImmutableArray.CreateBuilder<PublishedRendition>();
        var facts = ImmutableArray.CreateBuilder<RenditionFacts>();
        foreach (var rendition in made)
        {
            var (described, measured) = await MeasureAsync(folder, plan, rendition, ct);
            renditions.Add(described);
            facts.Add(measured);
        }
        foreach (var at in ContentEnd.Deciding(facts))
        {
            var last = await File.ReadAllBytesAsync(folder[$"{made[at].Rung.Name}/{made[at].Segments[^1].File}"], ct);
            facts[at] = facts[at] with { EndPts = ContentProbe.EndOf(facts[at].Shape, new FirstSegment(Unsupported: null, Init: default, last)) ?? RenditionFacts.UnknownPts };
        }

        // 4.
        var source = await KeepSourceAsync(folder, video, ct);

        // 5.
        var prefix = PublishedVideo.Prefix(video, revision);
        var total = made.Sum(rendition => rendition.Segments.Length);
        var done = 0;
        foreach (var rendition in made)
            foreach (var name in rendition.Segments.Select(segment => segment.File).Prepend(rendition.Init).OfType<string>())
            {
                await PutFileAsync(folder, $"{rendition.Rung.Name}/{name}", prefix, ct);
                report("publishing", 0.88 + (0.1 * Math.Min(1, (double)++done / total)));
            }

        await PutFileAsync(folder, EncodeArguments.Poster, prefix, ct);
        await PutFileAsync(folder, EncodeArguments.Storyboard, prefix, ct);
        await PutTextAsync($"{prefix}storyboard.vtt", Storyboard.Track(plan, made[0].Seconds), ct);
        if (plan.HasAudio)
            await store.PutAsync($"{prefix}peaks.json", AudioPeaks.Json(await File.ReadAllBytesAsync(folder[EncodeArguments.Samples], ct)), ct);
        foreach (var rendition in made)
            await PutFileAsync(folder, $"{rendition.Rung.Name}/{EncodeArguments.Playlist}", prefix, ct);
        await PutTextAsync($"{prefix}playlist.m3u8", MadeRendition.Master(renditions.ToImmutable(), plan.Container == "fmp4"), ct);
        return new Publication(
            video, revision, TimeSpan.FromSeconds(made.Max(rendition => rendition.Seconds)), renditions.ToImmutable(), facts.ToImmutable(), source,
            prefix + EncodeArguments.Poster)
        {
            Captions = EmbeddedCaptions.Read(folder, plan.Captions),
        };
    }

    private async Task<(PublishedRendition Described, RenditionFacts Measured)> MeasureAsync(
        JobFolder folder, EncodePlan plan, MadeRendition rendition, CancellationToken ct)
    {
        var first = folder[$"{rendition.Rung.Name}/{rendition.Segments[0].File}"];
        using var segment = new MemoryStream();
        if (rendition.Init is { } init)
            await segment.WriteAsync(await File.ReadAllBytesAsync(folder[$"{rendition.Rung.Name}/{init}"], ct), ct);
        await segment.WriteAsync(await File.ReadAllBytesAsync(first, ct), ct);
        segment.Position = 0;
        var probe = await ffmpeg.ProbeAsync(segment, rendition.Init is null ? ProbeAs.Ts : ProbeAs.Fmp4, ct);
        var picture = probe.Video ?? throw new FfmpegException("The encoder made no picture.");
        var (n, d) = MediaProbe.Fraction(plan.FrameRate);
        var path = $"{rendition.Rung.Name}/{EncodeArguments.Playlist}";
        return (
            new PublishedRendition(
                rendition.Rung.Name, path, picture.Width, picture.Height, Math.Round((double)n / d, 3), rendition.Bandwidth, rendition.AverageBandwidth,
                rendition.Codecs(folder.Path, plan.HasAudio)),
            new RenditionFacts(
                path,
                new RenditionShape(
                    plan.Container, picture.Width, picture.Height, plan.FrameRate, picture.Profile, probe.Audio?.SampleRate ?? 0, probe.Audio?.Channels ?? 0)
                {
                    Delay = ContentProbe.DelayOf(picture, plan.Container, plan.FrameRate),
                },
                picture.FirstPts ?? 0));
    }

    /// <summary>Stored under its own hash, then read back: what counts is what the store holds.</summary>
    private async Task<SourceCopy> KeepSourceAsync(JobFolder folder, string video, CancellationToken ct)
    {
        var file = folder[EncodeArguments.Source];
        string sha256;
        await using (var content = File.OpenRead(file))
            sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, ct));
        var key = $"sources/{video}/{sha256}.mp4";
        await using (var content = File.OpenRead(file))
            await store.PutAsync(key, content, BlobKey.ContentType(key), ct);
        if (!string.Equals(await store.Sha256Async(key, ct), sha256, StringComparison.Ordinal))
            throw new IOException("The store gave back other bytes than it was given for the source copy.");
        return new SourceCopy(key, sha256, new FileInfo(file).Length);
    }

    private async Task PutFileAsync(JobFolder folder, string name, string prefix, CancellationToken ct)
    {
        await using var content = File.OpenRead(folder[name]);
        await store.PutAsync(prefix + name, content, BlobKey.ContentType(name), ct);
    }

    private Task PutTextAsync(string key, string text, CancellationToken ct) => store.PutAsync(key, Encoding.UTF8.GetBytes(text), ct);

    /// <summary>ffmpeg says nothing of its progress before each of its outputs has begun, and the storyboard begins with the end: the segments that it has written tell.</summary>
    private async Task<FfmpegResult> EncodeAsync(JobFolder folder, EncodePlan plan, Report report, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watching = WatchAsync(folder, plan, report, over.Token);
        try
        {
            return await ffmpeg.RunAsync(new FfmpegJob(folder, EncodeArguments.For(plan), options.Value.JobTimeout), ct);
        }
        finally
        {
            await over.CancelAsync();
            await watching;
        }
    }

    private static async Task WatchAsync(JobFolder folder, EncodePlan plan, Report report, CancellationToken over)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        try
        {
            while (await timer.WaitForNextTickAsync(over))
                report("transcoding", 0.02 + (0.83 * Math.Clamp(WrittenSeconds(folder, plan) / plan.KnownSeconds, 0, 1)));
        }
        catch (OperationCanceledException)
        {
            // The run has ended.
        }
    }

    /// <summary>Seconds of the largest rung that stand in whole segments; the one being written is none.</summary>
    internal static double WrittenSeconds(JobFolder folder, EncodePlan plan) =>
        EncodePlan.SegmentSeconds * Math.Max(0, Directory.EnumerateFiles(folder[plan.Rungs[^1].Name], "video*").Count(file => !file.EndsWith(EncodeArguments.Playlist, StringComparison.Ordinal)) - 1);
}
