namespace HlsGateway.Catalogue;

/// <summary>Names for files that people save.</summary>
internal static class DownloadName
{
    /// <summary><c>bunny-transcode.mp4</c> and <c>bunny-original.mkv</c> of <c>films/bunny</c>.</summary>
    /// <param name="what"><c>transcode</c> or <c>original</c>.</param>
    public static string Of(string video, string what, string key) => $"{video[(video.LastIndexOf('/') + 1)..]}-{what}{Path.GetExtension(key)}";
}
