using System.Security.Cryptography;
using HlsGateway.Catalogue;
using HlsGateway.Jobs;
using HlsGateway.Media;
using HlsGateway.Storage;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Transcoding;

/// <summary>
/// What every way of uploading shares: 1. id, size and, where the first bytes tell it, length are checked; 2. the file is probed in the sandbox and refused early,
/// each reason with its own slug; 3. it is stored, so that a worker on any machine can take it; 4. queued.
/// </summary>
internal sealed class UploadIntake(Ffmpeg ffmpeg, BlobStore store, CatalogueStore catalogue, JobTable jobs, IOptions<TranscodeOptions> options)
{
    public static UploadRefusal BadId { get; } = new(Problem.VideoId,
        $"Use one to eight path segments of letters, digits and . _ : @ + -, at most {VideoId.MaxLength} characters; none may begin with a dot, be 'subtitles' or end in .m3u8.");

    public static UploadRefusal Empty { get; } = new(Problem.Empty, "Send the file's bytes as the body, as curl -T does.");

    public static UploadRefusal NoRoom { get; } = new(Problem.NoRoom,
        "Wait until other uploads are done, finish or DELETE unfinished ones, or raise Transcode:MaxPartialBytes and Transcode:MaxPartialUploads.");

    public long MaxBytes => options.Value.MaxBytes;

    public UploadRefusal TooLarge => new(Problem.TooLarge, $"At most {MaxBytes} bytes are allowed. Compress it, or raise Transcode:MaxBytes.");

    /// <summary>Before the first byte is read.</summary>
    /// <param name="bytes">Null when the client does not say.</param>
    public UploadRefusal? Check(string video, long? bytes) =>
        !VideoId.IsValid(video) ? BadId
        : bytes == 0 ? Empty
        : bytes > MaxBytes ? TooLarge
        : null;

    /// <summary>Once the first bytes are here, and before the others are received: how long the film is, where they tell.</summary>
    /// <param name="front">The first <see cref="Mp4Front.Bytes"/>, or fewer where the file is shorter.</param>
    public UploadRefusal? CheckFront(ReadOnlySpan<byte> front) => UploadRules.CheckLength(Mp4Front.Seconds(front), options.Value);

    /// <summary>Steps 2 to 4.</summary>
    /// <param name="folder">Holds the file as <see cref="EncodeArguments.Input"/>.</param>
    public async Task<UploadRefusal?> TakeAsync(string video, JobFolder folder, Actor by, CancellationToken ct)
    {
        await using var content = folder.OpenInput(EncodeArguments.Input);
        if (Check(video, content.Length) is { } early)
            return early;
        try
        {
            if (UploadRules.Check(await ffmpeg.ProbeAsync(folder, EncodeArguments.Input, ProbeAs.Upload, ct), options.Value) is { } refusal)
                return refusal;
        }
        catch (SandboxException)
        {
            return UploadRules.Unreadable;
        }

        var key = $"uploads/{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        await store.PutAsync(key, content, "application/octet-stream", ct);
        await catalogue.ExpectAsync(video, ct);
        await jobs.AddAsync(video, key, content.Length, by, ct);
        return null;
    }
}
