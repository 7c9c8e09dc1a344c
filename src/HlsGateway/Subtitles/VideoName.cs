namespace HlsGateway.Subtitles;

/// <summary>
/// The name of any video, our own or a foreign origin's, as people write it: one or more path segments (<c>video_15</c>, <c>did:plc:abc/bafkrei</c>).
/// Ids of uploads are narrower: <see cref="Catalogue.VideoId"/>.
/// </summary>
internal static class VideoName
{
    private const int MaxLength = 500;

    /// <summary>Reads the route value <c>{video}</c>, in which slashes are written <c>%2F</c>: routing decodes everything else.</summary>
    public static bool TryRead(string routeValue, out string video)
    {
        video = routeValue.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        if (video.Length is 0 or > MaxLength || video.Any(c => char.IsControl(c) || c is '\\' or '?' or '#' or '%'))
            return false;
        foreach (var segment in video.Split('/'))
        {
            // "~" begins our own names below a video.
            if (segment.Length == 0 || segment is "." or ".." || segment[0] == '~')
                return false;
        }

        return true;
    }
}
