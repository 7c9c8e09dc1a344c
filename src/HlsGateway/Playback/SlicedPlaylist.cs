using System.IO.Pipelines;
using HlsGateway.Playlists;

namespace HlsGateway.Playback;

/// <summary>
/// Writes a playlist, plain or zipped, as fast as its reader takes it. A reader that takes nothing holds the response's buffer
/// (Kestrel's MaxResponseBufferSize) and a slice, however long the playlist is.
/// </summary>
internal static class SlicedPlaylist
{
    public const int SliceSize = 16 * 1024;

    public static async ValueTask WriteAsync(PipeWriter writer, SessionText text, ReadOnlyMemory<byte> token, CancellationToken ct)
    {
        for (var offset = 0; offset < text.Length;)
        {
            var length = Math.Min(SliceSize, text.Length - offset);
            var slice = writer.GetSpan(length)[..length];
            if (length == text.Length)
                text.Render(token.Span, slice);
            else
                text.RenderSlice(token.Span, offset, slice);
            writer.Advance(length);
            offset += length;
            if ((await writer.FlushAsync(ct)).IsCompleted)
                return;
        }
    }
}
