namespace HlsGateway.Playback;

/// <summary>Tells a trailer's segments by their path, as the player has them in its playlist.</summary>
internal static class TrailerPath
{
    /// <summary>True of a segment of a trailer, and of the blank window of its captions.</summary>
    public static bool IsIn(string uri) => uri.Contains(WatchRouter.TrailerMarker, StringComparison.Ordinal)
        || (uri.Contains(CaptionPath.Folder, StringComparison.Ordinal) && uri.Contains($"/{PlaylistCompiler.BlankVersion}/", StringComparison.Ordinal));
}
