using System.Text.Json;

namespace HlsGateway.Counting;

/// <summary>What a player told over a whole session. Like all figures a function of the set of requests.</summary>
internal sealed class CmcdSummary
{
    /// <summary>Counted requests that carried any of the keys that are kept.</summary>
    public long Reports { get; set; }

    /// <summary>Requests before which the buffer had run empty (<c>bs</c>).</summary>
    public long Starved { get; set; }

    /// <summary>Sum of <c>mtp</c> in kbit/s, and how many told it.</summary>
    public long ThroughputSum { get; set; }

    public long Throughputs { get; set; }

    /// <summary><c>sid</c>, the first by its bytes where there are several; empty when none was told.</summary>
    public string Sid { get; set; } = "";

    /// <summary><c>st</c>, the last by its bytes where there are several.</summary>
    public string StreamType { get; set; } = "";

    public void Add(Cmcd cmcd)
    {
        Reports++;
        if (cmcd.Starved)
            Starved++;
        if (cmcd.ThroughputKbps is { } kbps)
            (ThroughputSum, Throughputs) = (ThroughputSum + kbps, Throughputs + 1);
        if (cmcd.Sid.Length > 0 && (Sid.Length == 0 || string.CompareOrdinal(cmcd.Sid, Sid) < 0))
            Sid = cmcd.Sid;
        if (string.CompareOrdinal(cmcd.StreamType, StreamType) > 0)
            StreamType = cmcd.StreamType;
    }

    public void Add(CmcdSummary other)
    {
        Reports += other.Reports;
        Starved += other.Starved;
        (ThroughputSum, Throughputs) = (ThroughputSum + other.ThroughputSum, Throughputs + other.Throughputs);
        if (other.Sid.Length > 0 && (Sid.Length == 0 || string.CompareOrdinal(other.Sid, Sid) < 0))
            Sid = other.Sid;
        if (string.CompareOrdinal(other.StreamType, StreamType) > 0)
            StreamType = other.StreamType;
    }

    /// <summary>As the ledger keeps it; empty when nothing was told.</summary>
    public string ToText() => Reports == 0 ? "" : JsonSerializer.Serialize(this);

    public static CmcdSummary FromText(string text) => text.Length == 0 ? new() : JsonSerializer.Deserialize<CmcdSummary>(text) ?? new();
}
