using HlsGateway.Catalogue;
using HlsGateway.Jobs;
using HlsGateway.Media;
using HlsGateway.Storage;
using HlsGateway.Subtitles;

namespace HlsGateway.Demo;

/// <summary>The section <c>Demo</c>.</summary>
internal sealed class DemoOptions
{
    public const string Section = "Demo";

    /// <summary>Makes the video <c>demo</c> when there is none.</summary>
    public bool Enabled { get; init; }
}

/// <summary>The demo cannot be made here; the message says why.</summary>
internal sealed class DemoException(string message) : Exception(message);

/// <summary>Makes a short video of our own, which then goes the way of every upload.</summary>
internal sealed class DemoVideo(Ffmpeg ffmpeg, BlobStore store, CatalogueStore catalogue, JobTable jobs, PublishedVideos published, CaptionStore captions, SubtitleIndex subtitles, TimeProvider time)
{
    public const string Video = "demo";

    /// <param name="progress">0 to 1.</param>
    /// <exception cref="DemoException">It cannot be made here; the message says why.</exception>
    public async Task MakeAsync(Action<double> progress, CancellationToken ct)
    {
        if (published.TryGet(Video, out _))
            return;
        progress(0);
        await CaptionAsync(ct);
        if (!await jobs.IsBusyAsync(Video, ct))
        {
            const string key = "uploads/demo";
            using var folder = ffmpeg.Sandbox.OpenFolder();
            var voices = await SpeakAsync(folder, ct);
            var result = await ffmpeg.RunAsync(new FfmpegJob(folder, DemoArguments.Picture(voices), TimeSpan.FromMinutes(3)), ct);
            if (!result.Succeeded)
                throw new DemoException(result.Reason);
            await using var made = folder.Outputs.Open(DemoArguments.File, ProcessLimits.Transcode.FileSize);
            await store.PutAsync(key, made, "video/mp4", ct);
            await catalogue.ExpectAsync(Video, ct);
            await jobs.AddAsync(Video, key, made.Length, new Actor("demo"), ct);
        }

        progress(0.2);
        while (!published.TryGet(Video, out _))
        {
            var (state, done, error) = await jobs.StateAsync(Video, ct);
            if (state is null or "failed" or "cancelled")
                throw new DemoException(error ?? "The job was cancelled.");
            progress(0.2 + (0.8 * done));
            await Task.Delay(TimeSpan.FromMilliseconds(250), time, ct);
        }

        progress(1);
    }

    /// <summary>Before the video is there, so that its first session has them.</summary>
    private async Task CaptionAsync(CancellationToken ct)
    {
        foreach (var (language, name, word) in DemoArguments.Languages)
            await captions.PublishAsync(
                new CaptionEdit(Video, language, DemoArguments.Captions(word), name, Default: language == "en", Sdh: false, Machine: false, new Actor("demo"), default), ct);
        await subtitles.RefreshAsync(ct);
    }

    /// <returns>False where no voice is installed.</returns>
    private async Task<bool> SpeakAsync(JobFolder folder, CancellationToken ct)
    {
        var (result, _) = await ffmpeg.Sandbox.RunAsync(
            "sh", ["-c", DemoArguments.VoiceScript], folder, ProcessLimits.Transcode, TimeSpan.FromMinutes(1), ProgramOutput.DrainAsync, ct);
        return result.Succeeded;
    }
}
