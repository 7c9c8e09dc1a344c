using HlsGateway.Playlists;
using Microsoft.Extensions.Caching.Memory;

namespace HlsGateway.Playback;

/// <summary>
/// Which video a path belonged to when its Master Playlist was last served, and in what role: how a request whose query was
/// stripped (rule H4) finds its video at once. Bounded; for a forgotten path the origin's Master Playlists are read (<see cref="Masters"/>).
/// </summary>
internal sealed class KnownChildren : IDisposable
{
    /// <summary>Some 60,000 paths.</summary>
    private const long MostBytes = 32L << 20;

    private readonly MemoryCache memory = BoundedMemory.Cache(MostBytes);

    private sealed record Child(string Video, char Role);

    /// <param name="below">A child playlist's path below the video.</param>
    public void Note(string video, string below, char role)
    {
        var path = $"{video}/{below}";
        Keep(path, new(video, role));
        Keep(WatchPath.Folder(path).ToString(), new(video, ChildRole.Apart.Role));
    }

    /// <summary>The video of a child playlist, or of a folder that holds one; null when none is known.</summary>
    public string? VideoOf(string path) => memory.TryGetValue(path, out Child? child) ? child?.Video : null;

    /// <summary>The playlist's role in the video; null when it is not known.</summary>
    public char? RoleIn(string video, string path) => memory.TryGetValue(path, out Child? child) && child is not null && child.Video == video ? child.Role : null;

    public void Dispose() => memory.Dispose();

    /// <summary>Of two videos that list one path, keeps the one with the longer id; of two roles, the content's: so the order of the requests does not matter.</summary>
    private void Keep(string path, Child child)
    {
        if (memory.TryGetValue(path, out Child? known) && known is not null
            && (known.Video.Length > child.Video.Length || (known.Video == child.Video && known.Role == ChildRole.Variant)))
            child = known;
        memory.Set(path, child, BoundedMemory.Entry(Weights.Of(path) + Weights.Of(child.Video) + (2 * Weights.Header)).SetSlidingExpiration(TimeSpan.FromHours(24)));
    }
}
