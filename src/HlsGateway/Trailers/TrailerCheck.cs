using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using HlsGateway.Content;
using HlsGateway.Media;
using HlsGateway.Playback;
using HlsGateway.Playlists;
using HlsGateway.Subtitles;

namespace HlsGateway.Trailers;

/// <summary>What a check found.</summary>
/// <param name="Copies">How many copies were checked; with none, nothing can be said yet.</param>
public sealed record CheckReport(string Trailer, int Copies, ImmutableArray<LintFinding> Findings)
{
    public bool Ok => Findings.All(f => f.Severity != LintSeverity.Error);
}

/// <summary>
/// Checks a trailer as it would be served: each copy's segments are read back from the store and followed frame by frame (S2, S6, S7),
/// and each copy is spliced behind a stand-in of its content, with captions, by the very code that serves viewers (D, S, W).
/// </summary>
internal sealed class TrailerCheck(TrailerRecords records, PlaylistCompiler compiler)
{
    private const string Video = "check";
    private const string Origin = "http://check.invalid/check/";

    /// <summary>Copies that were whole: their objects never change, so that an editor who swaps often does not wait for the store each time.</summary>
    private readonly ConcurrentDictionary<(uint Id, string Profile), bool> whole = new();

    /// <param name="afresh">Read the store again for copies that were whole before.</param>
    public async Task<CheckReport> CheckAsync(TrailerVersion version, bool afresh, CancellationToken ct)
    {
        var findings = ImmutableArray.CreateBuilder<LintFinding>();
        var renditions = new List<SessionRendition>();
        var copies = 0;
        foreach (var copy in version.Copies.Values.OrderBy(c => c.Profile, StringComparer.Ordinal))
        {
            if (!RenditionShape.TryParse(copy.Profile, out var shape))
                continue;
            copies++;
            if (afresh || !whole.ContainsKey((version.Id, copy.Profile)))
            {
                var faults = await CheckSegmentsAsync(version, copy, shape, ct);
                findings.AddRange(faults);
                if (faults.IsEmpty)
                    whole[(version.Id, copy.Profile)] = true;
                else
                    whole.TryRemove((version.Id, copy.Profile), out _);
            }
            var spliced = Splice(version, copy, shape, findings);
            findings.AddRange(CaptionLint.Check(copy.Profile + " captions", 0, CaptionSegment.Blank(copy.FirstVideoPts, copy.LengthMs), copy.FirstVideoPts, rangeStartMs: 0, trailer: true));
            findings.AddRange(SpliceLint.Check(spliced, TrailerPath.IsIn));
            renditions.AddRange(spliced.Take(1));
        }
        findings.AddRange(SpliceLint.Check(renditions, TrailerPath.IsIn));
        return new CheckReport(version.Label, copies, findings.ToImmutable());
    }

    private async Task<ImmutableArray<LintFinding>> CheckSegmentsAsync(TrailerVersion version, TrailerCopy copy, RenditionShape shape, CancellationToken ct)
    {
        var grid = new TrailerGrid(version.Source.DurationMs);
        FrameRate rate = new(shape.SampleRate, TrailerGrid.AudioFrame);
        if (shape.HasVideo && !FrameRate.TryParse(shape.FrameRate, out rate))
            return [LintFinding.Error("S7", copy.Profile, "The copy's frame rate cannot be read.")];
        var frames = shape.HasVideo ? grid.VideoFrames(rate) : grid.AudioFrames(shape.SampleRate);
        if (copy.Segments.Length != frames.Length - 1)
            return [LintFinding.Error("S2", copy.Profile, $"The copy has {copy.Segments.Length} segments where {frames.Length - 1} were due.")];

        var head = copy.Init is null ? [] : await records.ReadObjectAsync(copy, copy.Init, ct);
        if (head is null)
            return [LintFinding.Error("S6", copy.Profile, "The initialization section is not in the store.")];
        var check = new CopyCheck(shape, rate);
        for (var k = 0; k < copy.Segments.Length; k++)
        {
            var segment = copy.Segments[k];
            var where = $"{copy.Profile}/{segment.File}";
            if (await records.ReadObjectAsync(copy, segment.File, ct) is not { } bytes)
                return [LintFinding.Error("S2", where, "The segment is not in the store.")];
            if (check.Add(head, bytes, frames[k + 1] - frames[k]) is { } fault)
                return [LintFinding.Error("S2", where, $"The segment {fault}.")];
            var seconds = decimal.Parse(segment.Duration, CultureInfo.InvariantCulture);
            if (Math.Abs(seconds - rate.SecondsOf(frames[k + 1] - frames[k])) > rate.SecondsOf(1))
                return [LintFinding.Error("S2", where, $"EXTINF says {segment.Duration} s, which is more than a frame off.")];
        }
        return [];
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
