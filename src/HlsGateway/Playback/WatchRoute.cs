namespace HlsGateway.Playback;

/// <summary>What a path below a video means.</summary>
internal enum RouteKind
{
    Playlist,

    /// <summary>A Media Segment, initialization section or other file that is redirected.</summary>
    Media,
    TrailerMedia,

    /// <summary>Our blank VTT over the trailer's window, for the origin's own subtitle Renditions.</summary>
    TrailerBlank,

    /// <summary>The playlist of a trailer that is an HLS interstitial; the locator is <c>{name}@{hash8}/{profiles}</c>.</summary>
    TrailerPlaylist,
    CaptionPlaylist,
    CaptionSegment,
    PassThrough,

    /// <summary>A path of ours that is not ours: forged or damaged.</summary>
    Unknown,
}

/// <param name="Source">Playlist and PassThrough: where it is read. Media: where it redirects to.</param>
internal readonly record struct WatchRoute(RouteKind Kind, OriginTarget Source);
