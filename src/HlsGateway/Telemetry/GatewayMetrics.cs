using System.Diagnostics.Metrics;

namespace HlsGateway.Telemetry;

/// <summary>
/// The one Meter. Tags are small closed sets (a rule, a kind, a reason): never a video or a session id, which would make a
/// time series per viewer.
/// </summary>
internal sealed class GatewayMetrics : IDisposable
{
    public const string MeterName = "HlsGateway";

    private readonly Meter meter;
    private readonly Counter<long> playlistFetches;
    private readonly Counter<long> stalePlaylists;
    private readonly Counter<long> playlistsLeftAlone;
    private readonly Counter<long> sessionStartsBounded;
    private readonly Counter<long> urisLeftAlone;
    private readonly Counter<long> captionTrouble;
    private readonly Counter<long> playReports;
    private readonly Counter<long> captionJobs;
    private readonly Counter<long> cdnProbes;
    private readonly Counter<long> cdnMoves;
    private long fastAnswers;

    public GatewayMetrics(IMeterFactory meters)
    {
        meter = meters.Create(MeterName);
        playlistFetches = meter.CreateCounter<long>("hlsgateway.playlist.fetches", "{fetch}", "Playlists asked of the origin, by outcome.");
        stalePlaylists = meter.CreateCounter<long>("hlsgateway.playlist.stale", "{answer}", "Playlists served after their time because the origin gave no better one.");
        urisLeftAlone = meter.CreateCounter<long>("hlsgateway.playlist.uris_left_alone", "{uri}", "URIs of compiled playlists that are too long for a path, or whose variables only a player can resolve: they play uncounted.");
        playlistsLeftAlone = meter.CreateCounter<long>("hlsgateway.playlist.left_alone", "{playlist}", "Playlists on hosts that may not be fetched from: they play uncounted.");
        sessionStartsBounded = meter.CreateCounter<long>("hlsgateway.sessions.bounded", "{session}", "Sessions that did not begin because their network had reached Gateway:Sessions:StartsPerNetwork: their viewers play uncounted.");
        captionTrouble = meter.CreateCounter<long>("hlsgateway.captions.trouble", "{answer}", "Caption answers that are blank or without a clock, by reason.");
        playReports = meter.CreateCounter<long>("hlsgateway.reports", "{report}", "Event reports of players (CMCD), by what became of them.");
        captionJobs = meter.CreateCounter<long>("hlsgateway.captions.automatic", "{job}", "Jobs of automatic captions that ended here, by outcome.");
        cdnProbes = meter.CreateCounter<long>("hlsgateway.cdn.probes", "{probe}", "Questions to CDN bases whether they are up, by base and outcome.");
        cdnMoves = meter.CreateCounter<long>("hlsgateway.cdn.moves", "{move}", "Times that a CDN base went down or came back, and its viewers moved.");
        CaptionCommandDuration = meter.CreateHistogram<double>("hlsgateway.captions.automatic.duration", "s", "One run of the program that writes captions.");
        AuthenticationFailures = meter.CreateCounter<long>("hlsgateway.access.failures", "{request}", "Requests that carried a token that is not ours.");
        HitsRecorded = meter.CreateCounter<long>("hlsgateway.ledger.recorded", "{request}", "Requests that are durable in the ledger.");
        HitsLost = meter.CreateCounter<long>("hlsgateway.ledger.lost", "{request}", "Requests that were answered and not recorded.");
        HitsLate = meter.CreateCounter<long>("hlsgateway.ledger.late", "{request}", "Requests that were answered before their commit ended, and were recorded after all.");
        LedgerFailures = meter.CreateCounter<long>("hlsgateway.ledger.failures", "{failure}", "Times the ledger was closed after an error.");
        CommitDuration = meter.CreateHistogram<double>("hlsgateway.ledger.commit.duration", "s", "From taking a batch to its fsync.");
        CommitSize = meter.CreateHistogram<int>("hlsgateway.ledger.commit.size", "{request}", "Requests that shared one commit.");
        HitsForwarded = meter.CreateCounter<long>("hlsgateway.ledger.forwarded", "{request}", "Requests that were moved to PostgreSQL.");
        ForwardFailures = meter.CreateCounter<long>("hlsgateway.ledger.forward.failures", "{failure}", "Times that moving to PostgreSQL was broken off.");
        ForwardDuration = meter.CreateHistogram<double>("hlsgateway.ledger.forward.duration", "s", "One transaction that moves requests to PostgreSQL.");
        meter.CreateObservableCounter("hlsgateway.fast_lane.answers", () => Interlocked.Read(ref fastAnswers), "{answer}", "Requests of players that the fast lane answered by itself; the figures of Kestrel and of the framework about requests hold all others.");
        SubtitleRefreshFailures = meter.CreateCounter<long>("hlsgateway.subtitles.refresh_failures", "{failure}", "Times the caption index could not be brought up to date.");
        SpliceSkipped = meter.CreateCounter<long>("hlsgateway.splice.skipped", "{session}", "Sessions that got no trailer although one is active, by reason.");
    }

