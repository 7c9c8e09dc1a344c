using HlsGateway.Counting;
using Microsoft.Extensions.Primitives;

namespace HlsGateway.Playback;

/// <summary>
/// Turns an answered request into a hit. A GET waits until the hit is durable or counted as lost; a HEAD does not wait.
/// </summary>
internal sealed class HitRecorder(Outbox outbox, TimeProvider time)
{
    /// <summary>Completes before the answer may go out. Never throws: trouble with counting never stops playback.</summary>
    /// <param name="path">Below the video, as it is kept; null: as it was asked for.</param>
    public ValueTask<bool> RecordAsync(HttpContext context, WatchRequest request, HitKind kind, int startMs, int durationMs, bool forged = false, string? path = null)
    {
        var rule = Rule(context, request, forged);
        var hit = Of(context, request) with
        {
            Path = path ?? PathOf(request),
            Kind = kind,
            Rule = rule,
            StartMs = startMs,
            DurationMs = durationMs,
            Ranged = !StringValues.IsNullOrEmpty(context.Request.Headers.Range),
            // A request that does not count is kept only for the rule that says why.
            Cmcd = rule == HitRule.Counted ? request.Cmcd : null,
        };
        if (!HttpMethods.IsHead(context.Request.Method))
            return outbox.RecordAsync(hit);
        outbox.Note(hit);
        return new(true);
    }

    /// <summary>Records event reports of a valid session, together.</summary>
    /// <param name="reports">Each with its playhead on the content's timeline.</param>
    public async Task RecordAsync(HttpContext context, WatchRequest request, IReadOnlyList<(int ContentMs, Cmcd Told)> reports)
    {
        var report = Of(context, request) with { Path = ReportEndpoint.Name, Kind = HitKind.Report, Rule = HitRule.Counted };
        await Task.WhenAll(reports.Select(each => outbox.RecordAsync(report with { StartMs = Math.Max(0, each.ContentMs), DurationMs = Math.Max(0, -each.ContentMs), Cmcd = each.Told }).AsTask()));
    }

    /// <summary>The path below the video that a hit is kept under.</summary>
    public static string PathOf(WatchRequest request) => WatchPath.Kept(WatchPath.Readable(WatchRouter.WithoutRevision(request.Below)));

    private Hit Of(HttpContext context, WatchRequest request) => new()
    {
        // An expired token is still ours, so its session's trace can tell; a forged one names a session that is somebody else's.
        Session = request.Verdict is SessionVerdict.Valid or SessionVerdict.Expired ? request.Token.Id : Guid.Empty,
        Video = request.VideoName,
        AtMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
        Trailer = request.Token.Trailer,
        Player = PlayerFamilies.Of(context.Request.Headers.UserAgent.ToString()),
    };

    private static HitRule Rule(HttpContext context, WatchRequest request, bool forged)
    {
        // Before everything else: a preview must leave no session in the ledger.
        if (request.Token.Preview)
            return HitRule.Preview;
        if (HttpMethods.IsHead(context.Request.Method))
            return HitRule.Head;
        return request.Verdict switch
        {
            SessionVerdict.None => HitRule.Anonymous,
            SessionVerdict.Expired => HitRule.ExpiredSession,
            SessionVerdict.Forged => HitRule.ForgedSession,
            _ when forged => HitRule.ForgedDuration,
            _ => HitRule.Counted,
        };
    }
}
