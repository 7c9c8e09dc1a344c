using System.Globalization;
using System.Text;

namespace HlsGateway.Tests.Playback.Lane;

/// <summary>Makes the bytes of connections: requests that are valid, odd or hostile, one behind another.</summary>
/// <param name="addresses">Of segments and playlists, each with the session of a valid viewer; with <c>{0}</c> in place of the token.</param>
/// <param name="sessions">Valid tokens.</param>
internal sealed class RequestMaker(int seed, IReadOnlyList<string> addresses, IReadOnlyList<string> sessions)
{
    private static readonly string[] Players = ["Mozilla/5.0 (X11; Linux x86_64)", "AppleCoreMedia/1.0.0", "VLC/3.0.20 LibVLC/3.0.20", "Lavf/60.3.100", "", "ExoPlayerLib/2.19", "a,b"];

    private static readonly string[] Fields =
    [
        "Accept: */*", "Accept-Encoding: gzip, deflate, br", "Accept-Encoding: identity", "Origin: https://player.example", "Referer: https://player.example/watch", "Cookie: a=b; c=d",
        "Connection: keep-alive", "Connection: Keep-Alive", "Keep-Alive: timeout=5", "Range: bytes=0-", "Range: bytes=0-1\r\nRange: bytes=2-3", "Range:", "If-None-Match: \"x\"", "X-Forwarded-For: 192.0.2.1",
        "X-Forwarded-Proto: https", "Forwarded: for=192.0.2.1", "Sec-Fetch-Dest: video", "Sec-Fetch-Dest: empty", "Priority: u=3, i", "TE: trailers", "X-Tab: a\tb", "X-Underscore_Name: 1",
        "Authorization: Bearer x", "CMCD-Object: br=3200,ot=v", "CMCD-Request: bl=4000", "Cache-Control: no-cache", "Accept-Language: de;q=0.5", "DNT: 1", "X-Empty:", "User-Agent: curl/8.0",
    ];

    /// <summary>What few or no players send; each may end the connection.</summary>
    private static readonly string[] Odd =
    [
        "Connection: close", "Connection: close, keep-alive", "Connection: x", "Content-Length: 0", "Expect: 100-continue", "Transfer-Encoding: chunked\r\nX-Content-Length: 3", "Transfer-Encoding: identity",
        "Content-Length: 1\r\nContent-Length: 2", "Content-Length: -1", "Host: second.example", "Host: a b", "X: a\u0001b", "X: \u00fc", "X Y: a", "No colon", ": a", "X: a\r\n folded", "Upgrade: websocket",
        "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", "Service-Worker: script", "Sec-Fetch-Dest: serviceworker", "X: a\rb", "X-Long: 0", "User-Agent: \u00e9",
    ];

    private readonly Random random = new(seed);

    /// <summary>One connection's requests. The last one asks the server to close.</summary>
    public byte[] Connection(int requests)
    {
        var text = new StringBuilder();
        for (var i = 0; i < requests; i++)
            text.Append(Request(isHostile: random.Next(60) == 0));
        // Not cut off by the client: how far Kestrel answers what came before then is a matter of time.
        text.Append("GET /healthz/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        return Encoding.Latin1.GetBytes(text.ToString());
    }

    private string Request(bool isHostile)
    {
        var head = new StringBuilder();
        var method = random.Next(16) switch { 0 => "HEAD", 1 => isHostile ? "get" : "OPTIONS", 2 when isHostile => "POST", _ => "GET" };
        head.Append(method).Append(' ').Append(Target(isHostile)).Append(isHostile && random.Next(6) == 0 ? " HTTP/1.0" : isHostile && random.Next(8) == 0 ? " HTTP/1.9" : " HTTP/1.1").Append("\r\n");
        if (!isHostile || random.Next(8) != 0)
            head.Append(random.Next(12) switch { 0 => "host: video.example:8080", 1 => "Host: [::1]:80", 2 => "HOST: localhost", 3 when isHostile => "Host:", 4 when isHostile => "Host: a:b", _ => "Host: video.example" }).Append("\r\n");
        if (random.Next(3) != 0)
            head.Append("User-Agent: ").Append(Pick(Players)).Append("\r\n");
        for (var fields = random.Next(6); fields > 0; fields--)
            head.Append(Pick(Fields)).Append("\r\n");
        if (isHostile && random.Next(2) == 0)
            head.Append(Pick(Odd)).Append("\r\n");
        if (random.Next(400) == 0)
            head.Append("X-Large: ").Append('x', random.Next(40_000)).Append("\r\n");
        if (random.Next(400) == 0)
            head.Append(string.Concat(Enumerable.Range(0, random.Next(150)).Select(i => string.Create(CultureInfo.InvariantCulture, $"X-{i}: {i}\r\n"))));
        return head.Append("\r\n").ToString();
    }

    private string Target(bool isHostile)
    {
        var session = random.Next(40) switch
        {
            0 => new string('A', 40),
            1 => Damaged(Pick(sessions)),
            2 => "short",
            _ => Pick(sessions),
        };
        var target = string.Format(CultureInfo.InvariantCulture, Pick(addresses), session);
        if (random.Next(6) == 0)
            target += Pick(["&CMCD=bl%3D4000%2Csid%3D%22a%22", "&CMCD=", "&CMCD=bl%3D1&x=1", "&x=1", "&session_id=", "&CMCD=su,bl%3D2000", "&duration=9", "&CMCD=%zz", "&&", "&x=CMCD=1"]);
        if (!isHostile)
            return target;
        return random.Next(14) switch
        {
            0 => Damaged(target),
            1 => "http://video.example" + target,
            2 => target.Replace("/watch/", "/Watch/", StringComparison.Ordinal),
            3 => target.Replace("/watch/", "/watch/%2e%2e/", StringComparison.Ordinal),
            4 => target.Replace("720p", "%37%32%30p", StringComparison.Ordinal),
            5 => target + "#x",
            6 => target.Replace("session_id", "Session_id", StringComparison.Ordinal),
            7 => target + "%00",
            8 => target + "\u00e9",
            9 => target + "&session_id=" + Pick(sessions),
            10 => "*",
            11 => target.Replace("?", "?CMCD=bl%3D1&", StringComparison.Ordinal),
            12 => target.Replace("?", "?own=1&", StringComparison.Ordinal),
            _ => target.Replace("?", "??", StringComparison.Ordinal),
        };
    }

    private string Damaged(string text)
    {
        var at = random.Next(text.Length);
        return string.Concat(text.AsSpan(0, at), "x", text.AsSpan(at + 1));
    }

    private T Pick<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];
}
