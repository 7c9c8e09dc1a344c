using System.Net;
using System.Text;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Hostile;

/// <summary>
/// An origin's playlist may name any host; the gateway asks none but the origin's own destinations and those that were allowed
/// (rule I2). A canary listens where all the names lead: it must never see a connection of the gateway's.
/// </summary>
public sealed class ForeignHostTests : IAsyncLifetime
{
    private LoopbackOrigin origin = null!;
    private LoopbackOrigin canary = null!;

    public async Task InitializeAsync()
    {
        origin = await LoopbackOrigin.StartAsync();
        canary = await LoopbackOrigin.StartAsync();
        canary.AnswerEverything(context =>
        {
            context.Response.ContentType = Faults.Playlist;
            return Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, SampleVideo.Media(1));
        });
    }

    public async Task DisposeAsync()
    {
        await origin.DisposeAsync();
        await canary.DisposeAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.2")]
    public async Task I2_two_hundred_spellings_of_a_host_are_not_fetched_when_a_playlist_names_them(string allowed)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        if (allowed.Length > 0) settings["Gateway:Origin:AllowedHosts:0"] = allowed;
        await using var host = await GatewayHost.StartAsync(origin, settings);
        var spellings = Spellings().ToArray();
        Assert.InRange(spellings.Length, 200, 400);
        var master = new StringBuilder("#EXTM3U\n");
        foreach (var url in spellings) master.Append("#EXT-X-STREAM-INF:BANDWIDTH=1000000\n").Append(url).Append('\n');
        master.Append("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",URI=\"").Append(spellings[0]).Append("\"\n");
        origin.Serve("v/playlist.m3u8", master.ToString());
        await FetchAllOfOursAsync(host, "v/playlist.m3u8");
        Assert.Empty(canary.Requests);
    }

    [Fact]
    public async Task I2_keys_maps_and_session_data_on_other_hosts_are_not_fetched_either()
    {
        await using var host = await GatewayHost.StartAsync(origin);
        var there = canary.Address.AbsoluteUri;
        origin.Serve("v/playlist.m3u8", $"#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"{there}key\"\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",URI=\"{there}data\"\n" +
            $"#EXT-X-CONTENT-STEERING:SERVER-URI=\"{there}steering\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/video.m3u8\n");
        origin.Serve("v/720p/video.m3u8", $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"{there}key\"\n#EXT-X-MAP:URI=\"{there}init.mp4\"\n#EXTINF:4,\n{there}a.ts\n#EXT-X-ENDLIST\n");
        await FetchAllOfOursAsync(host, "v/playlist.m3u8");
        Assert.Empty(canary.Requests);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    [InlineData(300)]
    public async Task I2_a_redirect_of_the_origin_is_not_followed_to_any_spelling(int status)
    {
        await using var host = await GatewayHost.StartAsync(origin);
        var i = 0;
        foreach (var url in Spellings().Append("/watch/v/playlist.m3u8").Append(canary.Address.AbsoluteUri).Where((_, n) => n % 6 == status % 6))
        {
            origin.Answer($"r{i}/playlist.m3u8", Faults.Redirect(url, status));
            using var response = await host.Client.GetAsync(new Uri($"watch/r{i}/playlist.m3u8", UriKind.Relative));
            Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
            Assert.Equal(1, origin.Count($"r{i++}/playlist.m3u8"));
        }
        Assert.Empty(canary.Requests);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("localhost.")]
    public async Task I2_an_allowed_name_that_resolves_to_this_machine_is_not_connected_to(string name)
    {
        var there = $"{name}:{canary.Address.Port}";
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Origin:AllowedHosts:0"] = there });
        origin.Serve("v/playlist.m3u8", $"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://{there}/child.m3u8\n");
        var statuses = await FetchAllOfOursAsync(host, "v/playlist.m3u8");
        Assert.Contains(HttpStatusCode.BadGateway, statuses);
        Assert.Empty(canary.Requests);
    }

    [Fact]
    public async Task I2_an_allowed_address_is_fetched_and_its_redirects_are_not()
    {
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal) { ["Gateway:Origin:AllowedHosts:0"] = canary.Address.Authority });
        origin.Serve("v/playlist.m3u8", $"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{canary.Address}child.m3u8\n");
        Assert.Contains(HttpStatusCode.OK, await FetchAllOfOursAsync(host, "v/playlist.m3u8"));
        Assert.Equal(1, canary.Count("child.m3u8"));

        canary.AnswerEverything(Faults.Redirect(origin.Address + "bait.m3u8"));
        origin.Serve("w/playlist.m3u8", $"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{canary.Address}redirects.m3u8\n");
        Assert.Contains(HttpStatusCode.BadGateway, await FetchAllOfOursAsync(host, "w/playlist.m3u8"));
        Assert.Equal(0, origin.Count("bait.m3u8"));
    }

    /// <summary>Asks for everything that the playlist names at the gateway itself, two levels deep; other hosts are the player's business.</summary>
    private static async Task<List<HttpStatusCode>> FetchAllOfOursAsync(GatewayHost host, string path)
    {
        var statuses = new List<HttpStatusCode>();
        var pending = new Queue<(Uri Uri, int Depth)>([(new Uri(host.Address, $"watch/{path}"), 0)]);
        while (pending.TryDequeue(out var next))
        {
            using var response = await host.Client.GetAsync(next.Uri);
            statuses.Add(response.StatusCode);
            Assert.True((int)response.StatusCode < 500 || response.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout, $"{next.Uri}: {response.StatusCode}");
            if (response.Content.Headers.ContentType?.MediaType != Faults.Playlist || next.Depth == 2) continue;
            foreach (var uri in AllUris(await response.Content.ReadAsStringAsync()))
            {
                if (Uri.TryCreate(next.Uri, uri, out var child) && child.Authority == host.Address.Authority) pending.Enqueue((child, next.Depth + 1));
            }
        }
        return statuses;
    }

    private static IEnumerable<string> AllUris(string playlist) => playlist.Split('\n', StringSplitOptions.RemoveEmptyEntries).SelectMany(line =>
        line[0] != '#' ? [line] : System.Text.RegularExpressions.Regex.Matches(line, "URI=\"(?<uri>[^\"]*)\"", System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))
            .Select(match => match.Groups["uri"].Value));

    /// <summary>This machine, its neighbours and its metadata service, as attackers write them.</summary>
    private IEnumerable<string> Spellings()
    {
        var port = canary.Address.Port;
        string[] hosts =
        [
            "127.0.0.1", "127.1", "127.0.1", "127.000.000.001", "0177.0.0.1", "0177.0.0.01", "0x7f.0.0.1", "0x7f.0x0.0x0.0x1", "0x7f000001", "2130706433",
            "017700000001", "127.0.0.1.", "127.127.127.127", "0", "0.0.0.0", "0x0", "00000000", "localhost", "LOCALHOST", "localhost.", "localhost.localdomain",
            "ip6-localhost", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]",
            "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "127.0.0.1.nip.io", "7f000001.nip.io", "localtest.me", "\u2460\u2461\u2466.0.0.1", "127。0。0。1", "127%2e0%2e0%2e1",
            "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "metadata.google.internal", "169.254.169.254.nip.io",
            "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "[fe80::1]", "[fc00::1]", "[ff02::1]",
        ];
        foreach (var name in hosts)
        {
            yield return $"http://{name}:{port}/child.m3u8";
            yield return $"//{name}:{port}/child.m3u8";
            yield return $"https://{name}:{port}/child.m3u8";
            yield return $"http://allowed.example@{name}:{port}/child.m3u8";
        }
        foreach (var odd in (string[])
        [
            $"http:127.0.0.1:{port}/child.m3u8", $"http:/127.0.0.1:{port}/child.m3u8", $"http:\\\\127.0.0.1:{port}\\child.m3u8", $"\\\\127.0.0.1:{port}\\child.m3u8",
            $"HTTP://127.0.0.1:{port}/child.m3u8", $" http://127.0.0.1:{port}/child.m3u8", $"http://127.0.0.1:{port}#@allowed.example/child.m3u8",
            $"http://allowed.example#@127.0.0.1:{port}/child.m3u8", $"http://127.0.0.1:{port}?@allowed.example/child.m3u8", $"http://allowed.example\\@127.0.0.1:{port}/child.m3u8",
            "file:///etc/passwd", "file://localhost/etc/hosts", "ftp://127.0.0.1/child.m3u8", $"gopher://127.0.0.1:{port}/_GET", "data:application/vnd.apple.mpegurl,%23EXTM3U",
            "jar:http://127.0.0.1!/child.m3u8", "concat:a|b.m3u8", $"subfile,,start,0,end,1,,:/etc/passwd", "javascript:alert(1)",
        ]) yield return odd;
    }
}
