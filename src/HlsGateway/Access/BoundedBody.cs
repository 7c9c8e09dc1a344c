using System.Buffers;

namespace HlsGateway.Access;

/// <summary>Small bodies, read whole.</summary>
internal static class BoundedBody
{
    /// <summary>The whole body, or null as soon as it is larger than <paramref name="most"/> bytes.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int most, CancellationToken ct)
    {
        if (request.ContentLength > most)
            return null;
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(ct);
            var tooLarge = read.Buffer.Length > most;
            if (!tooLarge && !read.IsCompleted)
            {
                request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            ReadOnlyMemory<byte>? body = null;
            if (!tooLarge)
                body = read.Buffer.ToArray();
            request.BodyReader.AdvanceTo(read.Buffer.End);
            return body;
        }
    }
}
