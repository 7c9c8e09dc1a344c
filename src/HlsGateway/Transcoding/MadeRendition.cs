using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using HlsGateway.Catalogue;
using HlsGateway.Media;

namespace HlsGateway.Transcoding;

/// <param name="File">Name below the rung's folder.</param>
internal readonly record struct MadeSegment(string File, double Seconds, long Bytes);

/// <summary>One rung as ffmpeg left it in the job's folder, measured.</summary>
/// <param name="Init">File name of the fMP4 initialization section, or null.</param>
internal sealed record MadeRendition(Rung Rung, string? Init, ImmutableArray<MadeSegment> Segments)
{
    /// <summary>Some forty times what six hours of segments take.</summary>
    private const int MostPlaylistBytes = 8 << 20;

    private const double LongestSeconds = 86_400;

    private const string Map = $"#EXT-X-MAP:URI=\"{EncodeArguments.Init}\"";

    public double Seconds => Segments.Sum(segment => segment.Seconds);

    /// <summary>Bits per second of the densest segment. A short last one says little: it counts by at least half a second.</summary>
    public long Bandwidth => (long)Math.Ceiling(Segments.Max(segment => segment.Bytes * 8 / Math.Max(0.5, segment.Seconds)));

    public long AverageBandwidth => (long)Math.Ceiling(Segments.Sum(segment => segment.Bytes) * 8 / Math.Max(0.001, Seconds));

    /// <summary>
    /// Reads durations from the Media Playlist that ffmpeg wrote, and the sizes of what it names. Only names that ffmpeg was told to
    /// write are taken, and in their order.
    /// </summary>
    /// <exception cref="SandboxException">It names something else, or is no such playlist.</exception>
    internal static async Task<MadeRendition> ReadAsync(UntrustedFolder outputs, Rung rung, bool fmp4, CancellationToken ct)
    {
        string text;
        await using (var playlist = outputs.Find($"{rung.Name}/{EncodeArguments.Playlist}") ?? throw NoPicture())
            text = Encoding.UTF8.GetString(await playlist.ReadAllAsync(MostPlaylistBytes, ct));

        var segments = ImmutableArray.CreateBuilder<MadeSegment>();
        var mapped = false;
        double? seconds = null;
        foreach (var line in text.Split('\n').Select(line => line.TrimEnd('\r')))
        {
            if (line.StartsWith("#EXTINF:", StringComparison.Ordinal))
            {
                seconds = Duration(line.AsSpan(8).TrimEnd(','));
            }
            else if (line.StartsWith("#EXT-X-MAP:", StringComparison.Ordinal))
            {
                mapped = fmp4 && string.Equals(line, Map, StringComparison.Ordinal) ? true : throw Foreign();
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                if (seconds is not { } known || !string.Equals(line, EncodeArguments.Segment(segments.Count, fmp4), StringComparison.Ordinal))
                    throw Foreign();
                segments.Add(new MadeSegment(line, known, SizeOf(outputs, $"{rung.Name}/{line}")));
                seconds = null;
            }
        }

        return segments.Count == 0 ? throw NoPicture()
            : mapped != fmp4 ? throw Foreign()
            : new MadeRendition(rung, fmp4 ? EncodeArguments.Init : null, segments.ToImmutable());
    }

    /// <summary>The Media Playlist, written by us: only the durations are taken from ffmpeg's.</summary>
    public string MediaPlaylist()
    {
        var longest = Math.Max(1, Math.Round(Segments.Max(segment => segment.Seconds), MidpointRounding.AwayFromZero));
        var text = new StringBuilder("#EXTM3U\n").Append(CultureInfo.InvariantCulture,
            $"#EXT-X-VERSION:{(Init is null ? 6 : 7)}\n#EXT-X-TARGETDURATION:{longest}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n");
        if (Init is not null)
            text.Append(Map).Append('\n');
        foreach (var segment in Segments)
            text.Append(CultureInfo.InvariantCulture, $"#EXTINF:{segment.Seconds:0.000000},\n{segment.File}\n");
        return text.Append("#EXT-X-ENDLIST\n").ToString();
    }

    /// <summary>RFC 6381, from the bytes: profile, constraints and level as the encoder wrote them.</summary>
    internal async Task<string> CodecsAsync(UntrustedFolder outputs, bool hasAudio, CancellationToken ct)
    {
        var head = await HeadAsync(outputs, $"{Rung.Name}/{Init ?? Segments[0].File}", ct);
        // avcC: configurationVersion, then the same three bytes (ISO 14496-15, 5.3.3.1).
        var video = Init is null ? AvcAfter(head, [0, 0, 1, 0x67], 0) : AvcAfter(head, "avcC"u8, 1);
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
            throw new FfmpegException("The encoder's output has no H.264 parameters.");
        var three = bytes.Slice(at + mark.Length + skip, 3);
        return $"avc1.{Convert.ToHexStringLower(three)}";
    }

    private static async Task<byte[]> HeadAsync(UntrustedFolder outputs, string name, CancellationToken ct)
    {
        await using var file = outputs.Open(name, EncodeArguments.MostSegmentBytes);
        var head = new byte[(int)Math.Min(file.Length, 64 << 10)];
        await file.ReadExactlyAsync(head, ct);
        return head;
    }

    private static long SizeOf(UntrustedFolder outputs, string name)
    {
        using var file = outputs.Open(name, EncodeArguments.MostSegmentBytes);
        return file.Length;
    }

    private static double Duration(ReadOnlySpan<char> text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= LongestSeconds ? seconds : throw Foreign();

    private static SandboxException Foreign() => new("The encoder's playlist is not the one that it was told to write.");

    private static FfmpegException NoPicture() => new("The video has no picture that can be decoded.");
}
