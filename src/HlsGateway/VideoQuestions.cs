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

/// <summary>Videos that somebody watched, in the order of the ledger.</summary>
/// <param name="after">Those behind this name; null from the first.</param>
/// <param name="most">Reading ends with this many.</param>
/// <param name="chosen">Which to take.</param>
/// <returns>Null where that cannot be told now.</returns>
internal delegate Task<IReadOnlyList<WatchedVideo>?> ListsWatched(string? after, int most, Func<string, bool> chosen, CancellationToken ct);

/// <summary>One of them; null where it was never watched, or that cannot be told now.</summary>
internal delegate Task<WatchedVideo?> FindsWatched(string video, CancellationToken ct);

/// <param name="LengthMs">Of its content, as far as it was seen; 0 where it is not known.</param>
/// <param name="FirstMs">Unix milliseconds: the quarter of an hour in which it was first asked for; 0 where it is not known.</param>
internal sealed record WatchedVideo(string Video, long LengthMs, long FirstMs);
