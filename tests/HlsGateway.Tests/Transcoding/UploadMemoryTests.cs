using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Transcoding;

/// <summary>Uploads pass through the process; they are never in it.</summary>
public sealed class UploadMemoryTests
{
    /// <summary>Two gigabytes with SOAK=1.</summary>
    private static readonly long Length = Environment.GetEnvironmentVariable("SOAK") == "1" ? 2L << 30 : 1L << 29;

    [Fact]
    public async Task An_upload_of_half_a_gigabyte_raises_the_processs_memory_by_less_than_100_megabytes()
    {
        using var data = new TemporaryFolder();
        await using var gateway = await GatewayProcess.StartAsync(data.Path, settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Transcode:MaxBytes"] = "3000000000",
            ["Trailers:Folder"] = "",
            ["Gateway:ApiTokens:0:Token"] = GatewayHost.TokenOf("uploader"),
            ["Gateway:ApiTokens:0:Role"] = "uploader",
        });
        using var api = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = gateway.Address, Timeout = TimeSpan.FromMinutes(4) };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", GatewayHost.TokenOf("uploader"));
        // The first one loads code, and both are refused by the probe: zeros are no video.
        await RefusedAsync(api, 4 << 20);

        var status = $"/proc/{gateway.Id}/status";
        var before = Kilobytes(status, "VmRSS:");
        await File.WriteAllTextAsync($"/proc/{gateway.Id}/clear_refs", "5");
        Assert.InRange(Kilobytes(status, "VmHWM:"), before / 2, before + 20_000);
        await RefusedAsync(api, Length);
        Assert.InRange(Kilobytes(status, "VmHWM:") - before, long.MinValue, 100_000);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(data.Path, "work")));
    }

    private static async Task RefusedAsync(HttpClient api, long length)
    {
        using var content = new StreamContent(new Zeros(length), 1 << 17);
        content.Headers.ContentLength = length;
        using var answer = await api.PutAsync(new Uri("api/videos/zeros", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("/problems/unreadable", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Of the process, from its status: now or, with VmHWM, at most since the mark was set back.</summary>
    private static long Kilobytes(string status, string name) =>
        long.Parse(File.ReadLines(status).Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);

    private sealed class Zeros(long length) : Stream
    {
        private long left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = (int)Math.Min(left, buffer.Length);
            buffer[..read].Clear();
            left -= read;
            return read;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
