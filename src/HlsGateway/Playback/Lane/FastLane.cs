using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using HlsGateway.Counting;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback.Lane;

/// <summary>What the lane answers a request with.</summary>
/// <param name="Answer">Null: it does not answer.</param>
/// <param name="Text">Of a playlist, plain or zipped.</param>
internal readonly record struct LaneRequest(PreparedAnswer? Answer, SessionText? Text, VerifiedSession Session, PlayerFamily Player, bool Ranged, Cmcd? Cmcd, long AtMs);

/// <summary>
/// The door of the fast lane: on each connection without TLS it stands between the socket and Kestrel's HTTP, and answers by itself what the ordinary path has
/// answered before (<see cref="PreparedAnswers"/>): redirects of segments and Media Playlists. One option switches it off (docs/decisions/0007-fast-lane.md).
/// </summary>
internal sealed class FastLane
{
    [ThreadStatic]
    private static LaneHead? head;

    private readonly PreparedAnswers prepared;
    private readonly Outbox outbox;
    private readonly GatewayMetrics metrics;
    private readonly Departure departure;

    /// <summary>The names of <c>AllowedHosts</c>; patterns among them are the ordinary path's. Null: any.</summary>
    private string[]? hosts;

    public FastLane(PreparedAnswers prepared, Outbox outbox, GatewayMetrics metrics, Departure departure, IOptions<KestrelServerOptions> kestrel, IOptionsMonitor<HostFilteringOptions> filter, TimeProvider time)
    {
        (this.prepared, this.outbox, this.metrics, this.departure) = (prepared, outbox, metrics, departure);
        (Limits, Time) = (kestrel.Value.Limits, time);
        hosts = NamesOf(filter.CurrentValue);
        filter.OnChange(changed => hosts = NamesOf(changed));
    }

    public KestrelServerLimits Limits { get; }

    public TimeProvider Time { get; }

    /// <summary>Puts the lane in front of every endpoint, where it is wanted.</summary>
    public static void Open(WebApplicationBuilder builder)
    {
        if (!IsWanted(builder.Configuration))
            return;
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.ConfigureEndpointDefaults(static endpoint =>
        {
            var lane = new Lazy<FastLane>(endpoint.ApplicationServices.GetRequiredService<FastLane>);
            ((IConnectionBuilder)endpoint).Use(next => connection => endpoint.Protocols.HasFlag(HttpProtocols.Http1) ? lane.Value.ServeAsync(connection, next) : next(connection));
        }));
    }

    /// <summary>Serves one connection.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var transport = connection.Transport;
        connection.Transport = new Duplex(new LaneReader(this, connection), transport.Output);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    /// <summary>Looks at what a client has sent.</summary>
    /// <param name="mayAnswer">Kestrel has seen nothing of this request.</param>
    /// <param name="looked">How much of it was looked at before.</param>
    /// <param name="length">Of the head, where it is complete.</param>
    public HeadKind Look(in ReadOnlySequence<byte> buffer, bool mayAnswer, ref long looked, out int length, out LaneRequest request)
    {
        request = default;
        length = 0;
        // Without a new line there is nothing new to read: a client that sends its head byte by byte costs no more than its bytes.
        if (looked > 0 && buffer.Slice(looked).PositionOf((byte)'\n') is null && buffer.Length < Limits.MaxRequestLineSize)
        {
            looked = buffer.Length;
            return HeadKind.Incomplete;
        }
        var read = head ??= new LaneHead();
        var kind = read.Read(buffer, Limits, hosts, out length);
        if (kind == HeadKind.Incomplete)
        {
            looked = buffer.Length;
            // Kestrel knows how long a head may be.
            return buffer.Length < Limits.MaxRequestLineSize ? kind : HeadKind.Other;
        }
        // A gateway that leaves ends each connection with an answer that says so, which is Kestrel's.
        if (kind == HeadKind.Simple && mayAnswer && !departure.HasBegun && read.TryTarget(out var target))
            request = Find(read, target);
        return kind;
    }

    /// <summary>Records a segment's hit, as <see cref="HitRecorder"/> does.</summary>
    public ValueTask<bool> RecordAsync(PreparedRedirect answer, in LaneRequest request, HitWaiter waiter) => outbox.RecordAsync(
        new Hit(
            request.Session.Token.Id, answer.VideoName, answer.Path, answer.Kind, HitRule.Counted, answer.StartMs, answer.DurationMs, request.AtMs,
            request.Session.Token.Trailer, request.Player)
        {
            Cmcd = request.Cmcd,
            Ranged = request.Ranged,
        },
        waiter);

    /// <summary>Not where somebody collects figures and traces of each request: the lane has none.</summary>
    private static bool IsWanted(ConfigurationManager configuration) =>
        GatewayOptions.Of(configuration) is { FastLane: true } gateway && gateway.Has("gateway")
        && string.IsNullOrEmpty(configuration[Exports.EndpointKey]);

    private static string[]? NamesOf(HostFilteringOptions filter) => filter.AllowedHosts is { Count: > 0 } names && !names.Contains("*") ? [.. names] : null;

    private LaneRequest Find(LaneHead read, in LaneTarget target)
    {
        if (prepared.Find(target.Key) is not { } answer || !prepared.Holds(answer))
            return default;
        var now = Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (prepared.Session(target.Token, answer.Video, now) is not { } session)
            return default;
        SessionText? text = null;
        if (answer is PreparedPlaylist playlist)
        {
            // The ordinary path zips it, once.
            text = read.TakesGzip && WatchAnswer.MayBeZipped(playlist.Template) ? playlist.Template.Gzip : playlist.Template;
            if (text is null || session.Token.Trailer != playlist.Trailer || session.Token.Placement != playlist.Placement)
                return default;
        }
        metrics.AnsweredFast();
        return new(answer, text, session, read.Player, read.Ranged, target.Cmcd.IsEmpty ? null : ClientData.Read(Encoding.ASCII.GetString(target.Cmcd)), now);
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
