using System.Collections.Concurrent;
using System.Collections.Immutable;
using HlsGateway.Playback;
using HlsGateway.Playlists;

namespace HlsGateway.Lint;

/// <summary>A playlist that a Master Playlist names.</summary>
/// <param name="Url">Absolute.</param>
/// <param name="Variants">Indexes of the Variant Streams that have this playlist.</param>
internal sealed record LintChild(string Url, string Name, bool Captions, ImmutableArray<int> Variants);

/// <summary>
/// Checks a stream as a player meets it (rules D, S, W): 1. the entry, 2. the playlists it names, 3. their splices against one
/// another, 4. every segment's bytes, 5. every caption segment against the video's clock, 6. the Master Playlist against what
/// was found.
/// </summary>
/// <param name="progress">Is called with the number of segments read, and of all segments; null: nobody is told.</param>
internal sealed class StreamLint(LintSource source, Action<int, int>? progress = null)
{
    private const int AtOnce = 4;

    private readonly ConcurrentDictionary<string, Task<LintFile>> small = new(StringComparer.Ordinal);
    private int playlists;
    private int segments;
    private int segmentsDue;

    private sealed record Followed(LintChild Child, MediaPlaylist Media)
    {
        public List<LintFinding> Findings { get; } = [];

        public ImmutableArray<long?> RangeStarts { get; set; } = [];

        public bool HasAudio { get; set; }

        /// <summary>Bits per second of the largest segment that lasts at least half the target duration.</summary>
        public double Peak { get; set; }
    }

    public async Task<LintReport> CheckAsync(string target, CancellationToken ct)
    {
        if (source.Entries.Count == 0)
            return new(target, 0, 0, [], "holds no playlist");
        var findings = new List<LintFinding>();
        foreach (var entry in source.Entries)
        {
            var file = await source.ReadAsync(entry, null, null, ct);
            if (file.Failure is { } failure)
                return new(target, 0, 0, [], failure);
            if (source.Entries.Count == 1 && !Playlist.TryParse(file.Bytes, out _, out _, out var error))
                return new(target, 0, 0, [], $"is no HLS playlist: {error.ToString().TrimEnd('.')}");
            await CheckEntryAsync(entry, file, findings, ct);
        }

        return new(target, playlists, segments, LintReport.Shorten(findings), null);
    }

    /// <summary>The playlists of a Master Playlist, each once.</summary>
    public static ImmutableArray<LintChild> ChildrenOf(string url, MasterPlaylist? master)
    {
        if (master is null)
            return [];
        var named = master.Variants.Select((v, at) => (v.Uri, Captions: false, Variant: at))
            .Concat(master.Renditions.Where(r => r is { Uri: not null, Type: "AUDIO" or "VIDEO" or "SUBTITLES" }).Select(r => (Uri: r.Uri ?? "", Captions: r.Type == "SUBTITLES", Variant: -1)));
        return [.. named.GroupBy(n => n.Uri, StringComparer.Ordinal).Select(g => new LintChild(
            UriReference.TryResolve(url, g.Key, out var absolute) ? absolute : g.Key, NameOf(g.Key), g.First().Captions, [.. g.Where(n => n.Variant >= 0).Select(n => n.Variant)]))];
    }

