namespace HlsGateway.Transcoding;

/// <summary>An upload comes without a file name: what it is decides what it is called when it is kept.</summary>
internal static class OriginalName
{
    /// <summary>With its dot.</summary>
    /// <param name="container">ffprobe's name, see <see cref="Media.MediaProbe"/>.</param>
    public static string ExtensionOf(string container) => container.Split(',')[0] switch
    {
        "mov" => ".mp4",
        "matroska" => ".mkv",
        "avi" => ".avi",
        "mpegts" => ".ts",
        "mpeg" => ".mpg",
        "flv" => ".flv",
        "ogg" => ".ogv",
        _ => ".bin",
    };
}
