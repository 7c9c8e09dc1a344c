using System.IO.Pipelines;

namespace HlsGateway.Transcoding;

/// <summary>Looks at the first bytes of a body before the rest is received.</summary>
internal static class UploadFront
{
    /// <summary>Waits for so many bytes, or for all where there are fewer, and leaves them to whoever reads the body.</summary>
    public static async Task<byte[]> PeekAsync(PipeReader body, int bytes, CancellationToken ct)
    {
        var read = await body.ReadAtLeastAsync(bytes, ct);
        var front = new byte[Math.Min(bytes, read.Buffer.Length)];
        var at = 0;
        foreach (var part in read.Buffer)
        {
            var taken = Math.Min(part.Length, front.Length - at);
            part.Span[..taken].CopyTo(front.AsSpan(at));
            at += taken;
        }

        body.AdvanceTo(read.Buffer.Start);
        return front;
    }
}
