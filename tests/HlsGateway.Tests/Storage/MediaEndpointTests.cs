using System.Net;
using System.Net.Http.Headers;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Storage;

public sealed class MediaEndpointTests : IAsyncLifetime
{
    private GatewayHost host = default!;

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        var store = host.Services.GetRequiredService<BlobStore>();
        await store.PutAsync("videos/v/r/720p/0.ts", "0123456789"u8.ToArray(), CancellationToken.None);
        await store.PutAsync("sources/v/original.mp4", "private"u8.ToArray(), CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(host.DataDirectory, "canary.ts"), "secret");
    }

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task An_object_is_served_for_ever_and_to_everyone()
    {
        using var answer = await host.Client.GetAsync(Rel("/media/videos/v/r/720p/0.ts"));
        Assert.Equal("0123456789", await answer.Content.ReadAsStringAsync());
        Assert.Equal("video/mp2t", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("public, max-age=31536000, immutable", Header(answer, "Cache-Control"));
        Assert.Equal("*", Header(answer, "Access-Control-Allow-Origin"));
        Assert.NotNull(answer.Headers.ETag);

        using var again = new HttpRequestMessage(HttpMethod.Get, "/media/videos/v/r/720p/0.ts");
        again.Headers.IfNoneMatch.Add(answer.Headers.ETag);
        using var same = await host.Client.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        Assert.Equal("*", Header(same, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_range_gets_its_part()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/media/videos/v/r/720p/0.ts");
        request.Headers.Range = new RangeHeaderValue(2, 4);
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.PartialContent, "234"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal("bytes 2-4/10", answer.Content.Headers.ContentRange!.ToString());
    }

    [Fact]
    public async Task Head_and_options_answer_without_a_body()
    {
        using var head = await host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/media/videos/v/r/720p/0.ts"));
        Assert.Equal((HttpStatusCode.OK, 10), (head.StatusCode, head.Content.Headers.ContentLength));
        using var options = await host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Options, "/media/videos/v/r/720p/0.ts"));
        Assert.Equal(HttpStatusCode.NoContent, options.StatusCode);
        Assert.Equal("*", Header(options, "Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("/media/videos/v/r/720p/1.ts")]
    [InlineData("/media/sources/v/original.mp4")]
    [InlineData("/media/")]
    [InlineData("/media/videos")]
    [InlineData("/media/videos/../../canary.ts")]
    [InlineData("/media/videos/%2e%2e/%2e%2e/canary.ts")]
    [InlineData("/media/videos/..%2f..%2fcanary.ts")]
    [InlineData("/media/videos/..%5c..%5ccanary.ts")]
    [InlineData("/media/videos/%252e%252e/%252e%252e/canary.ts")]
    [InlineData("/media//videos/v/r/720p/0.ts")]
    [InlineData("/media/videos/v/r/720p/0.ts%00.jpg")]
    public async Task Nothing_else_is_served(string path)
    {
        var (text, _) = await RawHttp.SendAsync(host.Address, $"GET {path} HTTP/1.1\r\nHost: {host.Address.Authority}\r\nConnection: close\r\n\r\n");
        Assert.Matches("^HTTP/1.1 (404|400)", text);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("private", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_point_here_or_to_the_configured_cdn_with_the_key_escaped()
    {
        var request = new DefaultHttpContext().Request;
        (request.Scheme, request.Host) = ("http", new HostString("viewer.test:8080"));
        Assert.Equal(
            "http://viewer.test:8080/media/videos/did:plc:a/x%252Fy/a%2Bb.ts",
            host.Services.GetRequiredService<BlobStore>().PublicUrl("videos/did:plc:a/x%2Fy/a+b.ts", request));

        await using var behind = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Storage:PublicUrl"] = "https://cdn.test/base/" });
        Assert.Equal("https://cdn.test/base/videos/v/a.ts", behind.Services.GetRequiredService<BlobStore>().PublicUrl("videos/v/a.ts", request));
    }

    [Theory]
    [InlineData("Storage:PublicUrl", "cdn.example")]
    [InlineData("Storage:PublicUrl", "ftp://cdn.test/")]
    [InlineData("Storage:Kind", "S3")]
    public async Task A_wrong_value_stops_the_start_and_names_its_key(string key, string value)
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(
            () => GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value }));
        Assert.Contains("Storage:", failure.ToString(), StringComparison.Ordinal);
    }

    private static Uri Rel(string path) => new(path, UriKind.Relative);

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));
}
