using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace HlsGateway.CommandLine;

/// <summary>A running gateway, by its HTTP API.</summary>
internal sealed class RemoteTarget : VideoTarget
{
    private readonly HttpClient api;

    /// <param name="address">Ends with a slash.</param>
    public RemoteTarget(Uri address, string token)
    {
        api = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            // Without waiting for "100 Continue", a refusal is lost when the server closes the connection. A proxy that never sends it delays an upload by this time.
            Expect100ContinueTimeout = TimeSpan.FromSeconds(5),
        })
        {
            BaseAddress = address,
            // An upload has no time limit; Ctrl+C ends it.
            Timeout = Timeout.InfiniteTimeSpan,
        };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public override async Task<UploadOutcome?> SendAsync(UploadTask task, Action<double> sent, CancellationToken ct)
    {
        await using var file = task.File.OpenRead();
        using var request = new HttpRequestMessage(HttpMethod.Put, Of(task.Video)) { Content = new StreamContent(new CountingStream(file, sent), 1 << 16) };
        request.Content.Headers.ContentLength = file.Length;
        // With Expect: 100-continue a refusal by size or id comes before the bytes are sent.
        request.Headers.ExpectContinue = true;
        using var answer = await AskAsync(request, ct);
        return answer.IsSuccessStatusCode ? null : UploadOutcome.Refused(task.Video, await ReasonAsync(answer, ct));
    }

    public override async Task<UploadOutcome?> StateAsync(string video, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Of(video));
        using var answer = await AskAsync(request, ct);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;
        if (!answer.IsSuccessStatusCode)
            throw new UnreachableTargetException(await ReasonAsync(answer, ct));
        return JsonSerializer.Deserialize<UploadOutcome>(await answer.Content.ReadAsStringAsync(ct), TargetOptions.Json);
    }

    public override ValueTask DisposeAsync()
    {
        api.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Uri Of(string video) => new($"api/videos/{Uri.EscapeDataString(video)}", UriKind.Relative);

    private async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken ct)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        }
        catch (HttpRequestException e)
        {
            throw new UnreachableTargetException($"The gateway at {api.BaseAddress} cannot be reached ({e.Message}). Start it, or say where it is: --url or HLSGATEWAY_URL.");
        }

        if (answer.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
            return answer;
        var status = (int)answer.StatusCode;
        answer.Dispose();
        throw new UnreachableTargetException($"The gateway does not take the token ({status}). It needs the role uploader or admin: --token or HLSGATEWAY_TOKEN.");
    }

    /// <summary>Title and detail of a problem (RFC 9457).</summary>
    private static async Task<string> ReasonAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        try
        {
            using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(ct));
            return $"{problem.RootElement.GetProperty("title").GetString()}. {problem.RootElement.GetProperty("detail").GetString()}";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"The gateway answered {(int)answer.StatusCode}.";
        }
    }

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
