using HlsGateway.Counting;

namespace HlsGateway.Playback;

/// <summary>
/// Turns an answered request into a hit. Who waits: a GET, until the hit is durable or counted as lost; a HEAD only leaves a note.
/// </summary>
internal sealed class HitRecorder(Outbox outbox, TimeProvider time)
{
    /// <summary>Completes before the answer may go out. Never throws: trouble with counting never stops playback.</summary>
    public ValueTask<bool> RecordAsync(HttpContext context, WatchRequest request, HitKind kind, int startMs, int durationMs, bool forged = false)
    {
        var rule = Rule(context, request, forged);
        // An expired token is still ours, so its session's trace can tell; a forged one names a session that is somebody else's.
        var session = request.Verdict is SessionVerdict.Valid or SessionVerdict.Expired ? request.Token.Id : Guid.Empty;
        var hit = new Hit(session, request.VideoName, WatchPath.Readable(WatchRouter.WithoutRevision(request.Below)), kind, rule, startMs, durationMs,
            time.GetUtcNow().ToUnixTimeMilliseconds(), request.Token.Trailer, PlayerFamilies.Of(context.Request.Headers.UserAgent.ToString()))
        {
            // What does not count is kept for its rule's sake alone.
            Cmcd = rule == HitRule.Counted ? ClientData.Read(context.Request.Headers, request.Query) : null,
        };
        if (rule != HitRule.Head)
            return outbox.RecordAsync(hit);
        outbox.Note(hit);
        return new(true);
    }

    private static HitRule Rule(HttpContext context, WatchRequest request, bool forged)
    {
        if (HttpMethods.IsHead(context.Request.Method))
            return HitRule.Head;
        return request.Verdict switch
        {
            SessionVerdict.None => HitRule.Anonymous,
            SessionVerdict.Expired => HitRule.ExpiredSession,
            SessionVerdict.Forged => HitRule.ForgedSession,
            _ when forged => HitRule.ForgedDuration,
            _ => request.Token.Preview ? HitRule.Preview : HitRule.Counted,
        };
    }
}
