using System.Text;

namespace HlsGateway.Playlists;

/// <summary>A trailer between the content's last segment and EXT-X-ENDLIST, or before its first segment (rules S1, S5, S6, S10).</summary>
internal sealed class TrailerSplice
{
    private readonly SplicedTrailer trailer;

    /// <exception cref="ArgumentException">The trailer has no segment, or a duration that is no decimal: the caller's mistake.</exception>
    public TrailerSplice(SplicedTrailer trailer)
    {
        this.trailer = trailer;
        if (trailer.Segments.Count == 0)
            throw new ArgumentException("A trailer has at least one segment.", nameof(trailer));

        Longest = Seconds.FromMilliseconds(trailer.LongestSegmentMs);
        foreach (var segment in trailer.Segments)
        {
            if (!Seconds.TryParse(Encoding.UTF8.GetBytes(segment.Duration), out var duration))
                throw new ArgumentException("A trailer segment's duration is no decimal number of seconds.", nameof(trailer));
            Total += duration;
            if (duration > Longest)
                Longest = duration;
            if (segment.Duration.Contains('.', StringComparison.Ordinal))
                NeededVersion = 3;
        }

        if (trailer.Map is not null)
            NeededVersion = 6;
    }

    public Seconds Total { get; }

    public Seconds Longest { get; }

    /// <summary>Protocol version (draft-pantos-hls-rfc8216bis section 8).</summary>
    public int NeededVersion { get; } = 1;

    /// <summary>The trailer behind the content, and the playlist's end.</summary>
    /// <param name="encrypted">A key is in force: it must not be applied to the trailer.</param>
    /// <param name="bitrate">An EXT-X-BITRATE is in force: it must not be applied to the trailer.</param>
    public void WriteBehind(TemplateBuilder builder, bool encrypted, bool bitrate)
    {
        builder.EndLine();
        builder.Write("#EXT-X-DISCONTINUITY\n"u8);
        if (encrypted)
            builder.Write("#EXT-X-KEY:METHOD=NONE\n"u8);
        WriteSegments(builder, bitrate);
        WriteEnd(builder);
    }

    public static void WriteEnd(TemplateBuilder builder)
    {
        builder.EndLine();
        builder.Write("#EXT-X-ENDLIST\n"u8);
    }

    /// <summary>The trailer behind all header tags and before all tags that apply to the content's segments: the content's keys and EXT-X-MAP take effect after it.</summary>
    /// <param name="discontinuity">False where the content begins with an EXT-X-DISCONTINUITY of its own.</param>
    public void WriteBefore(TemplateBuilder builder, bool discontinuity)
    {
        WriteSegments(builder, bitrate: false);
        if (discontinuity)
            builder.Write("#EXT-X-DISCONTINUITY\n"u8);
    }

    private void WriteSegments(TemplateBuilder builder, bool bitrate)
    {
        if (trailer.Map is { } map)
        {
            builder.Write("#EXT-X-MAP:URI="u8);
            builder.WriteQuoted(map);
            builder.Write("\n"u8);
        }

        if (bitrate && trailer.Bandwidth > 0)
        {
            builder.Write("#EXT-X-BITRATE:"u8);
            builder.Write((trailer.Bandwidth + 500) / 1000);
            builder.Write("\n"u8);
        }

        foreach (var segment in trailer.Segments)
        {
            builder.Write("#EXTINF:"u8);
            builder.Write(segment.Duration);
            builder.Write(",\n"u8);
            builder.WriteUriLine(segment.Uri);
            builder.Write("\n"u8);
        }
    }
}
