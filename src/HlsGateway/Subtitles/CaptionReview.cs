using System.Collections.Immutable;
using System.Globalization;
using HlsGateway.Catalogue;
using HlsGateway.Playlists;

namespace HlsGateway.Subtitles;

/// <summary>What an editor should know about captions, although they can be published.</summary>
/// <param name="Code"><c>beyond-the-end</c>, <c>no-such-video</c>, <c>unknown-language</c> or <c>language-not-canonical</c>.</param>
/// <param name="Message">One or two sentences.</param>
internal sealed record CaptionWarning(string Code, string Message);

/// <summary>Looks at captions before they are published.</summary>
internal sealed class CaptionReview(VideoViews videos, LooksForVideo look, WasWatched watched)
{
    /// <summary>Playlists round the lengths of segments.</summary>
    private const int ToleranceMs = 250;

    /// <param name="request">The editor's, for addresses.</param>
    public async Task<ImmutableArray<CaptionWarning>> ReviewAsync(string video, string language, CaptionFile? file, HttpRequest request, CancellationToken ct)
    {
        var sight = await look(video, ct);
        CaptionWarning?[] all =
        [
            await OfVideoAsync(video, sight, request, ct),
            LanguageTag.Advice(language) is var (code, message) ? new CaptionWarning(code, message) : null,
            sight.LengthMs is { } length && file is not null ? OfEnd(file, length) : null,
        ];
        return [.. all.OfType<CaptionWarning>()];
    }

    private async Task<CaptionWarning?> OfVideoAsync(string video, VideoSight sight, HttpRequest request, CancellationToken ct) =>
        sight.IsThere == false && await videos.FindAsync(video, request, ct) is null && await watched(video, ct) == false
            ? new("no-such-video", $"There is no video '{video}': it was not uploaded, is not at the origin, and was never watched. The captions are kept for it; if the name is wrong, DELETE them.")
            : null;

    private static CaptionWarning? OfEnd(CaptionFile file, int lengthMs)
    {
        var beyond = file.Cues.Where(cue => cue.EndMs > lengthMs + ToleranceMs).ToList();
        if (beyond.Count == 0)
            return null;
        var unseen = beyond.Count(cue => cue.StartMs >= lengthMs);
        var seconds = (lengthMs / 1000.0).ToString("0.###", CultureInfo.InvariantCulture);
        var first = TimeSpan.FromMilliseconds(beyond[0].StartMs).ToString(@"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture);
        return new("beyond-the-end",
            $"The video ends after {seconds} s. {beyond.Count} of {file.Cues.Length} captions reach beyond that, the first of them begins at {first}. {beyond.Count - unseen} will be cut short, {unseen} never shown.");
    }
}
