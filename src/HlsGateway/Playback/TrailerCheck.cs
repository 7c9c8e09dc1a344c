using System.Collections.Immutable;
using System.Text;
using HlsGateway.Content;
using HlsGateway.Playlists;
using HlsGateway.Subtitles;
using HlsGateway.Trailers;

namespace HlsGateway.Playback;

/// <summary>What a check found.</summary>
/// <param name="Copies">How many copies were checked; with none, nothing can be said yet.</param>
/// <param name="Findings">Of each Rendition in turn, then those of several together.</param>
/// <param name="Renditions">Each copy by itself, in the order of their profiles.</param>
internal sealed record CheckReport(string Trailer, int Copies, ImmutableArray<LintFinding> Findings, ImmutableArray<CheckedRendition> Renditions)
{
    public bool Ok => Findings.All(f => f.Severity != LintSeverity.Error);
}

/// <summary>A copy of a trailer, for the Renditions of one shape, and what is wrong with it.</summary>
/// <param name="Codecs">RFC 6381.</param>
/// <param name="Width">Pixels; 0 without a picture.</param>
/// <param name="FrameRate">Frames a second, as a fraction; empty without a picture.</param>
/// <param name="SampleRate">Hz; 0 without sound.</param>
/// <param name="Channels">0 without sound.</param>
/// <param name="Silent">The sound is silence, made for content that has sound: the trailer has none.</param>
/// <param name="LongestSegmentSeconds">No segment of the trailer is longer: what EXT-X-TARGETDURATION must cover.</param>
internal sealed record CheckedRendition(
    string Profile, string Container, string Codecs, int Width, int Height, string FrameRate, int SampleRate, int Channels, bool Silent, double LongestSegmentSeconds, ImmutableArray<LintFinding> Findings);

/// <summary>
/// Checks a trailer as it would be served: each copy's segments are read back from the store and followed frame by frame (S2, S6, S7),
/// and each copy is spliced behind a stand-in of its content, with captions, by the very code that serves viewers (D, S, W).
/// </summary>
internal sealed class TrailerCheck(StoredCopyCheck stored, PlaylistCompiler compiler)
{
    private const string Video = "check";
    private const string Origin = "http://check.invalid/check/";

    /// <param name="afresh">Read the store again for copies that were whole before.</param>
    public async Task<CheckReport> CheckAsync(TrailerVersion version, bool afresh, CancellationToken ct)
    {
        var findings = ImmutableArray.CreateBuilder<LintFinding>();
        var renditions = new List<SessionRendition>();
        var each = ImmutableArray.CreateBuilder<CheckedRendition>();
        foreach (var copy in version.Copies.Values.OrderBy(c => c.Profile, StringComparer.Ordinal))
        {
            if (!RenditionShape.TryParse(copy.Profile, out var shape))
                continue;
            var before = findings.Count;
            findings.AddRange(await stored.CheckAsync(version, copy, shape, afresh, ct));
            var spliced = Splice(version, copy, shape, findings);
            findings.AddRange(CaptionLint.Check(copy.Profile + " captions", 0, CaptionSegment.Blank(copy.FirstVideoPts, copy.LengthMs), copy.FirstVideoPts, rangeStartMs: 0, trailer: true));
            findings.AddRange(SpliceLint.Check(spliced, TrailerPath.IsIn));
            renditions.AddRange(spliced.Take(1));
            each.Add(new CheckedRendition(
                copy.Profile, shape.Container, copy.Codecs, shape.Width, shape.Height, shape.FrameRate, shape.SampleRate, shape.Channels, shape.HasAudio && !version.Source.HasAudio,
                copy.Segments.Max(segment => segment.DurationMs) / 1000.0, [.. findings.Skip(before)]));
        }
        findings.AddRange(SpliceLint.Check(renditions, TrailerPath.IsIn));
        return new CheckReport(version.Label, each.Count, findings.ToImmutable(), each.ToImmutable());
    }

    /// <summary>The Media Playlist first, then the caption playlist.</summary>
    private ImmutableArray<SessionRendition> Splice(TrailerVersion version, TrailerCopy copy, RenditionShape shape, ImmutableArray<LintFinding>.Builder findings)
    {
        var content = Encoding.ASCII.GetBytes(string.Concat(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n", copy.Init is null ? "" : "#EXT-X-MAP:URI=\"init.mp4\"\n",
            "#EXTINF:4,\n0\n#EXTINF:2.5,\n1\n#EXT-X-ENDLIST\n"));
        if (!Playlist.TryParse(content, out _, out var media, out _) || media is null)
            throw new InvalidOperationException("The stand-in is no playlist.");
        var place = new PlaylistPlace(Video, Origin + "v.m3u8", Origin, "v.m3u8", "");
        var role = new ChildRole(shape.HasVideo ? 'v' : 'a', copy.Profile);
        var track = new CaptionTrack("en", "English", Default: false, Sdh: false, Machine: false, "check", CaptionFile.Nothing);

        var renditions = ImmutableArray.CreateBuilder<SessionRendition>(2);
        foreach (var (name, captions, template) in new[]
        {
            (copy.Profile, false, compiler.Media(media, place, role, version, copy)),
            (copy.Profile + " captions", true, compiler.Caption(Video, CaptionPath.Folder + "en.m3u8", track, media, _ => new RangeFacts(0, copy.FirstVideoPts), copy)),
        })
        {
            var bytes = new byte[template.Length];
            template.Render(SessionToken.Anonymous, bytes);
            findings.AddRange(DocumentLint.Check(name, bytes, TrailerPath.IsIn, out _, out var served));
            if (served is not null)
                renditions.Add(new SessionRendition(name, captions, served));
        }
        return renditions.ToImmutable();
    }
}
