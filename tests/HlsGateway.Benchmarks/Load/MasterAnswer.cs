using System.Buffers.Text;
using System.Text;

namespace HlsGateway.Benchmarks.Load;

/// <summary>What a player reads from a Master Playlist. Paths have a hole where the session's token stands.</summary>
/// <param name="Captions">The playlist of the first captions; null where there are none.</param>
internal sealed record MasterAnswer(string Token, Guid Session, string[] Renditions, string? Captions)
{
    public const string TokenHole = "{token}";

    /// <param name="below">The path that its URIs are relative to, with a slash at the end.</param>
    public static MasterAnswer Parse(ReadOnlySpan<byte> body, string below)
    {
        var text = Encoding.UTF8.GetString(body);
        var at = text.IndexOf("session_id=", StringComparison.Ordinal) + "session_id=".Length;
        if (at < "session_id=".Length || text.Length < at + 40) throw new IOException("A Master Playlist names no session.");
        var token = text.Substring(at, 40);
        var tag = text.IndexOf("TYPE=SUBTITLES", StringComparison.Ordinal);
        var from = tag < 0 ? -1 : text.IndexOf("URI=\"", tag, StringComparison.Ordinal) + 5;
        return new(token, new Guid(Base64Url.DecodeFromChars(token).AsSpan(0, 16), bigEndian: true), Paths(text, below, token),
            tag < 0 ? null : Path(text[from..text.IndexOf('"', from)], new Uri($"http://x{below}"), token));
    }

    /// <summary>The paths that a playlist names, in its order.</summary>
    /// <param name="path">Of the playlist itself.</param>
    public static string[] Paths(ReadOnlySpan<byte> body, string path, string token) => Paths(Encoding.UTF8.GetString(body), path, token);

    private static string[] Paths(string text, string path, string token)
    {
        var from = new Uri($"http://x{path}");
        return [.. text.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => Path(line, from, token))];
    }

    private static string Path(string uri, Uri from, string token) => new Uri(from, uri).PathAndQuery.Replace(token, TokenHole, StringComparison.Ordinal);
}