    /// <summary>Counters without tags are there from the start, at 0: an alarm on an increase would not see one that begins at 1.</summary>
    public void Begin()
    {
        Counter<long>[] plain =
        [
            stalePlaylists, playlistsLeftAlone, sessionStartsBounded, urisLeftAlone, AuthenticationFailures, SubtitleRefreshFailures,
            HitsRecorded, HitsLost, HitsLate, LedgerFailures, HitsForwarded, ForwardFailures,
        ];
        foreach (var counter in plain) counter.Add(0);
    }

    public Counter<long> AuthenticationFailures { get; }

    public Counter<long> SubtitleRefreshFailures { get; }

    public Counter<long> HitsRecorded { get; }

    public Counter<long> HitsLost { get; }

    public Counter<long> HitsLate { get; }

    public Counter<long> LedgerFailures { get; }

    public Counter<long> HitsForwarded { get; }

    public Counter<long> ForwardFailures { get; }

    public Histogram<double> ForwardDuration { get; }

    public Histogram<double> CommitDuration { get; }

    public Histogram<int> CommitSize { get; }

    /// <summary>Requests that wait for the disk, and those answered while their commit still runs.</summary>
    public void ObserveOutbox(Func<int> depth, Func<long> undecided)
    {
        meter.CreateObservableGauge("hlsgateway.ledger.depth", depth, "{request}", "Requests that wait for a commit.");
        meter.CreateObservableGauge("hlsgateway.ledger.undecided", undecided, "{request}", "Requests that were answered while their commit still runs.");
    }

    /// <summary>Requests that are on disk and not in PostgreSQL yet, and since when.</summary>
    public void ObserveForwarder(Func<long> depth, Func<double> lag)
    {
        meter.CreateObservableGauge("hlsgateway.ledger.forward.depth", depth, "{request}", "Requests that are on disk and not in PostgreSQL yet.");
        meter.CreateObservableGauge("hlsgateway.ledger.forward.lag", lag, "s", "How long ago PostgreSQL last had everything; 0 while it has.");
    }

    /// <summary>1 for each CDN base that is up, 0 for one that is down.</summary>
    public void ObserveCdn(Func<IEnumerable<Measurement<int>>> up) =>
        meter.CreateObservableGauge("hlsgateway.cdn.up", up, "{base}", "Whether a CDN base answers its probe: 1 or 0.");

    /// <summary>One question to a CDN base has been answered or not.</summary>
    public void CdnProbed(string name, bool good) => cdnProbes.Add(1, new("base", name), new("outcome", good ? "ok" : "failed"));

    /// <summary>A CDN base has gone down or come back.</summary>
    public void CdnMoved(string name) => cdnMoves.Add(1, new KeyValuePair<string, object?>("base", name));

    /// <summary>One fetch of a playlist from the origin has ended.</summary>
    public void PlaylistFetched(bool good) => playlistFetches.Add(1, new KeyValuePair<string, object?>("outcome", good ? "ok" : "failed"));

    /// <summary>A viewer got the last good playlist because the origin had no better one in time (rule H5).</summary>
    public void PlaylistServedStale() => stalePlaylists.Add(1);

    /// <summary>Playlists on hosts that may not be fetched from (rule I2).</summary>
    public void PlaylistsLeftAlone(int count) => playlistsLeftAlone.Add(count);

    /// <summary>A viewer plays without a session because of <c>Gateway:Sessions:StartsPerNetwork</c>.</summary>
    public void SessionStartBounded() => sessionStartsBounded.Add(1);

    /// <summary>The fast lane answers a request.</summary>
    public void AnsweredFast() => Interlocked.Increment(ref fastAnswers);

    /// <summary>URIs that are too long for a path of ours, or whose variables only a player can resolve (rules I6, I7).</summary>
    public void UrisLeftAlone(int count) => urisLeftAlone.Add(count);

    /// <summary>Captions were served blank, or without a clock.</summary>
    public void CaptionTrouble(string reason) => captionTrouble.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Event reports of players, a line each (or a whole body, where it was not read): kept, or why not.</summary>
    public void PlayReports(string outcome, int lines) => playReports.Add(lines, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A job of automatic captions has ended: <c>published</c>, <c>failed</c>, <c>superseded</c> (somebody else's captions, or a newer upload, were there first) or <c>cancelled</c>.</summary>
    public void AutomaticCaptionsEnded(string outcome) => captionJobs.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public Histogram<double> CaptionCommandDuration { get; }

    public Counter<long> SpliceSkipped { get; }

    public void Dispose() => meter.Dispose();
}
