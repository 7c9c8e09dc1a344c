using System.Text.Json.Serialization;

namespace HlsGateway.CommandLine;

/// <summary>A file that is to be a video.</summary>
internal sealed record UploadTask(string Video, FileInfo File);

/// <summary>How a task stands or ended.</summary>
/// <param name="Status">As the API says it (queued … ready, failed, cancelled), or <c>refused</c>, or <c>skipped</c>: it was there.</param>
/// <param name="Progress">0 to 1.</param>
/// <param name="Duration">Seconds.</param>
/// <param name="PlaylistUrl">Null where no gateway was asked.</param>
internal sealed record UploadOutcome(string Video, string Status, double Progress, string? Error, string? Revision, double? Duration, string? PlaylistUrl)
{
    public static UploadOutcome Refused(string video, string reason) => new(video, "refused", 0, reason, null, null, null);

    [JsonIgnore]
    public bool IsFinal => Status is "ready" or "failed" or "cancelled" or "refused" or "skipped";
}

/// <summary>Nobody to talk to; the message says what to do.</summary>
internal sealed class UnreachableTargetException(string message) : Exception(message);

/// <summary>Where videos go: a running gateway, or a data directory.</summary>
internal abstract class VideoTarget : IAsyncDisposable
{
    /// <summary>Hands a file in.</summary>
    /// <param name="sent">0 to 1.</param>
    /// <returns>Null when it was taken and a worker has it next; otherwise why not.</returns>
    /// <exception cref="UnreachableTargetException">The target is away.</exception>
    public abstract Task<UploadOutcome?> SendAsync(UploadTask task, Action<double> sent, CancellationToken ct);

    /// <summary>How the video stands, or null when there is none.</summary>
    /// <exception cref="UnreachableTargetException">The target is away.</exception>
    public abstract Task<UploadOutcome?> StateAsync(string video, CancellationToken ct);

    public abstract ValueTask DisposeAsync();
}
