using System.Net;
using System.Text;

namespace HlsGateway.Tests.Hosting;

/// <summary>The tests' own foundation: what a scripted origin claims to do, it does.</summary>
public sealed class HostingTests
{
    [Fact]
    public async Task The_gateway_starts_on_a_port_of_its_own_and_takes_its_folder_with_it()
    {
        string folder;
        await using (var host = await GatewayHost.StartAsync())
        {
            folder = host.DataDirectory;
            using var response = await host.Client.GetAsync(new Uri("/openapi/v1.json", UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.NotEqual(0, host.Address.Port);
        }
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task The_origin_serves_files_with_tags_and_ranges_and_counts_what_was_asked()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("v/a.ts", "0123456789"u8.ToArray());
        using var client = new HttpClient { BaseAddress = origin.Address };
        using var whole = await client.GetAsync(new Uri("v/a.ts?x=1", UriKind.Relative));
        Assert.Equal("0123456789", await whole.Content.ReadAsStringAsync());
        using var ranged = new HttpRequestMessage(HttpMethod.Get, "v/a.ts");
        ranged.Headers.Add("Range", "bytes=-3");
        using var part = await client.SendAsync(ranged);
        Assert.Equal((HttpStatusCode.PartialContent, "789"), (part.StatusCode, await part.Content.ReadAsStringAsync()));
        using var again = new HttpRequestMessage(HttpMethod.Get, "v/a.ts");
        again.Headers.Add("If-None-Match", whole.Headers.ETag!.ToString());
        using var same = await client.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        Assert.Equal(3, origin.Count("v/a.ts"));
        Assert.Equal("/v/a.ts?x=1", origin.Requests.First().PathAndQuery);
    }

    [Fact]
    public async Task Each_fault_fires()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        var body = Encoding.ASCII.GetBytes("#EXTM3U\n" + new string('#', 1000));
        origin.Answer("500", Faults.Status(500));
        origin.Answer("hang", Faults.Hang);
        origin.Answer("drip", Faults.Drip(body, TimeSpan.FromMilliseconds(50)));
        origin.Answer("half", Faults.Truncated(body));
        origin.Answer("reset", Faults.Reset);
        origin.Answer("bomb", Faults.GzipBomb(4));
        origin.Answer("endless", Faults.Infinite);
        using var client = new HttpClient { BaseAddress = origin.Address };
        Assert.Equal(HttpStatusCode.InternalServerError, (await client.GetAsync(new Uri("500", UriKind.Relative))).StatusCode);
        foreach (var slow in new[] { "hang", "drip", "endless" })
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(400));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DrainAsync(client, slow, patience.Token));
        }
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetAsync(new Uri("half", UriKind.Relative)));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetAsync(new Uri("reset", UriKind.Relative)));
        var wire = await client.GetByteArrayAsync(new Uri("bomb", UriKind.Relative));
        Assert.InRange(wire.Length, 1, 256 * 1024);
    }

    private static async Task DrainAsync(HttpClient client, string path, CancellationToken patience)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, patience);
        await response.Content.CopyToAsync(Stream.Null, patience);
    }
}
