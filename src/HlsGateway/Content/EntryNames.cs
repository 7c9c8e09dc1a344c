using System.Collections.Immutable;
using System.Threading.Channels;

namespace HlsGateway.Content;

/// <summary>The name of a playlist with which sessions of a video began.</summary>
/// <param name="Video">As it stands in player URLs.</param>
/// <param name="Name">Path below the video.</param>
/// <param name="IsMaster">It was a Master Playlist.</param>
internal readonly record struct EntryName(string Video, string Name, bool IsMaster);

/// <summary>
/// Which playlists of a video sessions began with, where they are not called <c>playlist.m3u8</c>: how a gateway that has just started,
/// or another one, finds the Master Playlist that lists a child. An immutable snapshot: a lookup never waits. New names are
/// written to the catalogue's database in the background (<see cref="EntryNamesSync"/>).
/// </summary>
internal sealed class EntryNames
{
    /// <summary>The first ones in their order are kept, so that every gateway keeps the same.</summary>
    private const int MostPerVideo = 16;

    private const int MostVideos = 100_000;

    /// <summary>Characters of both names: they are a key of the database together, and PostgreSQL takes none of over 2,704 bytes.</summary>
    private const int LongestNames = 2048;

    /// <summary>Master Playlists first, then by name.</summary>
    private static readonly ImmutableSortedSet<EntryName> None = ImmutableSortedSet<EntryName>.Empty.WithComparer(Comparer<EntryName>.Create((a, b) =>
        a.IsMaster == b.IsMaster ? string.CompareOrdinal(a.Name, b.Name) : b.IsMaster.CompareTo(a.IsMaster)));

    private readonly Channel<EntryName> unwritten = Channel.CreateBounded<EntryName>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock adding = new();
    private volatile ImmutableDictionary<string, ImmutableSortedSet<EntryName>> videos = ImmutableDictionary.Create<string, ImmutableSortedSet<EntryName>>(StringComparer.Ordinal);

    /// <summary>Master Playlists first, each in ordinal order.</summary>
    public ImmutableSortedSet<EntryName> Of(string video) => videos.GetValueOrDefault(video, None);

    /// <summary>A session began with it.</summary>
    public void Note(in EntryName entry)
    {
        if (entry.Video.Length + entry.Name.Length <= LongestNames && Add(entry))
            unwritten.Writer.TryWrite(entry);
    }

    internal ChannelReader<EntryName> Unwritten => unwritten.Reader;

    /// <returns>False where it is known, or one too many.</returns>
    internal bool Add(in EntryName entry)
    {
        if (Of(entry.Video).Contains(entry))
            return false;
        lock (adding)
        {
            // A playlist that has changed its kind is kept under the new one only.
            var names = Of(entry.Video).Remove(entry with { IsMaster = !entry.IsMaster }).Add(entry);
            if (names.Count > MostPerVideo)
                names = names.Remove(names[^1]);
            if (!names.Contains(entry) || (videos.Count >= MostVideos && !videos.ContainsKey(entry.Video)))
                return false;
            videos = videos.SetItem(entry.Video, names);
            return true;
        }
    }
}
