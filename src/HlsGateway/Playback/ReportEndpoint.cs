using System.Text;
using System.Threading.RateLimiting;
using HlsGateway.Access;
using HlsGateway.Counting;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>
/// <c>POST /watch/{video}/…/~cmcd?session_id=</c>: event reports of a player (CTA-5004 version 2), one a line, of any Content-Type: a page
/// on another host can send text/plain without a CORS preflight. The token is the segment URLs' own: whoever holds it may fetch as that
/// session already, and a report can prove no more than what was fetched. Nothing that is sent is an error to the player.
/// </summary>
internal sealed class ReportEndpoint(
    SigningKeys keys, TrailerLibrary trailers, HitRecorder hits, Outbox outbox, GatewayMetrics metrics, IOptions<SessionsOptions> sessions,
    IOptions<LedgerOptions> ledger, TimeProvider time) : IDisposable
{
    /// <summary>Beside or below any playlist of the video; no origin's path begins with the mark.</summary>
    public const string Name = "~cmcd";

    private const int MostBytes = 16 * 1024;
    private const int MostLines = 64;

    /// <summary>A player reports every few seconds and at each change of state; a page that was offline sends what it kept.</summary>
    private readonly PartitionedRateLimiter<Guid> rate = PartitionedRateLimiter.Create<Guid, Guid>(session => RateLimitPartition.GetTokenBucketLimiter(
        session, _ => new() { TokenLimit = 2 * MostLines, TokensPerPeriod = 8, ReplenishmentPeriod = TimeSpan.FromSeconds(1), AutoReplenishment = false }));

    public static bool IsNamedBy(PathString path) => path.Value?.EndsWith("/" + Name, StringComparison.Ordinal) is true;

    public async Task ServeAsync(HttpContext context)
    {
        WatchAnswer.AllowAnyOrigin(context.Response);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        if (WatchRequest.Read(context, keys, sessions.Value.Lifetime, time.GetUtcNow()) is not { Verdict: SessionVerdict.Valid, Token.Preview: false } request)
        {
            metrics.PlayReports("no_session", 1);
            return;
        }

        if (await BoundedBody.ReadAsync(context.Request, MostBytes, context.RequestAborted) is not { } body)
        {
            metrics.PlayReports("too_large", 1);
            await Problems.Of(Problem.TooLarge, $"Send at most {MostBytes} bytes at once, a line for each event.").ExecuteAsync(context);
            return;
        }

        var reports = Read(Encoding.UTF8.GetString(body.Span), request.Token);
        if (reports.Count > 0 && Admit(request.Token.Id, reports.Count))
            await hits.RecordAsync(context, request, reports);
    }

    public void Dispose() => rate.Dispose();

    private List<(int ContentMs, Cmcd Told)> Read(ReadOnlySpan<char> text, in SessionToken token)
    {
        var reports = new List<(int, Cmcd)>();
        var (lines, malformed, untold) = (0, 0, 0);
        foreach (var range in text.Split('\n'))
        {
            var line = text[range].Trim();
            if (line.IsEmpty)
                continue;
            if (++lines > MostLines)
                break;
            if (Cmcd.Parse(line) is not { Event.Length: > 0 } told)
                malformed++;
            else if (told is { PlayheadMs: { } playhead, EventAtMs: not null, State.Length: > 0 } && ContentMs(token, playhead) is { } ms)
                reports.Add((ms, new Cmcd { Event = told.Event, EventAtMs = told.EventAtMs, PlayheadMs = playhead, State = told.State, Rate = told.Rate, Sid = told.Sid }));
            else
                untold++;
        }

        if (lines > MostLines)
            metrics.PlayReports("too_many", 1);
        if (malformed > 0)
            metrics.PlayReports("malformed", malformed);
        // Reports that do not say where and whether the player played: plain hls.js sends no playhead.
        if (untold > 0)
            metrics.PlayReports("no_playhead", untold);
        return reports;
    }

    /// <summary>The playhead on the content's timeline, negative in a trailer in front of it; null after a trailer whose place on the player's timeline is not known.</summary>
    private int? ContentMs(in SessionToken token, int playhead) => token.Placement switch
    {
        TrailerPlacement.Before => trailers.ById(token.Trailer) is { } trailer ? playhead - trailer.Source.DurationMs : null,
        TrailerPlacement.InterstitialBefore => null,
        _ => playhead,
    };

    /// <summary>Reports must crowd out neither each other nor the requests that count.</summary>
    private bool Admit(Guid session, int count)
    {
        using var lease = rate.AttemptAcquire(session, count);
        var outcome = !lease.IsAcquired ? "limited" : outbox.Depth > ledger.Value.QueueLimit / 2 ? "busy" : "kept";
        metrics.PlayReports(outcome, count);
        return outcome == "kept";
    }
}
