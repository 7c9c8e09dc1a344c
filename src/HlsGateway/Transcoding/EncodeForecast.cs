namespace HlsGateway.Transcoding;

/// <summary>
/// Expects when a video will be ready. Early it trusts the machine's earlier jobs, then more and more what it sees of this one: the times at which
/// segments of the largest rung appear. A pure calculation over its clock.
/// </summary>
/// <param name="seconds">Of content.</param>
/// <param name="usual">Seconds that a whole job of this size usually takes here; null while no job has ended here.</param>
/// <param name="sinceBegin">Time since the job began.</param>
internal sealed class EncodeForecast(double seconds, double? usual, Func<TimeSpan> sinceBegin)
{
    /// <summary>Seconds of content that are encoded and not written yet: what the encoder looks ahead, and what waits in the muxer. Measured.</summary>
    private const double Ahead = 4;

    /// <summary>What follows the encoding (measuring, storing, publishing): a second, and a part of the encoding's own time. Measured.</summary>
    private const double AfterSeconds = 0.6;
    private const double AfterShare = 0.04;

    /// <summary>At this share of the content, what was seen of this job counts as much as what earlier jobs took.</summary>
    private const double Even = 0.15;

    private double firstAt, firstContent, lastAt, lastContent;
    private bool any;

    /// <summary>So many seconds of content are written.</summary>
    public void Reached(double content)
    {
        if (any && content <= lastContent)
            return;
        (lastAt, lastContent) = (Elapsed, content);
        if (!any)
            (firstAt, firstContent, any) = (lastAt, lastContent, true);
    }

    /// <summary>Content that is probably written by now: between two segments it goes on at the pace seen so far, and never beyond the next one.</summary>
    /// <param name="step">Seconds of content in a segment.</param>
    public double Content(double step) => Pace is { } pace ? Math.Min(lastContent + Math.Min((Elapsed - lastAt) / pace, step * 0.99), seconds) : lastContent;

    /// <summary>Seconds until the video is ready; null while there is nothing to go by.</summary>
    public double? Remaining
    {
        get
        {
            var elapsed = Elapsed;
            double? seen = Pace is { } pace ? After(Math.Max(elapsed, lastAt + (Math.Max(0, seconds - lastContent - Ahead) * pace))) : null;
            var share = Math.Min(1, lastContent / seconds);
            var weight = share / (share + Even);
            var total = (seen, usual) switch
            {
                ({ } a, { } b) => (a * weight) + (b * (1 - weight)),
                (null, { } b) => b,
                ({ } a, null) => a,
                _ => (double?)null,
            };
            // What took longer than expected has its last steps before it still.
            return total is { } expected ? Math.Max(After(elapsed) - elapsed, expected - elapsed) : null;
        }
    }

    private double Elapsed => sinceBegin().TotalSeconds;

    /// <summary>Seconds for a second of content; null before a second segment has begun.</summary>
    private double? Pace => any && lastContent > firstContent ? (lastAt - firstAt) / (lastContent - firstContent) : null;

    private static double After(double encoded) => encoded + AfterSeconds + (AfterShare * encoded);
}
