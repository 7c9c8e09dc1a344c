using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using HlsGateway.Content;

namespace HlsGateway.Catalogue;

/// <summary>A video of ours that viewers may watch.</summary>
/// <param name="Revision">Names one upload's objects; a later upload has another.</param>
/// <param name="Facts">Of each Rendition, measured when it was made.</param>
internal sealed record PublishedVideo(string Video, string Revision, ImmutableArray<RenditionFacts> Facts)
{
    /// <summary><c>videos/{video}/{revision}/</c>; the Master Playlist is there as <c>playlist.m3u8</c>.</summary>
    public string KeyPrefix { get; } = Prefix(Video, Revision);

    public static string Prefix(string video, string revision) => $"videos/{video}/{revision}/";
}

/// <summary>What the database says of a video since a moment; a null revision is a deleted one.</summary>
/// <param name="ChangedAt">Unix milliseconds, greater with each change of the same video, whichever machine made it.</param>
internal readonly record struct PublishedChange(string Video, long ChangedAt, PublishedVideo? Published);

/// <summary>Which videos are ours, as an immutable snapshot: a lookup reads memory only and never waits.</summary>
internal sealed class PublishedVideos
{
    private readonly Lock applying = new();
    private volatile ImmutableDictionary<string, PublishedChange> videos = ImmutableDictionary.Create<string, PublishedChange>(StringComparer.Ordinal);

    public bool TryGet(string video, [NotNullWhen(true)] out PublishedVideo? published)
    {
        published = videos.TryGetValue(video, out var last) ? last.Published : null;
        return published is not null;
    }

    /// <summary>Of all that are published now.</summary>
    public IEnumerable<string> Names => videos.Values.Where(last => last.Published is not null).Select(last => last.Video);

    /// <summary>Takes over only what is newer than what is known: a reader that read the database before a change may arrive here after it.</summary>
    internal void Apply(IEnumerable<PublishedChange> changes)
    {
        lock (applying)
        {
            var next = videos.ToBuilder();
            foreach (var change in changes)
                if (!next.TryGetValue(change.Video, out var known) || known.ChangedAt < change.ChangedAt)
                    next[change.Video] = change;

            videos = next.ToImmutable();
        }
    }
}
