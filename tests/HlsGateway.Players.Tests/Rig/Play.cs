using System.Text.Json;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>One player, one stream, and what each of the three sides says of it: the player, the CDN, the ledger.</summary>
/// <param name="Cdn">What the CDN served to this player, in order.</param>
/// <param name="Session">The answer of <c>GET /api/sessions/{session_id}</c>.</param>
internal sealed record Play(PlayerReport Report, string SessionId, IReadOnlyList<ServedRequest> Cdn, JsonElement Session)
{
    /// <summary>Content segments of Variant Streams, as the CDN served them: repeats included.</summary>
    public IEnumerable<string> ContentSegments => Cdn.Select(request => request.Path).Where(path => TestMedia.IsContentSegment(path));

    /// <summary>Content segments that were counted, as paths at the CDN: repeats included, of those asked for with a Range each once.</summary>
    public IEnumerable<string> CountedSegments => Recorded(entry => entry.GetProperty("counted").GetBoolean());

    /// <summary>As these, and further ranges of them.</summary>
    public IEnumerable<string> RecordedSegments => Recorded(entry => entry.GetProperty("counted").GetBoolean() || entry.GetProperty("rule").ValueEquals("range"));

    public IEnumerable<string> TrailerSegments => Cdn.Select(request => request.Path).Where(path => path.StartsWith("/objects/trailers/", StringComparison.Ordinal));

    private IEnumerable<string> Recorded(Func<JsonElement, bool> wanted) => Session.GetProperty("trace").EnumerateArray()
        .Where(entry => entry.GetProperty("kind").ValueEquals("content") && wanted(entry))
        .Select(entry => $"/{Session.GetProperty("video").GetString()}/{entry.GetProperty("path").GetString()}");

    public double Number(string property) => Session.GetProperty(property).GetDouble();
}

/// <param name="Start">Seconds of content.</param>
internal sealed record KnownCue(string Text, double Start, double End);
