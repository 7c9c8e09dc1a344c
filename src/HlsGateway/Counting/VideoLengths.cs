using System.Collections.Concurrent;
using HlsGateway.Playlists;

namespace HlsGateway.Counting;

/// <summary>
/// How long each video's content is, in milliseconds, as its playlist told. Whoever asks for videos decides how many there are and how
/// long their names are, so memory is bounded: once the newer half is full, what nobody has asked for since it began is forgotten.
/// A playlist that is asked for again tells the length again.
/// </summary>
/// <param name="mostBytes">Of names and entries together.</param>
internal sealed class VideoLengths(long mostBytes = VideoLengths.MostBytes)
{
    /// <summary>Some 300,000 videos with names of 40 characters.</summary>
    private const long MostBytes = 64L << 20;

    /// <summary>A node of the dictionary, its place in the table, and its share of tables half full.</summary>
    private const int EntryWeight = 100;

    private readonly Lock gate = new();
    private volatile ConcurrentDictionary<string, int> newer = new(StringComparer.Ordinal);
    private volatile ConcurrentDictionary<string, int> older = new(StringComparer.Ordinal);
    private long weight;

    public bool TryGet(string video, out int lengthMs)
    {
        if (newer.TryGetValue(video, out lengthMs))
            return true;
        if (!older.TryGetValue(video, out lengthMs))
            return false;
        Set(video, lengthMs);
        return true;
    }

    public bool Contains(string video) => TryGet(video, out _);

    public void Set(string video, int lengthMs)
    {
        lock (gate)
        {
            if (!newer.ContainsKey(video))
            {
                var more = EntryWeight + Weights.Of(video);
                if (weight + more > mostBytes / 2)
                {
                    older = newer;
                    newer = new(StringComparer.Ordinal);
                    weight = 0;
                }
                weight += more;
            }
            newer[video] = lengthMs;
        }
    }

    /// <summary>All that is known, each video once.</summary>
    public IEnumerable<KeyValuePair<string, int>> All()
    {
        var (now, before) = (newer, older);
        return now.Concat(before.Where(pair => !now.ContainsKey(pair.Key)));
    }
}
