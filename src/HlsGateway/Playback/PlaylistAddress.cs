using System.Buffers.Text;
using System.Text;

namespace HlsGateway.Playback;

/// <summary>Where playlists stand: on the origin, in the store, and for the player.</summary>
internal static class PlaylistAddress
{
    public const string DefaultName = "playlist.m3u8";

    /// <summary>The place of a playlist that was found at <paramref name="playlist"/> for <paramref name="request"/>.</summary>
    public static PlaylistPlace Place(WatchRequest request, OriginPlaylist playlist, IReadOnlyList<string> addresses)
    {
        if (playlist.Target.Kind == OriginKind.Store)
        {
            // videos/{video}/{revision}/…: children of a published video name its revision, so that a new one never mixes with the old.
            var prefix = $"videos/{request.VideoName}/";
            var revision = playlist.Target.Locator.AsSpan(prefix.Length);
            revision = revision[..revision.IndexOf('/')];
            return new(request.Video, playlist.Url, OriginFetcher.StoreUrl($"{prefix}{revision}/"), request.Below, $"{WatchRouter.RevisionMarker}{revision}/");
        }

        // The destination that answered is the one whose address the URL begins with; without one (an allowed foreign host) the
        // video has no folder there, and every URI goes the opaque way.
        var address = addresses.FirstOrDefault(a => playlist.Url.StartsWith(a, StringComparison.Ordinal)) ?? (addresses.Count > 0 ? addresses[0] : null) ?? "http://none.invalid/";
        return new(request.Video, playlist.Url, $"{address}{request.Video}/", request.Below, "");
    }

    /// <summary>Where a resolved URL of a Master Playlist is read from.</summary>
    public static OriginTarget SourceOf(string url, IReadOnlyList<string> addresses)
    {
        var fragment = url.IndexOf('#', StringComparison.Ordinal);
        var target = fragment < 0 ? url : url[..fragment];
        return LocatorOf(target, addresses) is { } locator ? new(OriginKind.Cluster, locator) : WatchRouter.Source(target);
    }

    /// <summary>A place without query, in one spelling whichever destination it was written with: equal strings mean the same place.</summary>
    public static string Plain(OriginTarget target, IReadOnlyList<string> addresses)
    {
        target = target.Normal();
        var end = target.Locator.AsSpan().IndexOfAny('?', '#');
        var locator = end < 0 ? target.Locator : target.Locator[..end];
        var url = target.Kind switch
        {
            OriginKind.Store => OriginFetcher.StoreUrl(locator),
            OriginKind.Cluster when addresses.Count > 0 => locator.StartsWith('/') ? Authority(addresses[0]) + locator : addresses[0] + locator,
            _ => locator,
        };
        return LocatorOf(url, addresses) ?? url;
    }

    /// <summary>The locator of a URL of the origin; null for one on another host.</summary>
    public static string? LocatorOf(string url, IReadOnlyList<string> addresses)
    {
        // A doubled slash behind the base address belongs to the path, and a leading one means the root of the host.
        if (addresses.FirstOrDefault(a => url.StartsWith(a, StringComparison.Ordinal)) is { } address && !url.AsSpan(address.Length).StartsWith('/'))
            return url[address.Length..];
        return addresses.FirstOrDefault(a => url.StartsWith(Authority(a) + "/", StringComparison.Ordinal)) is { } sameHost ? url[Authority(sameHost).Length..] : null;
    }

    /// <summary>The path after the origin's base address, on any of its hosts; null for a path that is not below a base address.</summary>
    public static string? BelowBase(string locator, IReadOnlyList<string> addresses)
    {
        if (!locator.StartsWith('/'))
            return locator;
        return addresses.FirstOrDefault(a => locator.StartsWith(a[Authority(a).Length..], StringComparison.Ordinal)) is { } address ? locator[(address.Length - Authority(address).Length)..] : null;
    }

    private static string Authority(string address) => address[..address.IndexOf('/', address.IndexOf("://", StringComparison.Ordinal) + 3)];

    /// <summary>
    /// How a caption playlist's address tells which Master Playlist it belongs to: empty for <c>{video}/playlist.m3u8</c>, otherwise
    /// <c>{base64url}.{tag}</c>, which only we can make.
    /// </summary>
    public static string CaptionSource(SigningKeys keys, string video, OriginTarget master)
    {
        if (master.Kind == OriginKind.Store || string.Equals(master.Locator, $"{video}/{DefaultName}", StringComparison.Ordinal))
            return "";
        var encoded = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(master.Locator));
        return $"{encoded}.{keys.Targets.Sign(Message(video, encoded))}";
    }

    /// <summary>Reads it back; a value that we did not sign is ignored.</summary>
    public static OriginTarget ReadCaptionSource(SigningKeys keys, string video, ReadOnlySpan<char> value)
    {
        var dot = value.IndexOf('.');
        if (dot > 0 && Base64Url.IsValid(value[..dot]) && keys.Targets.Verifies(Message(video, value[..dot]), value[(dot + 1)..]))
            return WatchRouter.Source(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(value[..dot])));
        return new(OriginKind.Cluster, $"{video}/{DefaultName}");
    }

    private static byte[] Message(string video, ReadOnlySpan<char> encoded) => Encoding.UTF8.GetBytes($"captions?{video}?{encoded}");
}
