using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using HlsGateway.Content;
using HlsGateway.Media;
using HlsGateway.Playlists;

namespace HlsGateway.Trailers;

/// <summary>Reads a copy's segments back from the store and follows them frame by frame (S2, S6, S7).</summary>
internal sealed class StoredCopyCheck(TrailerRecords records)
{
    /// <summary>Copies that passed: their objects never change, so an editor who swaps often does not wait for the store each time.</summary>
    private readonly ConcurrentDictionary<(uint Id, string Profile), bool> whole = new();

    /// <param name="afresh">Read the store again for a copy that passed before.</param>
    public async Task<ImmutableArray<LintFinding>> CheckAsync(TrailerVersion version, TrailerCopy copy, RenditionShape shape, bool afresh, CancellationToken ct)
    {
        if (!afresh && whole.ContainsKey((version.Id, copy.Profile)))
            return [];
        var faults = await ReadBackAsync(version, copy, shape, ct);
        if (faults.IsEmpty)
            whole[(version.Id, copy.Profile)] = true;
        else
            whole.TryRemove((version.Id, copy.Profile), out _);
        return faults;
    }

    private async Task<ImmutableArray<LintFinding>> ReadBackAsync(TrailerVersion version, TrailerCopy copy, RenditionShape shape, CancellationToken ct)
    {
        var grid = new TrailerGrid(version.Source.DurationMs);
        FrameRate rate = new(shape.SampleRate, TrailerGrid.AudioFrame);
        if (shape.HasVideo && !FrameRate.TryParse(shape.FrameRate, out rate))
            return [LintFinding.Error("S7", copy.Profile, "The copy's frame rate cannot be read.")];
        var frames = shape.HasVideo ? grid.VideoFrames(rate) : grid.AudioFrames(shape.SampleRate);
        if (copy.Segments.Length != frames.Length - 1)
            return [LintFinding.Error("S2", copy.Profile, $"The copy has {copy.Segments.Length} segments instead of {frames.Length - 1}.")];

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
}
