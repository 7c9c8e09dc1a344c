using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using HlsGateway.Catalogue;

namespace HlsGateway.Transcoding;

/// <param name="File">Name below the rung's folder.</param>
public readonly record struct MadeSegment(string File, double Seconds, long Bytes);

/// <summary>One rung as ffmpeg left it in the job's folder, measured.</summary>
/// <param name="Init">File name of the fMP4 initialization section, or null.</param>
public sealed record MadeRendition(Rung Rung, string? Init, ImmutableArray<MadeSegment> Segments)
{
    public double Seconds => Segments.Sum(segment => segment.Seconds);

    /// <summary>Bits per second of the densest segment. A short last one says little: it counts by at least half a second.</summary>
    public long Bandwidth => (long)Math.Ceiling(Segments.Max(segment => segment.Bytes * 8 / Math.Max(0.5, segment.Seconds)));

    public long AverageBandwidth => (long)Math.Ceiling(Segments.Sum(segment => segment.Bytes) * 8 / Math.Max(0.001, Seconds));

    /// <summary>Reads the Media Playlist that ffmpeg wrote and the sizes of what it names.</summary>
    /// <exception cref="FfmpegException">There is nothing in it.</exception>
    public static MadeRendition Read(string folder, Rung rung)
    {
        var segments = ImmutableArray.CreateBuilder<MadeSegment>();
        string? init = null;
        double seconds = 0;
        foreach (var line in File.ReadLines(Path.Combine(folder, rung.Name, EncodeArguments.Playlist)))
        {
            if (line.StartsWith("#EXTINF:", StringComparison.Ordinal))
                seconds = double.Parse(line.AsSpan(8).TrimEnd(','), NumberStyles.Float, CultureInfo.InvariantCulture);
            else if (line.StartsWith("#EXT-X-MAP:URI=\"", StringComparison.Ordinal))
                init = line[16..].TrimEnd('"');
            else if (line.Length > 0 && line[0] != '#')
                segments.Add(new MadeSegment(line, seconds, new FileInfo(Path.Combine(folder, rung.Name, line)).Length));
        }

        return segments.Count > 0 ? new MadeRendition(rung, init, segments.ToImmutable()) : throw new FfmpegException("The video has no picture that can be decoded.");
    }

    /// <summary>RFC 6381, from the bytes: profile, constraints and level as the encoder wrote them.</summary>
    public string Codecs(string folder, bool hasAudio)
    {
        var video = Init is null
            ? AvcAfter(Head(Path.Combine(folder, Rung.Name, Segments[0].File)), [0, 0, 1, 0x67], 0)
            // avcC: configurationVersion, then the same three bytes (ISO 14496-15, 5.3.3.1).
            : AvcAfter(Head(Path.Combine(folder, Rung.Name, Init)), "avcC"u8, 1);
        return hasAudio ? video + ",mp4a.40.2" : video;
    }

    /// <summary>The Master Playlist over all rungs; independent segments are true of what this encoder makes.</summary>
    public static string Master(ImmutableArray<PublishedRendition> renditions, bool fmp4)
    {
        var text = new StringBuilder("#EXTM3U\n").Append(CultureInfo.InvariantCulture, $"#EXT-X-VERSION:{(fmp4 ? 7 : 3)}\n#EXT-X-INDEPENDENT-SEGMENTS\n");
        foreach (var r in renditions)
            text.Append(CultureInfo.InvariantCulture,
                $"#EXT-X-STREAM-INF:BANDWIDTH={r.Bandwidth},AVERAGE-BANDWIDTH={r.AverageBandwidth},CODECS=\"{r.Codecs}\",RESOLUTION={r.Width}x{r.Height},FRAME-RATE={r.FrameRate:0.000}\n{r.Path}\n");
        return text.ToString();
    }

    private static string AvcAfter(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> mark, int skip)
    {
        var at = bytes.IndexOf(mark);
        if (at < 0 || at + mark.Length + skip + 3 > bytes.Length)
            throw new FfmpegException("The encoder wrote no H.264 parameters.");
        var three = bytes.Slice(at + mark.Length + skip, 3);
        return $"avc1.{Convert.ToHexStringLower(three)}";
    }

    private static byte[] Head(string file)
    {
        using var stream = File.OpenRead(file);
        var head = new byte[(int)Math.Min(stream.Length, 64 << 10)];
        stream.ReadExactly(head);
        return head;
    }
}
