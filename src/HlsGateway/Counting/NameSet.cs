using System.Collections;
using System.Text.Json;

namespace HlsGateway.Counting;

/// <summary>
/// Names that a session's requests gave, such as its Renditions, each once and in the order of their UTF-16 units. They come from a playlist, and a hostile
/// one may hold thousands: of more than <see cref="Most"/> the first are kept, whichever came first. A name that is there already costs a look and no memory.
/// </summary>
internal sealed class NameSet : IReadOnlyCollection<string>
{
    public const int Most = 32;

    private const int LongestName = 200;

    private readonly List<string> names = [];
    private string? text = "[]";

    public int Count => names.Count;

    /// <param name="name">One of more than 200 units is not kept.</param>
    public void Add(ReadOnlySpan<char> name)
    {
        var at = 0;
        while (at < names.Count && names[at].AsSpan().SequenceCompareTo(name) < 0) at++;
        if (name.Length > LongestName || at == Most || (at < names.Count && name.SequenceEqual(names[at])))
            return;
        names.Insert(at, name.ToString());
        if (names.Count > Most)
            names.RemoveAt(Most);
        text = null;
    }

    /// <summary>As the ledger keeps it: a JSON array.</summary>
    public string ToText() => text ??= JsonSerializer.Serialize(names);

    public static NameSet FromText(string json)
    {
        var read = new NameSet();
        if (json == "[]")
            return read;
        foreach (var name in JsonSerializer.Deserialize<string[]>(json) ?? []) read.Add(name);
        return read;
    }

    public List<string>.Enumerator GetEnumerator() => names.GetEnumerator();

    IEnumerator<string> IEnumerable<string>.GetEnumerator() => names.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => names.GetEnumerator();
}
