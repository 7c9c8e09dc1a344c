using System.Net;
using System.Text.Json;

namespace HlsGateway.CommandLine;

/// <summary>A running gateway, by its HTTP API.</summary>
internal sealed class RemoteTarget : VideoTarget
{
    private readonly ApiClient api;

    /// <param name="address">Ends with a slash.</param>
    public RemoteTarget(Uri address, string token) => api = new ApiClient(address, token, "uploader or admin");

    public override async Task<UploadOutcome?> SendAsync(UploadTask task, Action<double> sent, CancellationToken ct)
    {
        await using var file = task.File.OpenRead();
        using var request = new HttpRequestMessage(HttpMethod.Put, Of(task.Video)) { Content = new StreamContent(new CountingStream(file, sent), 1 << 16) };
        request.Content.Headers.ContentLength = file.Length;
        // With Expect: 100-continue a refusal by size or id comes before the bytes are sent.
        request.Headers.ExpectContinue = true;
        using var answer = await api.AskAsync(request, ct);
        return answer.IsSuccessStatusCode ? null : UploadOutcome.Refused(task.Video, await ApiClient.ReasonAsync(answer, ct));
    }

    public override async Task<UploadOutcome?> StateAsync(string video, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Of(video));
        using var answer = await api.AskAsync(request, ct);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;
        if (!answer.IsSuccessStatusCode)
            throw new UnreachableTargetException(await ApiClient.ReasonAsync(answer, ct));
        return JsonSerializer.Deserialize<UploadOutcome>(await answer.Content.ReadAsStringAsync(ct), TargetOptions.Json);
    }

    public override ValueTask DisposeAsync()
    {
        api.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Uri Of(string video) => new($"api/videos/{Uri.EscapeDataString(video)}", UriKind.Relative);

    /// <summary>Tells how far the body has been read.</summary>
    private sealed class CountingStream(FileStream file, Action<double> sent) : Stream
    {
        private readonly double length = Math.Max(1, file.Length);
        private long read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => read;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Count(file.Read(buffer, offset, count));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await file.ReadAsync(buffer, cancellationToken));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private int Count(int bytes)
        {
            sent(Math.Min(1, (read += bytes) / length));
            return bytes;
        }
    }
}
