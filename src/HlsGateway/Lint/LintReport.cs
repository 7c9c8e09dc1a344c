using System.Collections.Immutable;
using HlsGateway.Playlists;

namespace HlsGateway.Lint;

/// <summary>What <c>hlsgateway lint</c> found.</summary>
/// <param name="Target">As it was given.</param>
/// <param name="Playlists">How many were read.</param>
/// <param name="Segments">How many were read, captions included.</param>
/// <param name="Unusable">Why nothing could be checked; null otherwise.</param>
internal sealed record LintReport(string Target, int Playlists, int Segments, ImmutableArray<LintFinding> Findings, string? Unusable)
{
    /// <summary>Findings of one rule that are listed for one playlist: a rule that every segment breaks needs no more lines.</summary>
    private const int MostOfOneRule = 10;

    /// <summary>In the order of playlists, at most ten of one rule in one playlist and then how many more there are.</summary>
    public static ImmutableArray<LintFinding> Shorten(IEnumerable<LintFinding> findings)
    {
        var kept = ImmutableArray.CreateBuilder<LintFinding>();
        foreach (var group in findings.Distinct().GroupBy(f => (f.Where, f.Rule, f.Severity)))
        {
            var all = group.ToList();
            kept.AddRange(all.Take(MostOfOneRule));
            if (all.Count > MostOfOneRule)
                kept.Add(all[MostOfOneRule] with { Message = $"{all.Count - MostOfOneRule} more findings of this rule begin here." });
        }

        return kept.ToImmutable();
    }

    /// <summary>One line for each finding (<c>error S1 720p/video.m3u8:42 …</c>) one for each rule that is broken, and one for the whole.</summary>
    public void Write(TextWriter writer)
    {
        if (Unusable is { } reason)
        {
            writer.WriteLine($"{Target} {reason}.");
            return;
        }

        foreach (var finding in Findings)
            writer.WriteLine($"{(finding.Severity == LintSeverity.Error ? "error" : "warning")} {finding.Rule} {finding.Where}{(finding.Line > 0 ? $":{finding.Line}" : "")} {finding.Message}");
        foreach (var rule in Findings.Select(finding => Rules.Of(finding.Rule)).DistinctBy(rule => rule.Name).OrderBy(rule => Rules.All.IndexOf(rule)))
            writer.WriteLine($"{rule.Name}: {rule.Says} See {rule.Link}");
        var errors = Findings.Count(f => f.Severity == LintSeverity.Error);
        writer.WriteLine(Findings.IsEmpty
            ? $"{Playlists} playlists and {Segments} segments: nothing found."
            : $"{Playlists} playlists and {Segments} segments: {errors} errors, {Findings.Length - errors} warnings.");
    }
}
