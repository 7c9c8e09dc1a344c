using System.IO.Compression;

namespace HlsGateway.Playlists;

/// <summary>A deflate stream (RFC 1951) with holes: the token stands there, uncompressed.</summary>
internal sealed class DeflateText(byte[] bytes, int[] holes) : SessionText(bytes, holes);

/// <summary>
/// Compresses a template once for all tokens. The framework compresses it with a stand-in of bytes that the text does not hold. Where
/// an earlier token is within reach the compressor finds it and writes a copy, which is the same for every token; where none is, what it
/// wrote is replaced by a stored block, a hole. That it copied every token in whole is not believed but proven: unzipped with other bytes in
/// the holes, which neither the text nor the stream holds, it must give the text with those bytes in each place of a token, and nowhere else.
/// </summary>
internal static class HoledDeflate
{
    /// <summary>Zlib looks back no further than 32,506 bytes: its window less what it reads ahead.</summary>
    private const int Reach = 32_000;

    private const int SliceSize = 16 * 1024;

    /// <summary>Starts a block of <see cref="PlaylistTemplate.TokenLength"/> bytes as they are (RFC 1951 section 3.2.4), on a whole byte.</summary>
    private static ReadOnlySpan<byte> Stored => [0, PlaylistTemplate.TokenLength, 0, 0xFF - PlaylistTemplate.TokenLength, 0xFF];

    /// <returns>Null for a text of which so many different bytes are in use that no stand-ins are left, and for an empty one.</returns>
    public static DeflateText? Of(PlaylistTemplate template)
    {
        var free = BytesNotIn(template);
        if (free.Length < 2 * PlaylistTemplate.TokenLength || template.Length == 0)
            return null;
        var (standIn, other) = (free[..PlaylistTemplate.TokenLength], free[PlaylistTemplate.TokenLength..(2 * PlaylistTemplate.TokenLength)]);
        // The compressor has its own ways, and may write a few bytes of a token by themselves: one in a thousand times at the first level. Where
        // no token is left to it, the stream is larger and nothing can go wrong.
        return Proven(CompressionLevel.Optimal, Reach) ?? Proven(CompressionLevel.SmallestSize, Reach) ?? Proven(CompressionLevel.Optimal, 0);

        DeflateText? Proven(CompressionLevel level, int reach) =>
            Compress(template, standIn, level, reach) is var stream && Proves(stream, template, other) ? stream : null;
    }

    /// <param name="reach">How many bytes behind the last token the next may be left to the compressor.</param>
    private static DeflateText Compress(PlaylistTemplate template, byte[] standIn, CompressionLevel level, int reach)
    {
        using var output = new MemoryStream();
        var holes = new List<int>();
        var at = 0;
        using (var deflate = new DeflateStream(output, level, leaveOpen: true))
        {
            var last = int.MinValue;
            foreach (var hole in template.Holes)
            {
                if (hole - (long)last > reach)
                {
                    Write(deflate, template, standIn, at, hole);
                    deflate.Flush();
                    var end = output.Length;
                    at = hole + PlaylistTemplate.TokenLength;
                    // The compressor has to know it, for the copies that follow.
                    deflate.Write(standIn);
                    deflate.Flush();
                    output.SetLength(end);
                    output.Position = end;
                    output.Write(Stored);
                    holes.Add((int)output.Length);
                    output.Write(standIn);
                }

                last = hole;
            }

            Write(deflate, template, standIn, at, template.Length);
        }

        return new(output.ToArray(), [.. holes]);
    }

    private static void Write(DeflateStream deflate, PlaylistTemplate template, byte[] standIn, int from, int to)
    {
        var buffer = new byte[Math.Min(SliceSize, to - from)];
        for (; from < to; from += buffer.Length)
        {
            var slice = buffer.AsSpan(0, Math.Min(buffer.Length, to - from));
            template.RenderSlice(standIn, from, slice);
            deflate.Write(slice);
        }
    }

    private static bool Proves(DeflateText stream, PlaylistTemplate template, byte[] other)
    {
        var rendered = new byte[stream.Length];
        stream.Render(other, rendered);
        using var plain = new DeflateStream(new MemoryStream(rendered), CompressionMode.Decompress);
        var (read, expected) = (new byte[SliceSize], new byte[SliceSize]);
        var at = 0;
        for (int count; (count = plain.ReadAtLeast(read, read.Length, throwOnEndOfStream: false)) > 0; at += count)
        {
            if (at + count > template.Length)
                return false;
            template.RenderSlice(other, at, expected.AsSpan(0, count));
            if (!read.AsSpan(0, count).SequenceEqual(expected.AsSpan(0, count)))
                return false;
        }

        return at == template.Length;
    }

    private static byte[] BytesNotIn(PlaylistTemplate template)
    {
        var used = new bool[256];
        var at = 0;
        foreach (var hole in template.Holes)
        {
            Use(template.Bytes[at..hole]);
            at = hole + PlaylistTemplate.TokenLength;
        }

        Use(template.Bytes[at..]);
        return [.. Enumerable.Range(0, used.Length).Where(value => !used[value]).Select(value => (byte)value)];

        void Use(ReadOnlySpan<byte> bytes)
        {
            foreach (var value in bytes)
                used[value] = true;
        }
    }
}
