using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HlsGateway.Jobs;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using HlsGateway.Transcoding;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace HlsGateway.Tests.Transcoding;

/// <summary>Resumable uploads: the protocol with a plain client, its point with the real tus-js-client. No worker runs: what arrived stays to be looked at.</summary>
public sealed class TusTests(FfmpegFixture media, ITestOutputHelper output) : IClassFixture<FfmpegFixture>, IAsyncLifetime
{
    private readonly MovableClock clock = new();
    private GatewayHost host = default!;
    private HttpClient api = default!;

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync(
            settings: new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Gateway:Roles:0"] = "gateway",
                ["Transcode:MaxBytes"] = "50000000",
                ["Transcode:MaxPartialUploads"] = "3",
                ["Transcode:MaxPartialBytes"] = "90000000",
            },
            configure: services => services.AddSingleton<TimeProvider>(clock));
        api = host.Api("uploader");
        api.DefaultRequestHeaders.Add("Tus-Resumable", "1.0.0");
    }

    public async Task DisposeAsync()
    {
        api.Dispose();
        await host.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_upload_that_is_cut_off_at_half_goes_on_there_and_arrives_whole(bool theClientDies)
    {
        var file = Path.Combine(media.Root, "noise.mkv");
        var bytes = await media.MakeAsync(
            "noise.mkv", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=4", "-vf", "noise=alls=100:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "14", "-pix_fmt", "yuv420p");
        await File.WriteAllBytesAsync(file, bytes);
        var uploads = new DirectoryInfo(Path.Combine(host.DataDirectory, "uploads"));
        using var relay = new CuttingRelay(host.Address, bytes.Length / 2, () => uploads.EnumerateFiles().Where(part => part.Extension.Length == 0).Sum(part => part.Length), inFlight: 1 << 19);

        var upload = await StartClientAsync(relay, file, null);
        if (theClientDies)
        {
            await relay.Cut.Task.WaitAsync(TimeSpan.FromSeconds(120));
            upload.Client.Kill();
            await upload.Client.WaitForExitAsync();
            upload.Client.Dispose();
            upload = await StartClientAsync(relay, file, upload.Url);
        }

        using var client = upload.Client;
        Assert.Equal("done", await client.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120)));
        Assert.True(relay.Cut.Task.IsCompleted, "the fault fired");
        var twice = relay.BytesUp - bytes.Length;
        output.WriteLine($"{bytes.Length} bytes, cut at half, {twice} more were sent, headers and all");
        Assert.InRange(twice, 0, 1 << 20);

        var store = host.Services.GetRequiredService<BlobStore>();
        var key = Assert.Single(await KeysAsync(store));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), await store.Sha256Async(key, CancellationToken.None));
        Assert.Equal("queued", (await host.Services.GetRequiredService<JobTable>().StateAsync("from/tus", CancellationToken.None)).State);
        Assert.Single(Directory.EnumerateFiles(Path.Combine(host.DataDirectory, "uploads")));
    }

    [Fact]
    public async Task The_server_says_what_it_speaks()
    {
        using var options = await api.SendAsync(new HttpRequestMessage(HttpMethod.Options, "/api/uploads"));
        Assert.Equal(HttpStatusCode.NoContent, options.StatusCode);
        Assert.Equal(("1.0.0", "creation,expiration,checksum,termination", "50000000"), (Header(options, "Tus-Version"), Header(options, "Tus-Extension"), Header(options, "Tus-Max-Size")));

        using var other = new HttpRequestMessage(HttpMethod.Post, "/api/uploads");
        other.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayHost.TokenOf("uploader"));
        other.Headers.Add("Tus-Resumable", "0.2.2");
        using var refused = await host.Client.SendAsync(other);
        Assert.Equal((HttpStatusCode.PreconditionFailed, "1.0.0"), (refused.StatusCode, Header(refused, "Tus-Version")));
    }

    [Fact]
    public async Task An_upload_is_refused_before_its_first_byte()
    {
        await BeginAsync(413, "too-large", "v", 50_000_001);
        await BeginAsync(400, "empty", "v", 0);
        await BeginAsync(400, "video-id", "../../x", 10);
        await BeginAsync(400, "upload-length", "v", null);
        await BeginAsync(400, "upload-metadata", null, 10);
        await BeginAsync(400, "upload-metadata", null, 10, ("Upload-Metadata", "video ***"));
        await BeginAsync(400, "concatenation", "v", 10, ("Upload-Concat", "partial"));
        await BeginAsync(400, "concatenation", "v", null, ("Upload-Concat", "final;/api/uploads/a /api/uploads/../../etc/passwd"));
        Assert.False(Directory.Exists(Path.Combine(host.DataDirectory, "uploads")));
    }

    [Fact]
    public async Task Unfinished_uploads_have_a_quota_in_number_and_bytes_and_an_end()
    {
        var first = await BeginAsync("a", 45_000_000);
        await BeginAsync("b", 45_000_000);
        await BeginAsync(413, "quota", "c", 1_000_000);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, first)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Head, first)).StatusCode);
        await BeginAsync("c", 10);
        var last = await BeginAsync("d", 10);
        await BeginAsync(413, "quota", "e", 10);

        Assert.Equal(clock.GetUtcNow() + TimeSpan.FromHours(24), DateTimeOffset.Parse(Header(await SendAsync(HttpMethod.Head, last), "Upload-Expires")!, null), TimeSpan.FromMinutes(1));
        clock.Ahead = TimeSpan.FromHours(25);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Head, last)).StatusCode);
        Assert.Equal(3, await host.Services.GetRequiredService<PartialUploads>().SweepAsync(CancellationToken.None));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.DataDirectory, "uploads")));
    }

    [Fact]
    public async Task An_upload_in_one_request_shares_the_quota_of_resumable_ones_while_it_comes()
    {
        var url = new Uri("/api/videos/raw", UriKind.Relative);
        var body = new Held(45_000_000);
        var coming = api.PutAsync(url, body);
        await Eventually.IsTrueAsync(() => Directory.Exists(Path.Combine(host.DataDirectory, "work")) && Directory.EnumerateFiles(Path.Combine(host.DataDirectory, "work"), "*", SearchOption.AllDirectories).Any(), "the first bytes are here");
        await BeginAsync("a", 45_000_000);
        // Full in bytes, for either way; one that does not tell its length may be as long as any.
        await BeginAsync(413, "quota", "b", 1);
        foreach (var rest in (string[])["Content-Length: 3\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"])
        {
            var (refused, _) = await RawHttp.SendAsync(host.Address, $"PUT /api/videos/raw HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {GatewayHost.TokenOf("uploader")}\r\nConnection: close\r\n{rest}");
            Assert.StartsWith("HTTP/1.1 413 ", refused, StringComparison.Ordinal);
            Assert.Contains("/problems/quota", refused, StringComparison.Ordinal);
        }

        body.End();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => coming);
        // The room comes back when its connection is gone.
        await Eventually.IsTrueAsync(async () =>
        {
            using var answer = await PostAsync("b", 45_000_000);
            return answer.StatusCode == HttpStatusCode.Created;
        }, "room for another");
    }

    [Fact]
    public async Task Bytes_go_on_where_the_last_ones_ended_or_nowhere()
    {
        var url = await BeginAsync("v", 10);
        using (var wrong = await PatchAsync(url, 1, "abc"))
            Assert.Equal((HttpStatusCode.Conflict, "0"), (wrong.StatusCode, Header(wrong, "Upload-Offset")));
        using (var right = await PatchAsync(url, 0, "abc"))
            Assert.Equal((HttpStatusCode.NoContent, "3"), (right.StatusCode, Header(right, "Upload-Offset")));
        Assert.Equal(HttpStatusCode.Conflict, (await PatchAsync(url, 0, "abc")).StatusCode);
        // More than was announced, with and without a length of its own: nothing of it stays.
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PatchAsync(url, 3, "12345678")).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PatchAsync(url, 3, "12345678", chunked: true)).StatusCode);
        Assert.Equal(("3", "10"), await OffsetAsync(url));

        Assert.Equal(460, (int)(await PatchAsync(url, 3, "def", "sha256 " + Convert.ToBase64String(SHA256.HashData("xyz"u8)))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PatchAsync(url, 3, "def", "crc32 AAAA")).StatusCode);
        Assert.Equal(("3", "10"), await OffsetAsync(url));
        Assert.Equal(HttpStatusCode.NoContent, (await PatchAsync(url, 3, "def", "sha256 " + Convert.ToBase64String(SHA256.HashData("def"u8)))).StatusCode);
        Assert.Equal(("6", "10"), await OffsetAsync(url));

        // The last byte brings the probe's word, and the bytes are gone.
        using var end = await PatchAsync(url, 6, "ghij");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, end.StatusCode);
        Assert.Contains("/problems/unreadable\"", await end.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Head, url)).StatusCode);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(host.DataDirectory, "uploads")));
    }

    [Fact]
    public async Task Two_writers_never_mix()
    {
        var url = await BeginAsync("v", 10);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var slow = new HttpRequestMessage(HttpMethod.Patch, url) { Content = new GatedContent("ab", gate.Task) };
        slow.Headers.Add("Upload-Offset", "0");
        using var first = host.Api("uploader");
        slow.Headers.Add("Tus-Resumable", "1.0.0");
        var writing = first.SendAsync(slow);
        await Eventually.IsTrueAsync(() => new FileInfo(Path.Combine(host.DataDirectory, "uploads", url.Split('/')[^1])).Length == 2, "the first writer's bytes");
        Assert.Equal(HttpStatusCode.Conflict, (await PatchAsync(url, 2, "XY")).StatusCode);

        // Who asks has lost the connection that writes: the offset is final, and the other's later bytes are nobody's.
        Assert.Equal(("2", "10"), await OffsetAsync(url));
        Assert.Equal(HttpStatusCode.NoContent, (await PatchAsync(url, 2, "cd")).StatusCode);
        gate.SetResult();
        try
        {
            Assert.Equal(HttpStatusCode.Conflict, (await writing).StatusCode);
        }
        catch (HttpRequestException)
        {
            // The connection was closed under what it still had to send.
        }

        Assert.Equal(("4", "10"), await OffsetAsync(url));
        Assert.Equal("abcd", await File.ReadAllTextAsync(Path.Combine(host.DataDirectory, "uploads", url.Split('/')[^1])));
    }

    [Fact]
    public async Task Ids_that_are_not_ours_are_nothing()
    {
        var url = await BeginAsync("v", 10);
        foreach (var id in (string[])["x", "..%2F..%2Fapi-token", "../../x", new string('0', 32), url.Split('/')[^1].ToUpperInvariant(), url.Split('/')[^1] + ".json"])
            Assert.Equal(HttpStatusCode.NotFound, (await PatchAsync("/api/uploads/" + id, 0, "abc")).StatusCode);
        using var stranger = host.Api("admin");
        stranger.DefaultRequestHeaders.Add("Tus-Resumable", "1.0.0");
        using var theirs = await stranger.SendAsync(new HttpRequestMessage(HttpMethod.Delete, url));
        Assert.Equal(HttpStatusCode.NotFound, theirs.StatusCode);
        Assert.Equal(("0", "10"), await OffsetAsync(url));
    }

    [Fact]
    public async Task A_new_token_for_the_same_name_goes_on_and_one_for_another_name_finds_nothing()
    {
        using var admin = host.Api();
        using var anna = await WithTokenAsync(admin, "Anna");
        string url;
        using (var begin = new HttpRequestMessage(HttpMethod.Post, "/api/uploads") { Headers = { { "Upload-Length", "10" }, { "Upload-Metadata", "video dg==" } } })
        using (var begun = await anna.SendAsync(begin))
            url = begun.Headers.Location!.ToString();
        using var renewed = await WithTokenAsync(admin, "Anna");
        using var ben = await WithTokenAsync(admin, "Ben");
        foreach (var (client, status) in new[] { (renewed, HttpStatusCode.OK), (ben, HttpStatusCode.NotFound), (api, HttpStatusCode.NotFound) })
        {
            using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, url));
            Assert.Equal(status, head.StatusCode);
        }
    }

    [Fact]
    public async Task An_upload_that_an_older_version_began_belongs_to_the_token_itself()
    {
        using var admin = host.Api();
        using var anna = await WithTokenAsync(admin, "Anna");
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(anna.DefaultRequestHeaders.Authorization!.ToString())));
        host.Services.GetRequiredService<PartialUploads>().Create("v", 10, digest, out var old);
        using var renewed = await WithTokenAsync(admin, "Anna");
        foreach (var (client, status) in new[] { (anna, HttpStatusCode.OK), (renewed, HttpStatusCode.NotFound) })
        {
            using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/api/uploads/{old.Id}"));
            Assert.Equal(status, head.StatusCode);
        }
    }

    private async Task<HttpClient> WithTokenAsync(HttpClient admin, string name)
    {
        using var made = await admin.PostAsJsonAsync("/api/tokens", new { name, role = "uploader" });
        var client = host.NewClient((await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString());
        client.DefaultRequestHeaders.Add("Tus-Resumable", "1.0.0");
        return client;
    }

    private async Task<(Process Client, string Url)> StartClientAsync(CuttingRelay relay, string file, string? url)
    {
        var start = new ProcessStartInfo("node") { WorkingDirectory = Repository.Root, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var word in (string[])["tests/HlsGateway.Tests/Transcoding/tus-upload.mjs", new Uri(relay.Address, "/api/uploads").AbsoluteUri, GatewayHost.TokenOf("uploader"), "from/tus", file])
            start.ArgumentList.Add(word);
        if (url is not null)
            start.ArgumentList.Add(url);
        var client = Process.Start(start) ?? throw new InvalidOperationException("node does not start");
        return (client, await client.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120)) ?? throw new InvalidOperationException(await client.StandardError.ReadToEndAsync()));
    }

    private async Task<string> BeginAsync(string video, long length)
    {
        using var answer = await PostAsync(video, length);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return answer.Headers.Location!.ToString();
    }

    private async Task BeginAsync(int status, string slug, string? video, long? length, params (string Name, string Value)[] headers)
    {
        using var answer = await PostAsync(video, length, headers);
        var problem = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status && problem.Contains($"/problems/{slug}\"", StringComparison.Ordinal), $"{slug}: {problem}");
    }

    private Task<HttpResponseMessage> PostAsync(string? video, long? length, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/uploads");
        if (length is not null)
            request.Headers.Add("Upload-Length", $"{length}");
        if (video is not null)
            request.Headers.Add("Upload-Metadata", $"filename YQ==,video {Convert.ToBase64String(Encoding.UTF8.GetBytes(video))}");
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return api.SendAsync(request);
    }

    private Task<HttpResponseMessage> PatchAsync(string url, long offset, string bytes, string? checksum = null, bool chunked = false)
    {
        var request = new HttpRequestMessage(HttpMethod.Patch, url) { Content = new ByteArrayContent(Encoding.ASCII.GetBytes(bytes)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/offset+octet-stream");
        request.Headers.Add("Upload-Offset", $"{offset}");
        if (checksum is not null)
            request.Headers.Add("Upload-Checksum", checksum);
        if (chunked)
            request.Headers.TransferEncodingChunked = true;
        return api.SendAsync(request);
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string url) => api.SendAsync(new HttpRequestMessage(method, url));

    private async Task<(string? Offset, string? Length)> OffsetAsync(string url)
    {
        using var head = await SendAsync(HttpMethod.Head, url);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        return (Header(head, "Upload-Offset"), Header(head, "Upload-Length"));
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

    private static async Task<List<string>> KeysAsync(BlobStore store)
    {
        var keys = new List<string>();
        await foreach (var key in store.ListAsync("uploads/", CancellationToken.None))
            keys.Add(key);
        return keys;
    }

    /// <summary>Real time, and as much more as the test says.</summary>
    private sealed class MovableClock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
    }

    /// <summary>Sends a text, then waits before it ends.</summary>
    private sealed class GatedContent : HttpContent
    {
        private readonly string text;
        private readonly Task gate;

        public GatedContent(string text, Task gate)
        {
            (this.text, this.gate) = (text, gate);
            Headers.ContentType = new MediaTypeHeaderValue("application/offset+octet-stream");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
            await stream.FlushAsync();
            await gate;
            await stream.WriteAsync("late"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>A body that begins and then waits for its end, which is a cut.</summary>
    private sealed class Held(long length) : HttpContent
    {
        private readonly TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void End() => end.TrySetException(new IOException("cut"));

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            // No slower than a body may be.
            while (await Task.WhenAny(end.Task, Task.Delay(50)) != end.Task)
            {
                await stream.WriteAsync(new byte[1000]);
                await stream.FlushAsync();
            }

            await end.Task;
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length;
            return true;
        }
    }
}
