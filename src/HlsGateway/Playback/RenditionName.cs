using HlsGateway.Counting;
using HlsGateway.Playlists;
using UriKind = System.UriKind;

namespace HlsGateway.Playback;

/// <summary>
/// The name that a Media Playlist's segments are counted under: their folder or file stem, where that is one name for all of them;
/// otherwise that of the playlist. Segments whose path does not tell it (opaque ones, one folder for each) carry it in their address, signed.
/// </summary>
internal sealed class RenditionName(PlaylistPlace place, MediaPlaylist media, IReadOnlyList<string> addresses)
{
    /// <summary>The most characters that are kept of a Rendition's name (<see cref="SessionState"/>).</summary>
    private const int Longest = 200;

    private readonly string name = OfSegments(place, media) is { } common ? common : OfPlaylist(place, addresses);

    /// <summary>What a segment's address carries: empty where its path tells the name by itself.</summary>
    /// <param name="below">The segment's path below the video.</param>
    public string Carried(string below) =>
        !below.StartsWith(OpaqueTarget.Marker + "/", StringComparison.Ordinal) && SessionState.Rendition(Plain(below)) == name
            ? "" : Uri.EscapeDataString(name).Replace("%2F", "/", StringComparison.Ordinal);

    /// <summary>The path that a hit of such a segment is kept under.</summary>
    public static string PathOf(ReadOnlySpan<char> carried, string below) => $"{Uri.UnescapeDataString(carried)}/{WatchPath.Readable(below[(below.LastIndexOf('/') + 1)..])}";

    /// <summary>Null where the segments in the video's folder have no name in common, or there are none.</summary>
    private static string? OfSegments(PlaylistPlace place, MediaPlaylist media)
    {
        string? common = null;
        string? last = null;
        foreach (var segment in media.Segments)
        {
            var end = segment.Uri.AsSpan().IndexOfAny('?', '#');
            var path = end < 0 ? segment.Uri : segment.Uri[..end];
            var folder = path[..(path.LastIndexOf('/') + 1)];
            // Of segments in one folder the first one tells; only files beside the Master Playlist are named by their stems.
            if ((folder.Length > 0 || place.ClientPath.Contains('/', StringComparison.Ordinal)) && folder == last)
                continue;
            last = folder;
            if (!UriReference.TryResolve(place.OriginUrl, path, out var url) || !url.StartsWith(place.OriginRoot, StringComparison.Ordinal))
                continue;
            var mine = SessionState.Rendition(WatchPath.Readable(url[place.OriginRoot.Length..]));
            if (mine != (common ??= mine))
                return null;
        }

        return common;
    }

    private static string OfPlaylist(PlaylistPlace place, IReadOnlyList<string> addresses)
    {
        var path = place.ClientPath;
        if (path.StartsWith(OpaqueTarget.Marker + "/", StringComparison.Ordinal))
        {
            path = PlaylistAddress.Plain(PlaylistAddress.SourceOf(place.OriginUrl, addresses), addresses);
            path = Uri.TryCreate(path, UriKind.Absolute, out var url) && !url.IsFile ? url.AbsolutePath : path;
        }

        var named = SessionState.Rendition(Plain(path.TrimStart('/')));
        return named.Length <= Longest ? named : named[^Longest..];
    }

    private static string Plain(string below) => WatchPath.Readable(WatchRouter.WithoutRevision(below));
}
