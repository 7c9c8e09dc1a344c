using System.Globalization;
using System.Text;

namespace HlsGateway.Playlists;

/// <summary>One Media Segment of a caption playlist.</summary>
/// <param name="Duration">Seconds for EXTINF as decimal text, the content's own.</param>
/// <param name="Uri">Never <see cref="RewrittenUri.Keep"/>: there is nothing to keep.</param>
/// <param name="Discontinuity">The content has an EXT-X-DISCONTINUITY before the segment of this window; captions then have one too (rule S1).</param>
public readonly record struct CaptionWindow(string Duration, RewrittenUri Uri, bool Discontinuity = false);

/// <summary>Writes the Media Playlist of a caption Rendition over the content's own segment grid.</summary>
public static class CaptionPlaylist
{
    /// <summary>Builds a VOD playlist.</summary>
    /// <param name="windows">The content's segments in order; at least one.</param>
    /// <param name="trailer">The trailer's blank window behind a discontinuity (rules S1 and W3); null without a trailer. Its duration is the whole trailer's.</param>
    /// <param name="before">The trailer's window stands before the content's, and the discontinuity between them.</param>
    /// <param name="targetDuration">
    /// The video's EXT-X-TARGETDURATION in seconds. Raised where a window is longer: one blank window stands for all of the trailer's
    /// segments, and subtitle Renditions of VOD may have a target duration of their own (RFC 8216 section 6.2.4).
    /// </param>
    public static PlaylistTemplate Build(IReadOnlyList<CaptionWindow> windows, CaptionWindow? trailer, int targetDuration, bool before = false)
    {
        var (target, fraction) = ((decimal)targetDuration, false);
        foreach (var window in trailer is { } last ? windows.Append(last) : windows)
        {
            target = Math.Max(target, Math.Ceiling(decimal.Parse(window.Duration, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture)));
            fraction |= window.Duration.Contains('.', StringComparison.Ordinal);
        }

        var (text, holes) = (new StringBuilder(), new List<int>());
        // Version 3 is what decimal durations need; nothing else here needs any (rule D5).
        text.Append(CultureInfo.InvariantCulture, $"#EXTM3U\n#EXT-X-VERSION:{(fraction ? 3 : 1)}\n#EXT-X-TARGETDURATION:{target}\n");
        text.Append("#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n");
        if (before && trailer is { } ahead)
            Append(ahead);
        for (var at = 0; at < windows.Count; at++)
            Append(at == 0 && before && trailer is not null ? windows[0] with { Discontinuity = true } : windows[at]);
        if (!before && trailer is { } blank)
            Append(blank with { Discontinuity = true });
        text.Append("#EXT-X-ENDLIST\n");

        var bytes = new byte[text.Length];
        if (Encoding.ASCII.GetBytes(text.ToString(), bytes) != bytes.Length)
            throw new InvalidOperationException("A caption playlist is ASCII.");
        return new PlaylistTemplate(bytes, [.. holes]);

        void Append(in CaptionWindow window)
        {
            if (window.Discontinuity)
                text.Append("#EXT-X-DISCONTINUITY\n");
            text.Append("#EXTINF:").Append(window.Duration).Append(",\n").Append(Checked(window.Uri.BeforeToken));
            if (window.Uri.AfterToken is { } after)
            {
                holes.Add(text.Length);
                text.Append('0', PlaylistTemplate.TokenLength).Append(Checked(after));
            }

            text.Append('\n');
        }
    }

    /// <summary>A URI in a playlist is ASCII without blanks; anything else is the caller's mistake and would shift the holes.</summary>
    private static string Checked(string? uri) =>
        uri is not null && uri.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 ? uri : throw new ArgumentException("A caption's URI holds ASCII without blanks.", nameof(uri));
}
