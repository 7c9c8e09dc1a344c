namespace HlsGateway;

/// <summary>Whether somebody watched the video, here or at a gateway that shares the ledger; null where that cannot be told now.</summary>
/// <param name="video">As people write it.</param>
internal delegate Task<bool?> WasWatched(string video, CancellationToken ct);

/// <summary>Looks for a video where viewers get it from.</summary>
/// <param name="video">As people write it.</param>
internal delegate Task<VideoSight> LooksForVideo(string video, CancellationToken ct);

/// <param name="IsThere">Null where that cannot be told now.</param>
/// <param name="LengthMs">Of its content, milliseconds; null where it is not known or has no end.</param>
internal readonly record struct VideoSight(bool? IsThere, int? LengthMs);
