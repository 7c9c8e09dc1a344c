using System.Text.Json.Serialization;

namespace HlsGateway.CommandLine;

/// <summary>A file that is to become a video.</summary>
internal sealed record UploadTask(string Video, FileInfo File);

/// <summary>The state of a task, or how it ended.</summary>
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

/// <summary>The gateway, database or store cannot be used; the message says what to do.</summary>
internal sealed class UnreachableTargetException(string message) : Exception(message);

/// <summary>Where videos go: a running gateway, or a data directory.</summary>
internal abstract class VideoTarget : IAsyncDisposable
{
    /// <summary>Uploads a file.</summary>
    /// <param name="sent">0 to 1.</param>
    /// <returns>Null when the file was accepted and waits for a worker; otherwise why it was refused.</returns>
    /// <exception cref="UnreachableTargetException">The target cannot be reached.</exception>
    public abstract Task<UploadOutcome?> SendAsync(UploadTask task, Action<double> sent, CancellationToken ct);

    /// <summary>The state of the video, or null when there is no such video.</summary>
    /// <exception cref="UnreachableTargetException">The target cannot be reached.</exception>
    public abstract Task<UploadOutcome?> StateAsync(string video, CancellationToken ct);

    public abstract ValueTask DisposeAsync();
}
