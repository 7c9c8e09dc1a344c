using System.Security.Cryptography;
using HlsGateway.Media;

namespace HlsGateway.Content;

/// <summary>Measures one Rendition on the beginning of its first segment. ffprobe sees bytes in a folder, never a URL.</summary>
internal sealed class ContentProbe(Ffmpeg ffmpeg)
{
    /// <exception cref="ContentUnreadableException">The bytes are no media that can be read.</exception>
    public async Task<RenditionFacts> MeasureAsync(string playlist, FirstSegment segment, CancellationToken ct)
    {
        if (segment.Unsupported is { } reason)
            return Unsupported(playlist, reason);
        var bytes = Decrypt(segment, segment.Bytes.Span);
        // An initialization section may be encrypted too; then it does not begin with a box that we know.
        var init = segment.Init.IsEmpty || IsBox(segment.Init.Span) ? segment.Init.ToArray() : Decrypt(segment, segment.Init.Span);
        if (KindOf(init, bytes) is not { } kind)
            return Unsupported(playlist, "unsupported_container");

        MediaProbe probe;
        try
        {
            using var content = new MemoryStream([.. init, .. bytes], writable: false);
            probe = await ffmpeg.ProbeAsync(content, kind, ct);
        }
        catch (SandboxException e)
        {
            throw new ContentUnreadableException(e.Message);
        }
        return Describe(playlist, kind, probe, bytes);
    }

    /// <summary>PTS at which a last segment's last frame ends, 90 kHz; null when its bytes do not tell.</summary>
    /// <param name="shape">What the Rendition's first segment was measured to be.</param>
    public static long? EndOf(RenditionShape shape, FirstSegment last)
    {
        if (last.Unsupported is not null)
            return null;
        var bytes = Decrypt(last, last.Bytes.Span);
        if (shape.Container == "ts" ? !TsSegment.TryInspect(bytes, out var found) : !AdtsFrames.TryInspect(bytes, out found))
            return null;
        return found switch
        {
            { Video: { } video } when FrameRate.TryParse(shape.FrameRate, out var rate) => video.LastPts + (long)(90_000 / rate.PerSecond),
            { Video: null, Audio: { } audio } when shape.SampleRate > 0 => audio.FirstPts + (audio.Frames * 1024L * 90_000 / shape.SampleRate),
            _ => null,
        };
    }

    private static RenditionFacts Describe(string playlist, ProbeAs kind, MediaProbe probe, byte[] bytes)
    {
        if (probe.Video is null && probe.Audio is null)
            throw new ContentUnreadableException("The first segment has neither picture nor sound.");
        var container = kind switch { ProbeAs.Ts => "ts", ProbeAs.Fmp4 => "fmp4", _ => "aac" };
        var rate = probe.Video is { } video && FrameRate.TryParse(video.FrameRate, out var stated) ? FrameRate.Nearest(stated.PerSecond).ToString() : "";
        var shape = new RenditionShape(
            container, Even(probe.Video?.Width ?? 0), Even(probe.Video?.Height ?? 0), rate, probe.Video?.Profile ?? "", probe.Audio?.SampleRate ?? 0, probe.Audio?.Channels ?? 0)
        {
            Delay = DelayOf(probe.Video, container, rate),
        };
        var pts = kind == ProbeAs.PackedAudio ? AdtsFrames.ReadTimestamp(bytes) ?? 0 : probe.Video?.FirstPts ?? probe.Audio?.FirstPts ?? RenditionFacts.UnknownPts;
        var foreign = probe.Video is { Codec: not "h264" } || probe.Audio is { Codec: not "aac" };
        return new RenditionFacts(playlist, shape, pts, foreign ? "unsupported_codec" : null);
    }

    /// <summary>A picture's <see cref="RenditionShape.Delay"/>, in whole frames; 0 where the bytes do not tell.</summary>
    /// <param name="container">As shapes name it.</param>
    /// <param name="frameRate">As shapes name it; empty for none.</param>
    internal static int DelayOf(VideoTrack? video, string container, string frameRate) =>
        container == "ts" && video is { FirstPts: { } shown, FirstDts: { } decoded } && shown - decoded is > 0 and <= RenditionShape.LongestDelay
        && FrameRate.TryParse(frameRate, out var rate) ? rate.FramesIn((shown - decoded) / 90.0) : 0;

    /// <summary>Scaling often leaves pixels that are not quite square, which are shown on an odd number of square ones; a copy has an even number.</summary>
    private static int Even(int pixels) => (pixels + 1) & ~1;

    private static RenditionFacts Unsupported(string playlist, string reason) =>
        new(playlist, new RenditionShape("", 0, 0, "", "", 0, 0), RenditionFacts.UnknownPts, reason);

    private static byte[] Decrypt(FirstSegment segment, ReadOnlySpan<byte> bytes)
    {
        if (segment.Key is null || segment.Iv is null)
            return bytes.ToArray();
        using var aes = Aes.Create();
        aes.Key = segment.Key;
        // The padding of the last block stays: a prefix has none, and demuxers ignore a few bytes behind the last packet.
        return aes.DecryptCbc(bytes[..(bytes.Length / 16 * 16)], segment.Iv, PaddingMode.None);
    }

    private static ProbeAs? KindOf(ReadOnlySpan<byte> init, ReadOnlySpan<byte> bytes)
    {
        if (init.Length > 0 || IsBox(bytes))
            return ProbeAs.Fmp4;
        if (bytes.Length >= 188 && bytes[0] == 0x47 && (bytes.Length < 376 || bytes[188] == 0x47))
            return ProbeAs.Ts;
        return AdtsFrames.TryInspect(bytes, out _) ? ProbeAs.PackedAudio : null;
    }

    private static bool IsBox(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 8 && (bytes[4..].StartsWith("ftyp"u8) || bytes[4..].StartsWith("styp"u8) || bytes[4..].StartsWith("moov"u8)
            || bytes[4..].StartsWith("moof"u8) || bytes[4..].StartsWith("sidx"u8) || bytes[4..].StartsWith("emsg"u8));
}
