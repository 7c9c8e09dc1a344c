using HlsGateway.Content;
using HlsGateway.Counting;
using HlsGateway.Playlists;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;

namespace HlsGateway.Playback;

/// <summary>Answers our captions (rules W2 to W5): their playlists and segments, always 200.</summary>
internal sealed class CaptionServer(
    PlaylistOrigin origin, PlaylistCache cache, PlaylistCompiler compiler, Masters masters, SessionTrailer trailer, MeasuredContent measured,
    SubtitleIndex subtitles, HitRecorder hits, OriginCluster cluster, GatewayMetrics metrics)
{
    /// <summary>Answers the playlist of one of our tracks, over the grid of the content's first Variant Stream.</summary>
    public async ValueTask ServePlaylistAsync(HttpContext context, WatchRequest request, string language)
    {
        var role = request.SignedRole is { Role: ChildRole.Subtitles } signed ? signed : new ChildRole(ChildRole.Subtitles, "");
        var track = Track(request, language) ?? new CaptionTrack(language, language, false, false, false, "none", CaptionFile.Nothing);

        var found = await origin.GetAsync(masters.EntryOf(request), context.RequestAborted);
        var content = found.Playlist is { Master: { } master } playlist && !master.Variants.IsEmpty
            ? await FirstVariantAsync(playlist, master, context.RequestAborted)
            : null;
        if (content?.Media is not { } media || media.Segments.IsEmpty || found.Playlist is null)
        {
            await ServeEmptyAsync(context, request, language, "no_grid");
            return;
        }

        var copy = await trailer.FindAsync(request, role, context.RequestAborted);
        var known = await measured.MeasureAsync(request.VideoName, found.Playlist, context.RequestAborted);
        if (ContentFacts.FirstVideoPts(known) is null)
            metrics.CaptionTrouble("no_first_pts");
        var clocks = string.Join(',', media.Segments.Where((segment, at) => at == 0 || segment.Discontinuity).Select(segment => ContentFacts.RangeAt(known, segment.StartMs)?.FirstVideoPts));
        var key = new TemplateKey(content, request.Video, request.Below, copy.Variant(role) with { More = $"c|{track.Version}|{clocks}" });
        var template = cache.Find<PlaylistTemplate>(key);
        if (template is null)
        {
            template = compiler.Caption(request.Video, request.Below, track, media, startMs => ContentFacts.RangeAt(known, startMs), copy.Copy, copy.Placement);
            cache.Keep(key, template, template);
        }

        await PlaylistAnswer.WriteAsync(context, request, template);
    }

    /// <summary>The content's segments or the origin's playlist cannot be read: an empty caption playlist lets the video play all the same.</summary>
    public ValueTask ServeEmptyAsync(HttpContext context, WatchRequest request, string language, string reason)
    {
        metrics.CaptionTrouble(reason);
        return PlaylistAnswer.WriteAsync(context, request, PlaylistCompiler.EmptyCaptions(request.Below, language));
    }

    /// <summary>Answers a segment of one of our tracks: its text as it stands now, also for a session that began before an edit.</summary>
    public ValueTask ServeSegmentAsync(HttpContext context, WatchRequest request, CaptionPath path) => AnswerAsync(context, request, path.Mpegts switch
    {
        null => CaptionSegment.Empty,
        { } mpegts when string.Equals(path.Version, PlaylistCompiler.BlankVersion, StringComparison.Ordinal) => CaptionSegment.Blank(mpegts, path.DurationMs),
        { } mpegts => CaptionSegment.Render(
            Track(request, path.Language)?.File ?? CaptionFile.Nothing, path.StartMs, path.StartMs + path.DurationMs, path.ContentEndMs, mpegts, path.RangeStartMs),
    });

    /// <summary>Answers the blank window over a trailer in the origin's own subtitles.</summary>
    public ValueTask ServeBlankAsync(HttpContext context, WatchRequest request, BlankWindow window) =>
        AnswerAsync(context, request, window.DurationMs > 0 ? CaptionSegment.Blank(window.Mpegts, window.DurationMs) : CaptionSegment.Empty);

    private async ValueTask AnswerAsync(HttpContext context, WatchRequest request, ReadOnlyMemory<byte> body)
    {
        var (startMs, durationMs) = request.SignedTime ?? default;
        await hits.RecordAsync(context, request, HitKind.Caption, startMs, durationMs, forged: request.SignedTime is null);
        await WatchAnswer.TextAsync(context, "text/vtt; charset=utf-8", body);
    }

    private CaptionTrack? Track(WatchRequest request, string language) =>
        subtitles.Tracks(request.VideoName).FirstOrDefault(track => string.Equals(track.Language, language, StringComparison.Ordinal));

    private async ValueTask<OriginPlaylist?> FirstVariantAsync(OriginPlaylist playlist, MasterPlaylist master, CancellationToken ct) =>
        UriReference.TryResolve(playlist.Url, master.Variants[0].Uri, out var url)
            ? (await origin.GetAsync(PlaylistAddress.SourceOf(url, cluster.BaseAddresses), ct)).Playlist
            : null;
}
