using System.Text.Json;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>One player, one stream, and what each of the three sides says of it: the player, the CDN, the ledger.</summary>
/// <param name="Cdn">What the CDN served to this player, in order.</param>
/// <param name="Session">The answer of <c>GET /api/sessions/{session_id}</c>.</param>
internal sealed record Play(PlayerReport Report, string SessionId, IReadOnlyList<ServedRequest> Cdn, JsonElement Session)
{
    /// <summary>Content segments of Variant Streams, as the CDN served them: repeats included.</summary>
    public IEnumerable<string> ContentSegments => Cdn.Select(request => request.Path).Where(path => TestMedia.IsContentSegment(path));

    /// <summary>Content segments that were counted, as paths at the CDN: repeats included.</summary>
    public IEnumerable<string> CountedSegments => Session.GetProperty("trace").EnumerateArray()
        .Where(entry => entry.GetProperty("kind").ValueEquals("content") && entry.GetProperty("counted").GetBoolean())
        .Select(entry => $"/{Session.GetProperty("video").GetString()}/{entry.GetProperty("path").GetString()}");

    public IEnumerable<string> TrailerSegments => Cdn.Select(request => request.Path).Where(path => path.StartsWith("/objects/trailers/", StringComparison.Ordinal));

    public double Number(string property) => Session.GetProperty(property).GetDouble();
}

/// <param name="Start">Seconds of content.</param>
internal sealed record KnownCue(string Text, double Start, double End);

/// <summary>A stream of the origin, and who is asked to play it.</summary>
/// <param name="Name">Its folder there, and so the video's id.</param>
/// <param name="Audio">Language of the audio Rendition that is asked for; null where there is no choice.</param>
internal sealed record Scenario(string Name, bool HasSound, string? Audio, string[] Players)
{
    private static readonly string[] All = [Rig.Players.HlsJs, Rig.Players.Shaka, Rig.Players.VideoJs, Rig.Players.Native, Rig.Players.Ffmpeg];

    /// <summary>The splice of fMP4 is known to be beyond this Chromium's own player and this ffmpeg.</summary>
    private static readonly string[] Script = [Rig.Players.HlsJs, Rig.Players.Shaka, Rig.Players.VideoJs];

    /// <summary>
    /// video.js 8.24.1 was seen to skip most of demuxed content whose picture begins 80 ms after its sound, as ffmpeg's B-frames make it:
    /// an open fault, see docs/operations.md.
    /// </summary>
    private static readonly string[] Demuxed = [Rig.Players.HlsJs, Rig.Players.Shaka, Rig.Players.Native, Rig.Players.Ffmpeg];

    public static IReadOnlyList<Scenario> Known { get; } =
    [
        new("ts", true, null, All), new("aes", true, null, All), new("silent", false, null, All), new("demuxed", true, "de", Demuxed), new("fmp4", true, null, Script),
    ];

    public static Scenario Of(string name) => Known.Single(scenario => scenario.Name.Equals(name, StringComparison.Ordinal));
}
