using System.Collections.Concurrent;
using System.Security.Cryptography;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>A playlist, or why there is none.</summary>
internal readonly record struct PlaylistResult(OriginPlaylist? Playlist, OriginFailure? Failure);

/// <summary>
/// Playlists of the origin: fetched once however many wait, parsed once, kept within a bound of bytes, revalidated, and served stale
/// while the origin is away (rule H5). The answer for a fresh playlist is synchronous.
/// </summary>
internal sealed class PlaylistOrigin(
    OriginFetcher fetcher, PlaylistCache cache, IOptions<OriginOptions> options, TimeProvider time, GatewayMetrics metrics, ILogger<PlaylistOrigin> log)
{
    /// <summary>Rule D7: the most bytes that a playlist may have.</summary>
    public const int MaxBytes = 8 << 20;

    private readonly ConcurrentDictionary<OriginTarget, Fetch> fetches = new();
    private readonly LogPace slow = new(time, TimeSpan.FromMinutes(1));

    private sealed class Fetch
    {
        private int led;

        public required long StartedAt { get; init; }

        /// <summary>True for exactly one caller: the one that asks the origin for all who wait.</summary>
        public bool TryLead() => Interlocked.Exchange(ref led, 1) == 0;

        public TaskCompletionSource<PlaylistResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Gives the playlist at a place; waits for the origin only where nothing usable is known.</summary>
    /// <param name="ct">Ends the caller's own waiting, never the fetch that others wait for.</param>
    public ValueTask<PlaylistResult> GetAsync(OriginTarget target, CancellationToken ct)
    {
        target = target.Normal();
        var known = cache.Find(target);
        if (known is not null && Age(known) < known.FreshFor)
            return new(new PlaylistResult(known, null));
        var failure = cache.FailureOf(target);
        if (known is null && failure is not null)
            return new(new PlaylistResult(null, failure));
        return GetSlowAsync(target, known, failure, ct);
    }

    private async ValueTask<PlaylistResult> GetSlowAsync(OriginTarget target, OriginPlaylist? known, OriginFailure? failure, CancellationToken ct)
    {
        var stale = known is not null && Age(known) < known.FreshFor + options.Value.StaleFor ? known : null;
        // The origin failed a moment ago: it is not asked again for Origin:RetryAfter.
        if (failure is { } recent)
            return ServeStale(stale, recent);

        var fetch = fetches.GetOrAdd(target, static (key, self) => new Fetch { StartedAt = self.GetTimestamp() }, time);
        if (fetch.TryLead())
            _ = RunAsync(fetch, target, known);

        if (stale is null)
            return await fetch.Done.Task.WaitAsync(ct);

        var patience = options.Value.RevalidationPatience - time.GetElapsedTime(fetch.StartedAt);
        if (patience > TimeSpan.Zero)
        {
            try
            {
                var result = await fetch.Done.Task.WaitAsync(patience, time, ct);
                return result.Failure is { } failed ? ServeStale(stale, failed) : result;
            }
            catch (TimeoutException)
            {
                // Fall through: the fetch goes on for those who come later.
            }
        }

        metrics.PlaylistServedStale();
        if (slow.TryTake(out var held))
            log.OriginSlow(OriginFetcher.PathOf(target), held);
        return new PlaylistResult(stale, null);
    }

    private async Task RunAsync(Fetch fetch, OriginTarget target, OriginPlaylist? known)
    {
        PlaylistResult result;
        try
        {
            // A request that looked just before an earlier fetch ended finds its playlist here instead of asking the origin again.
            result = cache.Find(target) is { } newest && Age(newest) < newest.FreshFor
                ? new(newest, null)
                : Take(target, known, await fetcher.ReadAsync(target, MaxBytes, known, CancellationToken.None));
        }
        catch (Exception e)
        {
            log.PlaylistFetchFailed(e);
            result = new(null, new OriginFailure(StatusCodes.Status502BadGateway, Problem.OriginError, "The origin's answer could not be handled."));
        }

        Tell(known, result);
        if (result.Failure is { } failure)
            cache.Remember(target, failure, options.Value.RetryAfter);
        fetches.TryRemove(new(target, fetch));
        fetch.Done.TrySetResult(result);
    }

    private PlaylistResult Take(OriginTarget target, OriginPlaylist? known, OriginAnswer answer)
    {
        metrics.PlaylistFetched(answer.Failure is null);
        if (answer.Failure is { } failure)
            return new(null, failure);
        if (answer.NotModified && known is not null)
        {
            known.ConfirmedAt = time.GetTimestamp();
            return new(known, null);
        }

        var bytes = answer.Body ?? [];
        var version = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8));
        // The same bytes keep their object, and with it every template compiled from it.
        if (known is not null && string.Equals(known.Version, version, StringComparison.Ordinal) && string.Equals(known.Url, answer.Url, StringComparison.Ordinal))
        {
            known.ConfirmedAt = time.GetTimestamp();
            return new(known, null);
        }

        if (!Playlist.TryParse(bytes, out var master, out var media, out var error))
            return new(null, NoPlaylist(answer.Url, error));

        var playlist = new OriginPlaylist
        {
            Target = target,
            Master = master,
            Media = media,
            Version = version,
            Url = answer.Url,
            ETag = answer.ETag,
            LastModified = answer.LastModified,
            FreshFor = FreshFor(media, answer.MaxAge, target.Kind),
            ConfirmedAt = time.GetTimestamp(),
        };
        cache.Keep(playlist);
        return new(playlist, null);
    }

    /// <summary>Bytes that are no playlist (rule D7).</summary>
    internal static OriginFailure NoPlaylist(string url, PlaylistError error) =>
        new(StatusCodes.Status502BadGateway, Problem.OriginNoPlaylist, $"The origin's {new Uri(url).AbsolutePath} is not a usable HLS playlist: {error}");

    private TimeSpan FreshFor(MediaPlaylist? media, TimeSpan? maxAge, OriginKind kind)
    {
        // A live playlist changes every target duration; half of it is what players reload at (RFC 8216 section 6.3.4, rule S11).
        if (media is { HasEndList: false })
            return TimeSpan.FromSeconds(Math.Min(Math.Max(media.TargetDuration, 1), 10) / 2.0);
        // Objects of our store are immutable: a new revision has a new path.
        if (kind == OriginKind.Store)
            return TimeSpan.FromHours(24);
        return maxAge ?? options.Value.FreshFor;
    }

    private PlaylistResult ServeStale(OriginPlaylist? stale, OriginFailure failure)
    {
        // A 404 means that the playlist is gone, not that the origin fails.
        if (stale is null || failure.Status == StatusCodes.Status404NotFound)
            return new(null, failure);
        metrics.PlaylistServedStale();
        return new(stale, null);
    }

    /// <summary>One line when an origin's trouble with a playlist begins and one when it ends, whoever and how many ask meanwhile.</summary>
    private void Tell(OriginPlaylist? known, PlaylistResult result)
    {
        if (known is null)
            return;
        if (result.Failure is { Status: not StatusCodes.Status404NotFound } failure)
        {
            if (known.BeginTrouble())
                log.StalePlaylist(failure.Detail);
        }
        else if (known.EndTrouble() && result.Playlist is not null)
        {
            log.PlaylistRecovered(OriginFetcher.PathOf(known.Target));
        }
    }

    private TimeSpan Age(OriginPlaylist playlist) => time.GetElapsedTime(playlist.ConfirmedAt);
}
