using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace HlsGateway.Playback.Lane;

/// <summary>
/// The timeouts of a connection while Kestrel waits and the lane answers. Kestrel's own for an idle connection began when it began to wait, knows of no answer
/// of the lane's, and cannot be set aside from here: so Kestrel gets a request before it is over. Looked at once a second, with Kestrel's heartbeat.
/// </summary>
internal sealed class LanePace
{
    private readonly ConnectionContext connection;
    private readonly PipeReader input;
    private readonly KestrelServerLimits limits;
    private readonly TimeProvider time;
    private long lastAnswer;
    private long handed;
    private long mustBeTaken = long.MaxValue;
    private volatile bool isOurs;
    private volatile bool isOver;
    private volatile bool isStopping;

    public LanePace(ConnectionContext connection, PipeReader input, KestrelServerLimits limits, TimeProvider time)
    {
        (this.connection, this.input, this.limits, this.time) = (connection, input, limits, time);
        handed = NowMs;
        connection.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((LanePace)state).Look(), this);
    }

    /// <summary>The connection has been idle for as long as it may be.</summary>
    public bool IsOver => isOver;

    /// <summary>Kestrel wants no further request.</summary>
    public bool IsStopping => isStopping;

    private long NowMs => time.GetTimestamp() * 1000 / time.TimestampFrequency;

    public void Stop() => isStopping = true;

    /// <summary>The lane begins an answer.</summary>
    public void Begin()
    {
        Volatile.Write(ref lastAnswer, NowMs);
        isOurs = true;
    }

    /// <summary>Kestrel gets the next request, and with its first byte sets its own timeout.</summary>
    public void Hand() => (isOurs, handed) = (false, NowMs);

    /// <summary>False where Kestrel is to answer for once, since it closes a connection of which it has seen no request for the keep-alive timeout.</summary>
    public bool MayAnswer => NowMs - handed < limits.KeepAliveTimeout.TotalMilliseconds / 2;

    /// <summary>An answer waits for a client that takes nothing.</summary>
    /// <param name="bytes">Of it, at most.</param>
    public void Wait(int bytes)
    {
        if (limits.MinResponseDataRate is { } rate)
            Volatile.Write(ref mustBeTaken, NowMs + (long)(rate.GracePeriod.TotalMilliseconds + (bytes * 1000 / rate.BytesPerSecond)));
    }

    /// <summary>The answer was taken.</summary>
    public void Written()
    {
        if (mustBeTaken != long.MaxValue)
            Volatile.Write(ref mustBeTaken, long.MaxValue);
    }

    private void Look()
    {
        var now = NowMs;
        if (Volatile.Read(ref mustBeTaken) < now)
        {
            connection.Abort(new ConnectionAbortedException("The client takes less than Kestrel:Limits:MinResponseDataRate."));
        }
        else if (isOurs && now - Volatile.Read(ref lastAnswer) > limits.KeepAliveTimeout.TotalMilliseconds)
        {
            isOver = true;
            input.CancelPendingRead();
        }
    }
}
