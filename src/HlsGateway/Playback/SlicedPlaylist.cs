using System.Buffers;
using System.IO.Pipelines;
using HlsGateway.Playlists;

namespace HlsGateway.Playback;

/// <summary>
/// Writes a playlist as fast as its reader takes it. A reader that takes nothing holds the response's buffer
/// (Kestrel's MaxResponseBufferSize) and a slice, however long the playlist is.
/// </summary>
internal static class SlicedPlaylist
{
    public const int SliceSize = 16 * 1024;

    public static async ValueTask PlainAsync(PipeWriter writer, PlaylistTemplate template, ReadOnlyMemory<byte> token, CancellationToken ct)
    {
        for (var offset = 0; offset < template.Length;)
        {
            var length = Math.Min(SliceSize, template.Length - offset);
            template.RenderSlice(token.Span, offset, writer.GetSpan(length)[..length]);
            writer.Advance(length);
            offset += length;
            if ((await writer.FlushAsync(ct)).IsCompleted)
                return;
        }
    }

    public static async ValueTask GzipAsync(PipeWriter writer, PlaylistTemplate template, ReadOnlyMemory<byte> token, CancellationToken ct)
    {
        using var gzip = new SlicedGzip();
        writer.Write(SlicedGzip.Header);
        for (var offset = 0; offset < template.Length;)
        {
            var length = Math.Min(SliceSize, template.Length - offset);
            Compress(gzip, writer, template, token.Span, offset, length);
            offset += length;
            var flush = writer.FlushAsync(ct);
            if (!flush.IsCompleted)
                gzip.Rest();
            if ((await flush).IsCompleted)
                return;
        }

        gzip.End(writer, template.Length);
        await writer.FlushAsync(ct);
    }

    private static void Compress(SlicedGzip gzip, PipeWriter writer, PlaylistTemplate template, ReadOnlySpan<byte> token, int offset, int length)
    {
        var plain = ArrayPool<byte>.Shared.Rent(length);
        template.RenderSlice(token, offset, plain.AsSpan(0, length));
        gzip.Write(writer, plain.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(plain);
    }
}
