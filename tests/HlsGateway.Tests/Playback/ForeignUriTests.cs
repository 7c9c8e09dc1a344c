using System.Globalization;
using System.Net;
using System.Text;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>
/// URIs put together from what origins write, by chance from a fixed seed: each leads where a plain reading of RFC 3986 says, from a
/// playlist in its video's folder and from one at an opaque path.
/// </summary>
public sealed class ForeignUriTests : IAsyncLifetime
{
    private const string Cdn = "https://cdn.example.com/base/";

    private static readonly string[] Starts =
    [
        "", "", "", "", "./", "../", "../../", "../../../../", "/", "/v/", "/v/720p/", "//media.example/", "https://media.example/", "http://media.example:8080/p/", "HTTPS://Media.Example/", "ORIGIN", "ORIGINv/720p/",
    ];

    private static readonly string[] Steps =
    [
        "a/", "b;x=1/", "./", "../", "~x/", "~t/x@1/", "subtitles/", "%41b/", "a%2Fb/", "a+b/", "ü/", "a b/", "%/", "{x}/", "//", "..%2f/", "%2e%2e/", "x.m3u8/", "1:2/",
    ];

    private static readonly string[] Names = ["s.ts", "s.m4s", "seg", "s.m3u8", "s.ts.", "%C3%BC.ts", "s%20.ts", "s|^.ts", "s'()*.ts", "~s.ts", "s.ts;jsessionid=1", ".ts", "s\\t.ts", "ſ.ts", "s&t=1.ts", "S.TS"];

    private static readonly string[] Queries =
    [
        "", "", "", "?", "?a=1", "?sig=a%2Bb/c==&e=1", "?session_id=x&duration=9", "?a=1?b=2", "?&&", "?p=v&v=x", "#f", "?q#f?g", "?ü=é", "?t=0&s=forged&k=a",
    ];

    private readonly List<IAsyncDisposable> parts = [];
    private LoopbackOrigin origin = default!;
    private GatewayHost gateway = default!;

    public async Task InitializeAsync()
    {
        parts.Add(origin = await LoopbackOrigin.StartAsync());
        parts.Add(gateway = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Cdn:BaseUrl"] = Cdn }));
    }

    public async Task DisposeAsync()
    {
        parts.Reverse();
        foreach (var part in parts)
            await part.DisposeAsync();
    }

    [Theory]
    [InlineData("v/720p/video.m3u8", "720p/video.m3u8")]
    [InlineData("shared/x/video.m3u8", "../shared/x/video.m3u8?y=1")]
    public async Task I2_every_URI_leads_where_its_playlist_says(string at, string listed)
    {
        var uris = Some(1500);
        origin.Serve("v/playlist.m3u8", $"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{listed}\n");
        origin.Serve(at, "#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + string.Concat(uris.Select(uri => $"#EXTINF:4,\n{uri}\n")) + "#EXT-X-ENDLIST\n");
        var child = Viewer.Uris(await gateway.Client.GetStringAsync("/watch/v/playlist.m3u8")).Single();
        var playlist = $"{gateway.Address}watch/v/{child}";
        var written = Viewer.Uris(await gateway.Client.GetStringAsync(playlist)).ToList();

        Assert.Equal(uris.Count, written.Count);
        var wrong = new List<string>();
        for (var n = 0; n < uris.Count; n++)
        {
            var expected = Location(Resolve(origin.Address + at, uris[n]));
            var asked = Resolve(playlist.Split('?')[0], written[n]).Split('#')[0];
            // What does not lead to us leads past us at once.
            var location = asked.StartsWith(gateway.Address.AbsoluteUri, StringComparison.Ordinal) ? await AskAsync(asked) : asked;
            if (location != expected)
                wrong.Add($"{uris[n]}: {expected}, but {location} ({written[n]})");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20)));
    }

    private List<string> Some(int count)
    {
        var random = new Random(20_261_130);
        string One(string[] of) => of[random.Next(of.Length)];
        return [.. Enumerable.Range(0, count).Select(_ =>
            One(Starts).Replace("ORIGIN", origin.Address.AbsoluteUri, StringComparison.Ordinal) + string.Concat(Enumerable.Range(0, random.Next(3)).Select(_ => One(Steps))) + One(Names) + One(Queries))];
    }

    /// <summary>As written: a plain <see cref="Uri"/> decodes and encodes.</summary>
    private async Task<string> AskAsync(string url)
    {
        using var answer = await gateway.Client.GetAsync(new Uri(Escaped(url), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        return answer.StatusCode == HttpStatusCode.Redirect ? answer.Headers.NonValidated["Location"].ToString() : answer.StatusCode.ToString();
    }

    /// <summary>Where the origin's own file is for players: on the CDN, without its fragment.</summary>
    private string Location(string url)
    {
        var target = Escaped(url.Split('#')[0]);
        return target.StartsWith(origin.Address.AbsoluteUri, StringComparison.Ordinal) ? Cdn + target[origin.Address.AbsoluteUri.Length..] : target;
    }

    /// <summary>What a player sends of what a playlist holds: printable ASCII as it is, the rest as UTF-8 in percents.</summary>
    private static string Escaped(string url) =>
        string.Concat(Encoding.UTF8.GetBytes(url).Select(b => b is > 0x20 and < 0x7F ? ((char)b).ToString() : string.Create(CultureInfo.InvariantCulture, $"%{b:X2}")));

    /// <summary>RFC 3986 section 5.2, step by step.</summary>
    private static string Resolve(string at, string reference)
    {
        var authorityEnd = at.IndexOf('/', at.IndexOf("://", StringComparison.Ordinal) + 3);
        var (root, path) = (at[..authorityEnd], at[authorityEnd..]);
        // With an authority: it ends where a path, a query or a fragment begins.
        var scheme = root[..root.IndexOf('/', StringComparison.Ordinal)];
        var whole = reference.StartsWith("//", StringComparison.Ordinal) ? scheme + reference : reference;
        if (whole.StartsWith("http", StringComparison.OrdinalIgnoreCase))
        {
            var host = whole.IndexOf("//", StringComparison.Ordinal) + 2;
            var end = whole.IndexOfAny(['/', '?', '#'], host) is >= 0 and var found ? found : whole.Length;
            return whole[..end] + (end < whole.Length && whole[end] == '/' ? WithoutDots(whole[end..]) : whole[end..]);
        }

        return root + WithoutDots(reference.StartsWith('/') ? reference : path[..(path.LastIndexOf('/') + 1)] + reference);
    }

    private static string WithoutDots(string pathAndMore)
    {
        var end = pathAndMore.IndexOfAny(['?', '#']);
        var path = end < 0 ? pathAndMore : pathAndMore[..end];
        var kept = new List<string>();
        var segments = path.Split('/')[1..];
        for (var n = 0; n < segments.Length; n++)
        {
            var last = n == segments.Length - 1;
            if (segments[n] == "..")
            {
                if (kept.Count > 0)
                    kept.RemoveAt(kept.Count - 1);
            }
            else if (segments[n] != ".")
            {
                kept.Add(segments[n]);
                continue;
            }

            if (last)
                kept.Add("");
        }

        return "/" + string.Join('/', kept) + (end < 0 ? "" : pathAndMore[end..]);
    }
}
