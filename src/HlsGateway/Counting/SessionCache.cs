namespace HlsGateway.Counting;

/// <summary>
/// Sessions as they were written last, so that those that go on are not read again. Memory is bounded: once the newer half is full, what
/// was not written since it began is forgotten. Only for the one process that writes the ledger.
/// </summary>
/// <param name="mostBytes">Of all of them together, about.</param>
internal sealed class SessionCache(long mostBytes = SessionCache.MostBytes)
{
    /// <summary>Some 20,000 sessions of a clip, each of some 1.5 KB.</summary>
    private const long MostBytes = 32L << 20;

    private Dictionary<Guid, (SessionState State, long Weight)> newer = [];
    private Dictionary<Guid, (SessionState State, long Weight)> older = [];
    private long weight;

    public SessionState? Find(Guid session) => newer.GetValueOrDefault(session).State ?? older.GetValueOrDefault(session).State;

    public void Keep(SessionState state)
    {
        var more = state.Weight;
        if (newer.Remove(state.Session, out var before))
            weight -= before.Weight;
        // One that would push out all others is read again.
        if (more > mostBytes / 64)
        {
            older.Remove(state.Session);
            return;
        }
        if (weight + more > mostBytes / 2)
        {
            (newer, older) = (older, newer);
            newer.Clear();
            weight = 0;
        }
        newer.Add(state.Session, (state, more));
        weight += more;
    }

    public void Clear()
    {
        newer.Clear();
        older.Clear();
        weight = 0;
    }
}
