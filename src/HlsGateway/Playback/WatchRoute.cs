namespace HlsGateway.Playback;

/// <summary>What a path below a video means, read once: all that the answer needs from the path.</summary>
internal abstract record WatchRoute
{
    private WatchRoute()
    {
    }

    /// <summary>A playlist of the origin's or of our store.</summary>
    /// <param name="Source">Where it is read.</param>
    public sealed record Playlist(OriginTarget Source) : WatchRoute;

    /// <summary>A Media Segment, initialization section or other file that is redirected.</summary>
    /// <param name="Target">Where it redirects to.</param>
    public sealed record Segment(OriginTarget Target) : WatchRoute;

    /// <param name="Key">Of the object in our store.</param>
    /// <param name="Version">First eight hexadecimal digits of the trailer's hash, as a number.</param>
    public sealed record TrailerSegment(string Key, uint Version) : WatchRoute;

    /// <summary>Our blank VTT over the trailer's window, for the origin's own subtitle Renditions.</summary>
    public sealed record TrailerBlank(BlankWindow Window) : WatchRoute;

    /// <summary>The playlist of a trailer that is an HLS interstitial.</summary>
    /// <param name="Label"><c>{name}@{hash8}</c>.</param>
    public sealed record TrailerPlaylist(string Label, string[] Profiles) : WatchRoute;

    public sealed record CaptionPlaylist(string Language) : WatchRoute;

    public sealed record CaptionSegment(CaptionPath Path) : WatchRoute;

    /// <summary>Streamed from the origin.</summary>
    public sealed record PassThrough(OriginTarget Source) : WatchRoute;

    /// <summary>A path in the form of ours that we did not make: forged or damaged.</summary>
    public sealed record Unknown : WatchRoute
    {
        public static Unknown Instance { get; } = new();
    }
}

/// <summary>A blank caption segment; its file's name is <c>{first PTS}-{length ms}.vtt</c>.</summary>
/// <param name="DurationMs">0 where the name has none.</param>
internal readonly record struct BlankWindow(long Mpegts, int DurationMs)
{
    private const int LongestMs = 600_000;

    public static BlankWindow Read(ReadOnlySpan<char> file)
    {
        var name = file[..^".vtt".Length];
        var hyphen = name.IndexOf('-');
        return hyphen > 0 && long.TryParse(name[..hyphen], out var mpegts) && int.TryParse(name[(hyphen + 1)..], out var ms) ? new(mpegts, Math.Clamp(ms, 1, LongestMs)) : default;
    }
}
