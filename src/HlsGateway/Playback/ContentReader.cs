using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using HlsGateway.Content;
using HlsGateway.Playlists;
using HlsGateway.Storage;
using HlsGateway.Trailers;

namespace HlsGateway.Playback;

/// <summary>
/// Lets content be measured: reads the beginning of a Rendition's first segment from where its playlist may be read, and from nowhere
/// else (rule I2). Redirects are not followed.
/// </summary>
internal sealed class ContentReader(PlaylistOrigin origin, OriginFetcher fetcher, OriginCluster cluster, GuardedClient guarded, BlobStore store)
{
    /// <summary>A second of 4K at 60 Mb/s; the first frames and all headers come well before that.</summary>
    private const int MostBytes = 8 << 20;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    public ContentSource SourceOf(string video, OriginPlaylist playlist) => new(
        video, playlist.Version, PlaylistsOf(playlist),
        async (uri, ct) =>
        {
            var child = await ChildAsync(playlist, uri, ct);
            return await ReadAsync(playlist, child, 0, ct) with { Timing = child.Media?.Timing };
        })
    {
        ReadRangeAsync = (n, ct) => ReadRangeStartAsync(playlist, n, ct),
        ReadLastAsync = (uri, ct) => ReadLastAsync(playlist, uri, ct),
    };

    /// <summary>Used in place of a child's URI where the entry is itself a Media Playlist.</summary>
    public const string Itself = "";

    private static ImmutableArray<string> PlaylistsOf(OriginPlaylist playlist) => playlist.Master is { } master
        ? [.. master.Variants.Select(v => v.Uri).Concat(master.Renditions.Select(TrailerPlan.PlaylistOf).OfType<string>()).Distinct(StringComparer.Ordinal)]
        : [Itself];

    /// <summary>A Media Playlist of the entry; the entry, where it is one itself.</summary>
    private async Task<OriginPlaylist> ChildAsync(OriginPlaylist entry, string uri, CancellationToken ct) => entry.Media is not null
        ? entry
        : (await origin.GetAsync(PlaylistAddress.SourceOf(Resolve(entry, uri), cluster.BaseAddresses), ct)).Playlist
        ?? throw new ContentUnreadableException("A Media Playlist could not be read.");

    /// <param name="n">Counts the discontinuities behind the first segment.</param>
    private async Task<(int StartMs, FirstSegment Segment)?> ReadRangeStartAsync(OriginPlaylist playlist, int n, CancellationToken ct)
    {
        var child = await ChildAsync(playlist, PlaylistsOf(playlist)[0], ct);
        var segments = child.Media?.Segments ?? [];
        for (var at = 1; at < segments.Length; at++)
        {
            if (segments[at].Discontinuity && --n == 0)
                return (segments[at].StartMs, await ReadAsync(playlist, child, at, ct));
        }

        return null;
    }

    private async Task<FirstSegment?> ReadLastAsync(OriginPlaylist playlist, string uri, CancellationToken ct)
    {
        var child = await ChildAsync(playlist, uri, ct);
        if (child.Media is not { HasEndList: true, Segments: [_, .. var rest] } media || rest.Any(segment => segment.Discontinuity))
            return null;
        var last = await ReadAsync(playlist, child, media.Segments.Length - 1, ct);
        return last.Bytes.Length < MostBytes ? last : null;
    }

