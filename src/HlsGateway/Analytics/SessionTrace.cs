using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>Retells a session request by request, with the rule that counted or ignored each one.</summary>
internal static class SessionTrace
{
    /// <param name="requests">In the order in which they were recorded.</param>
    public static List<TraceEntry> Tell(IEnumerable<Hit> requests)
    {
        var watched = new IntervalSet();
        var ranged = new SegmentSet();
        var paths = new HashSet<string>(StringComparer.Ordinal);
        var trace = new List<TraceEntry>();
        foreach (var hit in requests)
        {
            var (start, end) = SessionState.Window(in hit);
            var added = hit is { Rule: HitRule.Counted, Kind: HitKind.Content } ? watched.Add(start, end) : 0;
            var effect = EffectOf(in hit, added, hit is { Rule: HitRule.Counted, Kind: HitKind.Content } && !paths.Add(hit.Path));
            if (hit is { Rule: HitRule.Counted, Kind: HitKind.Content or HitKind.Live, Ranged: true } && !ranged.Add(in hit, out _))
                effect = Effect.Range;
            // The number of a live segment is no time, and a report has no length but may be before the content.
            if (hit.Kind == HitKind.Live)
                (start, end) = (0, end - start);
            if (hit.Kind == HitKind.Report)
                (start, end) = (hit.StartMs - hit.DurationMs, hit.StartMs - hit.DurationMs);
            trace.Add(new TraceEntry(
                DateTimeOffset.FromUnixTimeMilliseconds(hit.AtMs).UtcDateTime, hit.Kind, hit.Path, start / 1000.0, (end - start) / 1000.0,
                hit.Rule == HitRule.Counted && effect != Effect.Range, effect, Words(effect, added), added / 1000.0, hit.Cmcd?.ToString()));
        }
        return trace;
    }

    public static Effect EffectOf(in Hit hit, int added, bool pathSeen) => hit.Rule switch
    {
        HitRule.Head => Effect.Head,
        HitRule.ForgedDuration => Effect.ForgedDuration,
        HitRule.ForgedSession => Effect.ForgedSession,
        HitRule.ExpiredSession or HitRule.Anonymous => Effect.Expired,
        HitRule.Preview => Effect.Preview,
        _ => hit.Kind switch
        {
            HitKind.SessionStart => Effect.Began,
            HitKind.Content when added > 0 => Effect.Watched,
            HitKind.Content => pathSeen ? Effect.Repeat : Effect.OtherRendition,
            HitKind.Audio => Effect.Audio,
            HitKind.Trailer => Effect.Trailer,
            HitKind.Caption => Effect.Caption,
            HitKind.IFrame => Effect.IFrame,
            HitKind.Report => Effect.Report,
            HitKind.Live => Effect.Live,
            _ => Effect.Other,
        },
    };

    public static string Words(Effect effect, int addedMs) => effect switch
    {
        Effect.Began => "Master Playlist answered: the session began (an impression).",
        Effect.Watched => FormattableString.Invariant($"Content segment: {addedMs / 1000.0} s of media time that had not been handed out before were added to watch_seconds."),
        Effect.Repeat => "Repeat of the same segment: fetched seconds grow, watch_seconds do not.",
        Effect.OtherRendition => "Another Rendition of media time that was handed out before: fetched seconds grow, watch_seconds do not.",
        Effect.Audio => "Segment of an audio Rendition: adds no watch_seconds, the video's segments do.",
        Effect.Trailer => "Trailer segment: adds to trailer_seconds only.",
        Effect.Caption => "Caption segment: adds no seconds; its language is noted.",
        Effect.IFrame => "I-frame playlist's segment (trick play): adds nothing.",
        Effect.Report => "Event report of the player: tells where it was and whether it played, and adds nothing by itself.",
        Effect.Range => "Another range of a segment that counts already: adds nothing.",
        Effect.Live => "Segment of a live playlist: fetched seconds grow, watch_seconds do not, for a window that slides has no timeline to be watched on.",
        Effect.Other => "Initialization section or other file without a duration: adds nothing.",
        Effect.Head => "HEAD: answered as GET and counts nothing.",
        Effect.ForgedDuration => "Duration, start, end or path without our signature: it played and counts nothing.",
        Effect.Expired => "The session was past its lifetime: it played and counts as anonymous.",
        Effect.ForgedSession => "The session's signature was not ours: it played and adds nothing to the session it names.",
        Effect.Preview => "Preview session: plays and counts nothing.",
        _ => throw new ArgumentOutOfRangeException(nameof(effect), effect, "A rule without words."),
    };
}
