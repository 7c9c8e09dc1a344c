using System.Collections.Immutable;

namespace HlsGateway.Playlists;

/// <summary>One caption on the content's timeline.</summary>
/// <param name="StartMs">Milliseconds from the content's start.</param>
/// <param name="EndMs">Exclusive; greater than <paramref name="StartMs"/>.</param>
/// <param name="Id">Unique in its file, or null (rule W4).</param>
/// <param name="Settings">WebVTT cue settings as they stand behind the times (<c>line:0 align:start</c>); may be empty.</param>
/// <param name="Text">WebVTT cue text, LF between lines, never empty: no blank line, no <c>--&gt;</c>, no tag but WebVTT's own.</param>
public readonly record struct CaptionCue(int StartMs, int EndMs, string? Id, string Settings, string Text);

/// <summary>The captions of one language of one video: what a WebVTT or SRT file says, ready to be cut into segments.</summary>
public sealed class CaptionFile
{
    // Ends are not sorted, so "which cues reach into this window" needs the greatest end up to each cue: it only grows.
    private readonly ImmutableArray<int> latestEnd;

    internal CaptionFile(IEnumerable<CaptionCue> cues, string head)
    {
        Cues = [.. cues.OrderBy(cue => cue.StartMs)];
        Head = head;
        var ends = ImmutableArray.CreateBuilder<int>(Cues.Length);
        var latest = 0;
        foreach (var cue in Cues)
            ends.Add(latest = Math.Max(latest, cue.EndMs));
        latestEnd = ends.MoveToImmutable();
    }

    /// <summary>A file without a single cue: used for a language that was removed.</summary>
    public static CaptionFile Nothing { get; } = new([], "");

    /// <summary>By start; cues that start together keep the order of the file.</summary>
    public ImmutableArray<CaptionCue> Cues { get; }

    /// <summary>STYLE and REGION blocks, each followed by a blank line; every segment repeats them, for a segment is a whole WebVTT file.</summary>
    public string Head { get; }

    /// <summary>End of the last caption, milliseconds.</summary>
    public int EndMs => latestEnd.IsEmpty ? 0 : latestEnd[^1];

    /// <summary>The range of cue indexes outside of which no cue overlaps <c>[startMs, endMs)</c>; cues inside it may still end too early.</summary>
    internal (int First, int End) Near(int startMs, int endMs)
    {
        var first = FirstAbove(latestEnd, startMs);
        var end = first;
        while (end < Cues.Length && Cues[end].StartMs < endMs)
            end++;
        return (first, end);
    }

    private static int FirstAbove(ImmutableArray<int> rising, int value)
    {
        var (low, high) = (0, rising.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (rising[middle] > value)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }
}
