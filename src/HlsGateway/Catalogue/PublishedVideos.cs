using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using HlsGateway.Content;

namespace HlsGateway.Catalogue;

/// <summary>A video of ours that viewers may watch.</summary>
/// <param name="Revision">Names one upload's objects; a later upload has another.</param>
/// <param name="KeyPrefix"><c>videos/{video}/{revision}/</c>; the Master Playlist stands there as <c>playlist.m3u8</c>.</param>
/// <param name="Facts">Of each Rendition, measured when it was made.</param>
public sealed record PublishedVideo(string Video, string Revision, string KeyPrefix, ImmutableArray<RenditionFacts> Facts)
{
    public static string Prefix(string video, string revision) => $"videos/{video}/{revision}/";
}

/// <summary>Which videos are ours, as an immutable snapshot: looking one up asks nobody and never waits.</summary>
public sealed class PublishedVideos
{
    private readonly Lock applying = new();
    private volatile ImmutableDictionary<string, PublishedVideo> videos = ImmutableDictionary.Create<string, PublishedVideo>(StringComparer.Ordinal);

    public bool TryGet(string video, [NotNullWhen(true)] out PublishedVideo? published) => videos.TryGetValue(video, out published);

    /// <summary>Takes over what the database says of some videos; a null revision is a deleted one.</summary>
    internal void Apply(IEnumerable<(string Video, PublishedVideo? Published)> changes)
    {
        lock (applying)
        {
            var next = videos.ToBuilder();
            foreach (var (video, published) in changes)
            {
                if (published is null)
                    next.Remove(video);
                else if (!next.TryGetValue(video, out var old) || old.Revision != published.Revision)
                    next[video] = published;
            }

            videos = next.ToImmutable();
        }
    }
}
