using System.Runtime.InteropServices;

namespace HlsGateway.Counting;

/// <summary>
/// What a run of recorded requests does to sessions and sums. The rules of merging, once for both databases: each hands in what
/// it holds and writes the result, in one transaction.
/// </summary>
/// <param name="read">The session as the ledger holds it, locked against others; null when it holds none.</param>
/// <param name="known">Whether the ledger knows a video of that name.</param>
/// <param name="tracedFrom">Unix ms: requests before it are counted and not traced.</param>
/// <param name="expired">Unix ms: a session that began before it and is not in the ledger may have been there, empty, and have expired.</param>
internal sealed class MergePortion(
    RollupRules rules, int traceLimit, VideoLengths lengths, Func<Guid, SessionState?> read, Func<string, bool> known, Func<long> expired, long tracedFrom = 0)
{
    private const long Quarter = 15 * 60 * 1000;
    private readonly Dictionary<Guid, SessionState> touched = [];
    private SessionState? current;

    public RollupSums Sums { get; } = new(rules);

    /// <summary>Requests without a session of ours, by quarter of an hour.</summary>
    public Dictionary<(string Video, long Quarter, HitRule Rule, HitKind Kind), (long Requests, long FetchedMs)> Nameless { get; } = [];

    /// <summary>Latest end of a content segment, per video, milliseconds.</summary>
    public Dictionary<string, int> Ends { get; } = new(StringComparer.Ordinal);

    /// <summary>The requests that belong in the traces of their sessions.</summary>
    public TraceRows Traces { get; } = new();

    /// <summary>Sessions as they are now; after <see cref="Close"/>.</summary>
    public IEnumerable<SessionState> Sessions => touched.Values.Where(state => state.Requests > 0);

    /// <summary>Requests of one session that come one after the other are cheapest.</summary>
    /// <param name="seq">The request's number.</param>
    public void Add(long seq, in Hit hit)
    {
        if (IsNameless(in hit))
            AddNameless(in hit);
        else if (Apply(in hit) && hit.AtMs >= tracedFrom)
            Traces.Add(seq, in hit);
    }

    /// <summary>True when the request belongs in its session's trace.</summary>
    private bool Apply(in Hit hit)
    {
        if (current is not { } state || state.Session != hit.Session)
            current = state = Touch(in hit);
        if (state.Requests == 0 && Uuid7.UnixMs(hit.Session) < expired())
        {
            // A request that does not count must not bring an expired empty session back; a counted one that comes late does.
            if (hit.Rule != HitRule.Counted)
            {
                AddNameless(hit with { Rule = HitRule.ExpiredSession });
                return false;
            }
            state.Resumed = true;
        }
        // A token is bound to its video; a request for another one is not the session's.
        if (state.Video != hit.Video)
        {
            AddNameless(hit with { Rule = HitRule.ForgedSession });
            return false;
        }
        var handout = state.Apply(in hit);
        // Rule H4: it was played; it is counted apart and shown in the trace as well.
        if (hit.Rule == HitRule.ExpiredSession)
            AddNameless(in hit);
        if (hit.Kind == HitKind.Content && hit.Rule == HitRule.Counted)
        {
            ref var end = ref CollectionsMarshal.GetValueRefOrAddDefault(Ends, hit.Video, out _);
            end = Math.Max(end, SessionState.Window(in hit).End);
            if (handout.Counts)
                Sums.Played(state, SessionState.Window(in hit), 1);
            if (handout.Displaced is { } displaced)
                Sums.Played(state, displaced, -1);
        }
        return state.Requests <= traceLimit;
    }

    private SessionState Touch(in Hit hit)
    {
        ref var state = ref CollectionsMarshal.GetValueRefOrAddDefault(touched, hit.Session, out _);
        if (state is null)
        {
            state = read(hit.Session) ?? new SessionState { Session = hit.Session, Video = hit.Video };
            Sums.Take(state);
        }
        return state;
    }

    /// <summary>No more requests: the sums are updated from the changed sessions.</summary>
    public void Close()
    {
        foreach (var state in Sessions)
        {
            if (lengths.TryGet(state.Video, out var length))
                state.ContentMs = length;
            Sums.Give(state);
        }
    }

    public void Clear()
    {
        touched.Clear();
        current = null;
        Traces.Clear();
        Nameless.Clear();
        Ends.Clear();
        Sums.Clear();
    }

    /// <summary>Belongs to no session, whatever the ledger holds.</summary>
    public static bool IsNameless(in Hit hit) => hit.Session == Guid.Empty || hit.Rule is HitRule.Anonymous or HitRule.Preview;

    private void AddNameless(in Hit hit)
    {
        // A made-up name must not make a row: what is not in the video table is counted under no name.
        var video = lengths.Contains(hit.Video) || Ends.ContainsKey(hit.Video) || known(hit.Video) ? hit.Video : "";
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(Nameless, (video, hit.AtMs / Quarter * Quarter, hit.Rule, hit.Kind), out _);
        var (start, end) = SessionState.Window(in hit);
        sum = (sum.Requests + 1, sum.FetchedMs + (hit.Kind is HitKind.Content or HitKind.Live ? end - start : 0));
    }
}
