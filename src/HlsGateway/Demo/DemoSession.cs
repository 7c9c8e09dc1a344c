using HlsGateway.Analytics;
using HlsGateway.Counting;
using HlsGateway.Playback;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace HlsGateway.Demo;

/// <summary>What the demo page shows of the session that plays on it.</summary>
internal sealed record DemoCounts(
    Basis Basis, long SegmentsFetched, double SecondsFetched, double WatchSecondsLow, double WatchSeconds, double TrailerSecondsLow, double TrailerSeconds, bool CompletedLow, bool Completed);

/// <summary>
/// <c>GET /demo/session?session_id=</c>: a viewer of the demo video sees the counts of the session whose token the page has.
/// The token's signature is the permission, so the page needs no API token; it answers for no other video.
/// </summary>
internal sealed class DemoSession(SessionQueries sessions, SigningKeys keys, IOptions<SessionsOptions> options, TimeProvider time)
{
    private static readonly string Path = $"{DemoVideo.Video}/playlist.m3u8";

    public async Task<Results<Ok<DemoCounts>, ProblemHttpResult>> AnswerAsync(string? token, CancellationToken ct)
    {
        var verdict = SessionToken.Verify(keys, token ?? "", Path, options.Value.Lifetime, time.GetUtcNow(), out var session, out _);
        if (verdict != SessionVerdict.Valid || session.Preview)
            return Problems.Of(Problem.NoDemoSession, "Reload the page: it starts a new session.");
        return await sessions.FindAsync(session.Id, ct) is { } report
            ? TypedResults.Ok(new DemoCounts(
                report.Basis, report.SegmentsFetched, report.SecondsFetched, report.WatchSecondsLow, report.WatchSeconds, report.TrailerSecondsLow, report.TrailerSeconds, report.CompletedLow, report.Completed))
            : TypedResults.Ok(new DemoCounts(Basis.Fetched, 0, 0, 0, 0, 0, 0, CompletedLow: false, Completed: false));
    }
}
