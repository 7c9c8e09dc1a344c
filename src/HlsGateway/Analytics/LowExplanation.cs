using System.Globalization;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>How the lower bound of a session came about.</summary>
/// <param name="Rule">Stable name: <c>event_reports</c>, <c>buffer</c> or <c>stretches</c>.</param>
/// <param name="Told">Event reports, or requests with a buffer, that it rests on; 0 where the player told nothing.</param>
/// <param name="LastAt">When the last of them was: of reports by the player's clock, of requests by ours.</param>
/// <param name="LastPlayheadSeconds">Where the player was then, on the content's timeline; for a trailer segment on the trailer's.</param>
/// <param name="BufferSeconds">What the last of the requests told to be in the buffer, or <c>Analytics:PlayerBuffer</c> where the player tells nothing.</param>
/// <param name="SubtractedSeconds">What was subtracted in all for media that may not have been shown.</param>
/// <param name="CutToSeconds">The time between the first and the last request at the player's rate, where more seemed proven than that.</param>
/// <param name="Why">All of it in words.</param>
internal sealed record LowExplanation(
    string Rule, int Told, DateTime? LastAt, double? LastPlayheadSeconds, double? BufferSeconds, double SubtractedSeconds, double? CutToSeconds, string Why)
{
    /// <param name="requests">The session's, as far as they are kept: a buffer is read there.</param>
    public static LowExplanation Of(SessionState state, AnalyticsOptions options, IReadOnlyList<Hit> requests)
    {
        var buffer = (long)options.PlayerBuffer.TotalMilliseconds;
        var proof = Proof.Of(state, buffer);
        double? cut = proof.FoundMs > proof.MostMs ? proof.MostMs / 1000.0 : null;
        var (content, trailer) = (Seconds(proof.Content.Length), state.TrailerWatched.Length > 0 ? $" Of the trailer {Seconds(proof.Trailer.Length)} are proven in the same way." : "");
        var end = trailer + (cut is { } most ? $" No more counts than the {Seconds((long)(most * 1000))} that passed between the first and the last request, at the player's rate." : "");
        switch (proof.Basis)
        {
            case Basis.Measured:
                var report = state.Reports.Last;
                return new LowExplanation(
                    "event_reports", state.Reports.Count, Time(report.AtMs), report.Ms / 1000.0, null, 0, cut,
                    $"The player sent {Many(state.Reports.Count, "event report")}, the last at {Clock(report.AtMs)} by its own clock, when it was at {Seconds(report.Ms)}. What it played from each report to the next, of what was handed out, is {content} of the content: nothing is subtracted.{end}");
            case Basis.Buffered:
                var playhead = state.Playheads.Last;
                double? ahead = requests.LastOrDefault(hit => Playhead.Of(in hit) == playhead).Cmcd?.BufferMs / 1000.0;
                var rounded = state.Playheads.Played((int)Math.Max(state.ContentMs, state.Watched.End), state.TrailerWatched.End).Intervals.Count * Playheads.Rounding;
                return new LowExplanation(
                    "buffer", state.Playheads.Count, Time(playhead.AtMs), playhead.Ms / 1000.0, ahead, rounded / 1000.0, cut,
                    $"{Many(state.Playheads.Count, "request")} told how much the player had in its buffer, the last at {Clock(playhead.AtMs)}{(ahead is { } told ? $" with {Seconds((long)(told * 1000))}" : "")}: the start of what was asked for less that is where it was, {Seconds(playhead.Ms)}{(playhead.OfTrailer ? " on the trailer" : "")}. What lies between such positions, less {Seconds(rounded)} because they are rounded, is {content} of the content. What was in the buffer at the last request may never have been shown.{end}");
            default:
                var subtracted = state.Watched.Intervals.Sum(stretch => Math.Min(buffer, stretch.End - stretch.Start));
                return new LowExplanation(
                    "stretches", 0, null, null, buffer / 1000.0, subtracted / 1000.0, cut,
                    $"The player told nothing of itself. {Seconds(state.Watched.Length)} of the content were handed out in {Many(state.Watched.Intervals.Count, "unbroken stretch", "unbroken stretches")}; of each, up to {Seconds(buffer)} may have been in its buffer and never shown (Analytics:PlayerBuffer), in all {Seconds(subtracted)}. That leaves {content}.{end}");
        }
    }

    private static DateTime Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;

    private static string Clock(long ms) => Rfc3339.Text(DateTimeOffset.FromUnixTimeMilliseconds(ms));

    private static string Seconds(long ms) => (ms / 1000.0).ToString("0.### 's'", CultureInfo.InvariantCulture);

    private static string Many(int count, string one, string? more = null) => count == 1 ? $"1 {one}" : $"{count.ToString(CultureInfo.InvariantCulture)} {more ?? one + "s"}";
}
