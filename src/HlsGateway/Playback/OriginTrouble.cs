using HlsGateway.Telemetry;
using Yarp.ReverseProxy.Model;

namespace HlsGateway.Playback;

/// <summary>How each destination of the origin answered last. Its trouble is told in the log once when it begins, and once when it ends.</summary>
internal sealed class OriginTrouble(TimeProvider time, ILogger<OriginTrouble> log)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (OriginReason? Reason, long At)> latest = new(StringComparer.Ordinal);

    public void Failed(DestinationState destination, OriginReason reason)
    {
        bool begins;
        lock (gate)
        {
            begins = !latest.TryGetValue(destination.DestinationId, out var before) || before.Reason is null;
            latest[destination.DestinationId] = (reason, time.GetTimestamp());
        }

        if (begins) log.OriginDown(destination.DestinationId, Uri.TryCreate(destination.Model.Config.Address, UriKind.Absolute, out var address) ? address.Authority : "", reason.Detail);
    }

    public void Answered(DestinationState destination)
    {
        bool ends;
        lock (gate)
        {
            if (latest.TryGetValue(destination.DestinationId, out var before) && before.Reason is null) return;
            ends = before.Reason is not null;
            latest[destination.DestinationId] = (null, time.GetTimestamp());
        }

        if (ends) log.OriginUp(destination.DestinationId);
    }

    /// <summary>Whether anything is known of it, what its trouble is, and how long ago that was seen.</summary>
    public (bool IsKnown, OriginReason? Reason, TimeSpan Age) Of(DestinationState destination)
    {
        lock (gate)
            return latest.TryGetValue(destination.DestinationId, out var known) ? (true, known.Reason, time.GetElapsedTime(known.At)) : default;
    }
}
