using System.Collections.Immutable;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;

namespace HlsGateway.Subtitles;

/// <summary>
/// All captions that are live, parsed, as one immutable snapshot: a player's request reads a reference and never waits for the
/// database. It is updated after each change made here, and each second for changes made elsewhere.
/// </summary>
internal sealed class SubtitleIndex(CaptionStore store, ILogger<SubtitleIndex> log) : IDisposable
{
    /// <param name="Changed">Rises whenever any track changes; never for a draft.</param>
    private sealed record Snapshot(ImmutableDictionary<string, ImmutableArray<CaptionTrack>> Videos, long Changed);

    private readonly SemaphoreSlim refreshing = new(1);
    private volatile Snapshot snapshot = new(ImmutableDictionary.Create<string, ImmutableArray<CaptionTrack>>(StringComparer.Ordinal), 0);

    /// <summary>The tracks of a video by language; empty when it has none.</summary>
    /// <param name="video">As people write it.</param>
    public ImmutableArray<CaptionTrack> Tracks(string video) =>
        snapshot.Videos.TryGetValue(video, out var tracks) ? tracks : [];

    /// <summary>Reads what changed since the last time and swaps the snapshot; what was committed before the call is in it afterwards.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        await refreshing.WaitAsync(ct);
        try
        {
            var current = snapshot;
            var rows = await store.ChangedSinceAsync(current.Changed, ct);
            if (rows.Count == 0)
                return;
            var videos = current.Videos.ToBuilder();
            foreach (var row in rows)
                Apply(videos, row);
            snapshot = new(videos.ToImmutable(), rows[^1].Changed);
        }
        finally
        {
            refreshing.Release();
        }
    }

    public void Dispose() => refreshing.Dispose();

    private void Apply(ImmutableDictionary<string, ImmutableArray<CaptionTrack>>.Builder videos, LiveCaptions row)
    {
        var others = videos.TryGetValue(row.Video, out var tracks)
            ? tracks.Where(track => !string.Equals(track.Language, row.Language, StringComparison.Ordinal))
            : [];
        if (row is { Content: { } content, Sha256: { } sha256 })
            others = others.Append(new CaptionTrack(row.Language, row.Name, row.IsDefault != 0, row.Sdh != 0, row.Machine != 0, CaptionStore.Prefix(sha256), Parse(row, content)));

        ImmutableArray<CaptionTrack> now = [.. others.OrderBy(track => track.Language, StringComparer.Ordinal)];
        if (now.IsEmpty)
            videos.Remove(row.Video);
        else
            videos[row.Video] = now;
    }

    private CaptionFile Parse(LiveCaptions row, string content)
    {
        if (WebVtt.TryParse(System.Text.Encoding.UTF8.GetBytes(content), out var file, out var error) && file is not null)
            return file;
        // It could be read when it was published, so another release of this program reads it in another way. Viewers get blank captions.
        log.StoredCaptionsUnreadable(row.Video, row.Language, error.Line, error.Reason);
        return CaptionFile.Nothing;
    }
}