    /// <param name="entry">Where the Media Playlist's variables come from.</param>
    private async Task<FirstSegment> ReadAsync(OriginPlaylist entry, OriginPlaylist playlist, int at, CancellationToken ct)
    {
        if (playlist.Media is not { } media || media.Segments.IsEmpty)
            throw new ContentUnreadableException("A Variant Stream's URI does not lead to a Media Playlist with segments.");
        if (media.HasImports && entry.Master is { } master && media.TryImport(master, out var imported, out _) && imported is not null)
            media = imported;
        var key = at == 0 ? SegmentKey.OfFirstSegment(media) : SegmentKey.OfSegments(media)[at];
        if (key is not null && (key.Method is not "AES-128" || key.Uri is null || !key.Uri.Contains("://", StringComparison.Ordinal) && key.Uri.Contains(':', StringComparison.Ordinal)))
            return new FirstSegment("encrypted", default, default);

        var first = media.Segments[at];
        var init = first.MapIndex < 0
            ? default
            : await ReadRangeAsync(Resolve(playlist, media.Maps[first.MapIndex].Uri), media.Maps[first.MapIndex].RangeOffset, media.Maps[first.MapIndex].RangeLength, ct);
        var bytes = await ReadRangeAsync(Resolve(playlist, first.Uri), first.RangeOffset, first.RangeLength, ct);
        if (key is null)
            return new FirstSegment(null, init, bytes);

        var secret = await fetcher.ReadAsync(PlaylistAddress.SourceOf(Resolve(playlist, key.Uri ?? ""), cluster.BaseAddresses), 64, known: null, ct);
        return secret.Body is { Length: 16 } body ? new FirstSegment(null, init, bytes, body, key.Iv) : new FirstSegment("encrypted", default, default);
    }

    private static string Resolve(OriginPlaylist playlist, string uri) =>
        UriReference.TryResolve(playlist.Url, uri, out var url) ? url : throw new ContentUnreadableException("A URI of the playlist cannot be resolved.");

    private async Task<ReadOnlyMemory<byte>> ReadRangeAsync(string url, long? offset, long? length, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(Timeout);
        var target = PlaylistAddress.SourceOf(url, cluster.BaseAddresses);
        var most = (int)Math.Min(length ?? MostBytes, MostBytes);
        try
        {
            switch (target.Kind)
            {
                case OriginKind.Store:
                    await using (var content = await store.OpenAsync(target.Locator, deadline.Token) ?? throw new ContentUnreadableException("A segment is not in the store."))
                        return await ReadPrefixAsync(content, offset ?? 0, most, deadline.Token);
                case OriginKind.Foreign when guarded.Allows(target.Locator):
                    return await SendAsync(guarded.Client, target.Locator, offset, most, deadline.Token);
                case OriginKind.Cluster when cluster.State is { } state && cluster.Choose([]) is { } destination:
                    return await SendAsync(state.Model.HttpClient, OriginFetcher.UrlOn(destination, target.Locator), offset, most, deadline.Token);
                default:
                    throw new ContentUnreadableException("The first segment is on a host that is not listed in Gateway:Origin:AllowedHosts.");
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw new ContentUnreadableException($"The first segment could not be read ({e.GetType().Name}).");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> SendAsync(HttpMessageInvoker client, string url, long? offset, int most, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, WireUrl.Of(url));
        if (offset is { } from)
            request.Headers.Range = new RangeHeaderValue(from, from + most - 1);
        using var response = await client.SendAsync(request, ct);
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
            throw new ContentUnreadableException($"The origin answered {(int)response.StatusCode} for a first segment.");
        await using var content = await response.Content.ReadAsStreamAsync(ct);
        return await ReadPrefixAsync(content, response.StatusCode == HttpStatusCode.PartialContent ? 0 : offset ?? 0, most, ct);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadPrefixAsync(Stream content, long skip, int most, CancellationToken ct)
    {
        if (skip > MostBytes)
            throw new ContentUnreadableException("A first segment begins too far into its file, and the origin does not serve byte ranges.");
        using var kept = new MemoryStream();
        var buffer = new byte[64 << 10];
        int read;
        while (kept.Length < skip + most && (read = await content.ReadAsync(buffer, ct)) > 0)
            kept.Write(buffer, 0, read);
        var end = (int)Math.Min(kept.Length, skip + most);
        return end > skip ? kept.ToArray().AsMemory((int)skip, end - (int)skip) : ReadOnlyMemory<byte>.Empty;
    }
}
