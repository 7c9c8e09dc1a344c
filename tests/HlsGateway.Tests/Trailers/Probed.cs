namespace HlsGateway.Tests.Trailers;

/// <summary>What ffprobe says of a file, a line for each packet and stream: <c>packet|codec_type=video|pts_time=1.400000|flags=K_</c>.</summary>
internal sealed class Probed(string[] lines)
{
    /// <summary>Of the packets of <c>video</c> or <c>audio</c>, in the file's order.</summary>
    public List<string> Packets(string type, string field) => [.. Of("packet", type).Select(packet => packet[field])];

    /// <summary>The one stream of <c>video</c> or <c>audio</c>.</summary>
    public Dictionary<string, string> Stream(string type) => Of("stream", type).First();

    private IEnumerable<Dictionary<string, string>> Of(string section, string type) =>
        from line in lines
        let words = line.Split('|')
        where words[0] == section
        let fields = words.Skip(1).Select(word => word.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal)
        where fields["codec_type"] == type
        select fields;
}
