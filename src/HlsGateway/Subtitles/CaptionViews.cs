using System.Text;
using HlsGateway.Playlists;

namespace HlsGateway.Subtitles;

/// <summary>The answer of <c>GET /api/videos/{video}/subtitles</c>.</summary>
/// <param name="Tracks">Live, by language.</param>
/// <param name="Drafts">Work in progress, by language.</param>
/// <param name="Versions">Every version of every language, deleted ones too, newest first.</param>
internal sealed record VideoCaptions(string Video, IReadOnlyList<CaptionTrackView> Tracks, IReadOnlyList<CaptionDraftView> Drafts, IReadOnlyList<CaptionVersionView> Versions)
{
    public static VideoCaptions Of(string video, IReadOnlyList<LiveCaptions> tracks, IReadOnlyList<CaptionDraft> drafts, IReadOnlyList<CaptionVersion> versions)
    {
        var live = tracks.Select(track => (track.Language, track.Sha256)).ToHashSet();
        return new(video, [.. tracks.Select(CaptionTrackView.Of)], [.. drafts.Select(draft => CaptionDraftView.Of(draft, null))],
            [.. versions.Select(version => new CaptionVersionView(version.Language, CaptionStore.Prefix(version.Sha256), live.Contains((version.Language, version.Sha256)),
                DateTimeOffset.FromUnixTimeMilliseconds(version.SavedAt), version.Actor))]);
    }
}

/// <param name="Version">For <c>?version=</c>.</param>
/// <param name="Etag">For If-Match.</param>
/// <param name="Format"><c>vtt</c> or <c>srt</c>, as the file was sent.</param>
/// <param name="EndSeconds">The end of the last caption.</param>
internal sealed record CaptionTrackView(
    string Language, string Name, bool Default, bool Sdh, bool Machine, string Version, string Etag, string Format, int Bytes, int Cues, double EndSeconds,
    DateTimeOffset SavedAt, string Actor)
{
    /// <summary>What an editor should know of captions that were just published; empty elsewhere.</summary>
    public IReadOnlyList<CaptionWarning> Warnings { get; init; } = [];

    public static CaptionTrackView Of(LiveCaptions row)
    {
        var bytes = Encoding.UTF8.GetBytes(row.Content ?? "");
        var file = WebVtt.TryParse(bytes, out var parsed, out _) && parsed is not null ? parsed : CaptionFile.Nothing;
        return new(row.Language, row.Name, row.IsDefault != 0, row.Sdh != 0, row.Machine != 0, CaptionStore.Prefix(row.Sha256 ?? "00000000"), row.ETag,
            WebVtt.HasHeader(bytes) ? "vtt" : "srt", bytes.Length, file.Cues.Length, file.EndMs / 1000.0, DateTimeOffset.FromUnixTimeMilliseconds(row.SavedAt), row.Actor);
    }
}

/// <param name="Line">Where publishing would refuse the draft; 0 when it would not, or the fault has no line.</param>
/// <param name="Reason">Why it would; null when it would not, and in lists, where drafts are not read.</param>
internal sealed record CaptionDraftView(string Language, string Etag, DateTimeOffset SavedAt, string Actor, int Line, string? Reason)
{
    public static CaptionDraftView Of(CaptionDraft draft, PlaylistError? error) =>
        new(draft.Language, draft.ETag, DateTimeOffset.FromUnixTimeMilliseconds(draft.SavedAt), draft.Actor, error?.Line ?? 0, error?.Reason);
}

internal sealed record CaptionVersionView(string Language, string Version, bool Live, DateTimeOffset SavedAt, string Actor);

/// <summary>The answer of <c>GET …/subtitles/{language}/versions</c>.</summary>
/// <param name="Etag">Of the captions that viewers get, for If-Match; null where there are none.</param>
/// <param name="Versions">The draft, where there is one, then each publication, newest first.</param>
internal sealed record CaptionHistoryView(string Video, string Language, string? Etag, IReadOnlyList<CaptionHistoryEntry> Versions)
{
    public static CaptionHistoryView Of(string video, string language, LiveCaptions? live, CaptionDraft? draft, IReadOnlyList<CaptionPublication> versions)
    {
        var all = versions.Select(version => new CaptionHistoryEntry(
            version.Number, CaptionStore.Prefix(version.Sha256), version.Action, Active: version.Number == live?.Number, Draft: false,
            version.Name, version.Bytes, version.Cues, DateTimeOffset.FromUnixTimeMilliseconds(version.SavedAt), version.Actor));
        if (draft is not null)
        {
            var bytes = Encoding.UTF8.GetBytes(draft.Content ?? "");
            long? cues = WebVtt.TryParse(bytes, out var file, out _) ? file?.Cues.Length : null;
            all = all.Prepend(new CaptionHistoryEntry(
                null, null, "draft", Active: false, Draft: true, null, bytes.Length, cues, DateTimeOffset.FromUnixTimeMilliseconds(draft.SavedAt), draft.Actor));
        }

        return new(video, language, live?.ETag, [.. all]);
    }
}

/// <param name="Number">1 for the first publication; null for a draft.</param>
/// <param name="Version">Names the file, for <c>?version=</c> and for a rollback; the same file again has the same. Null for a draft.</param>
/// <param name="Action"><c>publish</c>, <c>rollback</c> or <c>draft</c>.</param>
/// <param name="Active">New sessions get it.</param>
/// <param name="Name">What players show; null where it is not known.</param>
/// <param name="Cues">Captions in it; null where they were not counted, or a draft cannot be read.</param>
internal sealed record CaptionHistoryEntry(
    long? Number, string? Version, string Action, bool Active, bool Draft, string? Name, long Bytes, long? Cues, DateTimeOffset SavedAt, string Actor);