    private async Task CheckEntryAsync(string url, LintFile file, List<LintFinding> findings, CancellationToken ct)
    {
        // 1.
        var (master, media) = Read(NameOf(url), file, findings);
        ImmutableArray<LintChild> children = media is not null ? [new(url, NameOf(url), Captions: false, [])] : ChildrenOf(url, master);
        // 2.
        var followed = new List<Followed>();
        foreach (var child in children)
        {
            if (media is null)
                await ReadChildAsync(child, followed, findings, ct);
            else
                followed.Add(new(child, media));
        }

        // 3.
        findings.AddRange(SpliceLint.Check([.. followed.Select(f => new SessionRendition(f.Child.Name, f.Child.Captions, f.Media))], TrailerPath.IsIn));
        // 4.
        segmentsDue += followed.Sum(f => f.Media.Segments.Length);
        var bound = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct };
        var independent = file.Bytes.AsSpan().IndexOf("#EXT-X-INDEPENDENT-SEGMENTS"u8) >= 0;
        await Parallel.ForEachAsync(followed.Where(f => !f.Child.Captions), bound, async (f, stop) => await FollowAsync(f, independent, stop));
        // 5.
        var clock = followed.Find(f => !f.Child.Captions)?.RangeStarts ?? [];
        await Parallel.ForEachAsync(followed.Where(f => f.Child.Captions), bound, async (f, stop) => await FollowCaptionsAsync(f, clock, stop));
        foreach (var f in followed)
            findings.AddRange(f.Findings);
        // 6.
        if (master is not null)
            CheckMaster(NameOf(url), master, followed, findings);
    }

    private (MasterPlaylist? Master, MediaPlaylist? Media) Read(string name, LintFile file, List<LintFinding> findings)
    {
        playlists++;
        if (file.ContentType is not (null or "application/vnd.apple.mpegurl" or "audio/mpegurl" or "application/x-mpegurl"))
            findings.Add(LintFinding.Warning("D1", name, $"The Content-Type is {file.ContentType} and not application/vnd.apple.mpegurl."));
        findings.AddRange(DocumentLint.Check(name, file.Bytes, TrailerPath.IsIn, out var master, out var media));
        return (master, media);
    }

    private async Task ReadChildAsync(LintChild child, List<Followed> followed, List<LintFinding> findings, CancellationToken ct)
    {
        var file = await source.ReadAsync(child.Url, null, null, ct);
        if (file.Failure is { } failure)
        {
            findings.Add(LintFinding.Error(child.Captions ? "W5" : "D4", child.Name, $"The Master Playlist names it, but it {failure}."));
            return;
        }

        var (master, media) = Read(child.Name, file, findings);
        if (media is not null)
            followed.Add(new(child, media));
        else if (master is not null)
            findings.Add(LintFinding.Error("D4", child.Name, "A Master Playlist stands where a Media Playlist is due."));
    }

    private async Task FollowAsync(Followed followed, bool independent, CancellationToken ct)
    {
        var media = followed.Media;
        var (ranges, keys, lines) = (SpliceLint.Ranges(media), SegmentKey.OfSegments(media), media.SegmentLines);
        var spliced = SpliceLint.SplicedRange(media, ranges, TrailerPath.IsIn);
        var lint = new SegmentLint(followed.Child.Name, independent);
        var range = -1;
        for (var at = 0; at < media.Segments.Length; at++)
        {
            range += range + 1 < ranges.Length && ranges[range + 1].First == at ? 1 : 0;
            var segment = media.Segments[at];
            var here = new FollowedSegment(segment, lines[at], range == spliced);
            var init = segment.MapIndex < 0 ? default : await OnceAsync(followed.Child.Url, media.Maps[segment.MapIndex], ct);
            var file = init.Failure is null ? await ReadAsync(followed.Child.Url, segment.Uri, segment.RangeOffset, segment.RangeLength, ct) : default;
            if (init.Failure is not null || file.Failure is not null)
                lint.Skip(here, LintFinding.Error("D4", followed.Child.Name, init.Failure is { } headless ? $"The segment's EXT-X-MAP {headless}." : $"The segment {file.Failure}.", here.Line));
            else if (keys[at] is not { } key)
                lint.Add(here, init.Bytes, file.Bytes);
            else if (await DecryptAsync(followed.Child.Url, key, file.Bytes, ct) is { Failure: null } clear)
                lint.Add(here, init.Bytes, clear.Bytes);
            else
                lint.Skip(here, LintFinding.Warning("S5", followed.Child.Name, $"The segment is encrypted ({key.Method}) and could not be looked into.", here.Line));
            if (segment.DurationMs >= media.TargetDuration * 500)
                followed.Peak = Math.Max(followed.Peak, (file.Bytes?.Length ?? 0) * 8000.0 / segment.DurationMs);
            Count();
        }

        lint.Close();
        followed.Findings.AddRange(lint.Findings);
        (followed.RangeStarts, followed.HasAudio) = (lint.RangeStarts, lint.HasAudio);
    }

    private async Task FollowCaptionsAsync(Followed followed, ImmutableArray<long?> clock, CancellationToken ct)
    {
        var media = followed.Media;
        var (ranges, lines) = (SpliceLint.Ranges(media), media.SegmentLines);
        var spliced = SpliceLint.SplicedRange(media, ranges, TrailerPath.IsIn);
        var (range, contentStart) = (-1, 0);
        for (var at = 0; at < media.Segments.Length; at++)
        {
            if (range + 1 < ranges.Length && ranges[range + 1].First == at)
                range++;
            if (range >= 0 && range == spliced && range == 0)
                contentStart = ranges[0].DurationMs;
            var segment = media.Segments[at];
            var file = await ReadAsync(followed.Child.Url, segment.Uri, segment.RangeOffset, segment.RangeLength, ct);
            if (file.Failure is { } failure)
                followed.Findings.Add(LintFinding.Error("W5", followed.Child.Name, $"The caption segment {failure}.", lines[at]));
            else
                followed.Findings.AddRange(CaptionLint.Check(
                    followed.Child.Name, lines[at], file.Bytes, range < clock.Length ? clock[range] : null, ranges[range].StartMs - (range == spliced ? 0 : contentStart), range == spliced));
            Count();
        }
    }

    /// <summary>Rules S1 and S9: what the Master Playlist says of its Variant Streams.</summary>
    private static void CheckMaster(string name, MasterPlaylist master, List<Followed> followed, List<LintFinding> findings)
    {
        if (master.HasIFrameStreams && followed.Exists(f => f.Media.Segments.Any(s => TrailerPath.IsIn(s.Uri))))
            findings.Add(LintFinding.Error("S1", name, "EXT-X-I-FRAME-STREAM-INF stands beside Variant Streams with a trailer, which trick play does not have."));
        var sound = followed.Where(f => f.Child is { Captions: false, Variants.IsEmpty: true }).Select(f => f.Peak).DefaultIfEmpty(0).Max();
        foreach (var f in followed)
        {
            foreach (var variant in f.Child.Variants.Select(v => master.Variants[v]))
            {
                var peak = f.Peak + (variant.Audio is null ? 0 : sound);
                if (variant.Bandwidth > 0 && peak > variant.Bandwidth)
                    findings.Add(LintFinding.Warning("S9", f.Child.Name, $"BANDWIDTH is {variant.Bandwidth}, but a segment comes to {Math.Ceiling(peak)} bits per second."));
                if (f.HasAudio && variant.Codecs is { } codecs && !codecs.Split(',').Any(c => c.Trim() is ['m', 'p', '4', 'a', ..] or ['a', 'c', '-', ..] or ['e', 'c', '-', ..] or ['O', 'p', 'u', 's'] or ['f', 'L', 'a', 'C']))
                    findings.Add(LintFinding.Error("S9", f.Child.Name, $"CODECS is {codecs} and names no sound, but the segments hold some; Shaka plays them mute."));
            }
        }
    }

    private async Task<LintFile> DecryptAsync(string playlist, SegmentKey key, byte[] bytes, CancellationToken ct)
    {
        if (key.Method != "AES-128" || key.Uri is null || await OnceAsync(playlist, new(key.Uri, null, null), ct) is not { Failure: null, Bytes.Length: 16 } secret)
            return LintFile.Failed("cannot be decrypted");
        using var aes = System.Security.Cryptography.Aes.Create();
        aes.Key = secret.Bytes;
        try
        {
            return new(aes.DecryptCbc(bytes, key.Iv), null, null);
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return LintFile.Failed("cannot be decrypted");
        }
    }

    /// <summary>Initialization sections and keys are named by many segments and read once.</summary>
    private Task<LintFile> OnceAsync(string playlist, MapSection section, CancellationToken ct) =>
        small.GetOrAdd($"{playlist} {section}", _ => ReadAsync(playlist, section.Uri, section.RangeOffset, section.RangeLength, ct));

    private Task<LintFile> ReadAsync(string playlist, string uri, long? offset, long? length, CancellationToken ct) =>
        UriReference.TryResolve(playlist, uri, out var url) ? source.ReadAsync(url, offset, length, ct) : Task.FromResult(LintFile.Failed("has a URI that cannot be resolved"));

    private void Count()
    {
        var read = Interlocked.Increment(ref segments);
        progress?.Invoke(read, segmentsDue);
    }

    /// <summary>A playlist's address without parameters, as findings call it.</summary>
    private static string NameOf(string uri) => uri.Split('?', '#')[0] is var path && Uri.TryCreate(path, System.UriKind.Absolute, out var url) && url.Scheme.StartsWith("http", StringComparison.Ordinal) ? url.AbsolutePath.TrimStart('/') : path;
}
