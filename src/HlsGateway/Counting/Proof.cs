namespace HlsGateway.Counting;

/// <summary>
/// What of a session must have been played. Where the player reports its playing: what lies between its reports
/// (<see cref="PlayReports.Played"/>). Where it tells its buffer alone: between its playheads (<see cref="Playheads.Played"/>).
/// Otherwise of each unbroken stretch of media time that was handed out, its length less the most that a player keeps ahead. In all
/// cases only what was handed out, and no more than the time between the session's first and last request at the player's rate; content
/// and trailer share that time, for nobody plays both at once.
/// </summary>
/// <param name="Content">Earliest first, on the content's timeline.</param>
/// <param name="Trailer">On the trailer's timeline.</param>
/// <param name="FoundMs">How much there was before it was cut to <paramref name="MostMs"/>.</param>
/// <param name="MostMs">What the time allows.</param>
internal readonly record struct Proof(Basis Basis, IntervalSet Content, IntervalSet Trailer, long FoundMs, long MostMs)
{
    /// <summary>Nobody adds to it.</summary>
    private static readonly IntervalSet Nothing = new();

    /// <param name="bufferMs">The most a player keeps ahead: so much of an unbroken stretch may never have been shown.</param>
    public static Proof Of(SessionState state, long bufferMs)
    {
        var most = Math.Max(0, state.LastAt - state.FirstAt) * Math.Max(state.Playheads.Fastest, state.Reports.Fastest) / 100;
        var (left, found) = (most, 0L);
        // Most sessions have fetched no trailer.
        var withTrailer = state.TrailerWatched.Length > 0;
        var end = (int)Math.Min(int.MaxValue, Math.Max(state.ContentMs, state.Watched.End));
        switch (state.Basis)
        {
            case Basis.Measured:
                var played = state.Reports.Played();
                return new Proof(
                    Basis.Measured, Cut(state.Watched.And(played), ref left, ref found),
                    withTrailer ? Cut(state.TrailerWatched.And(PlayReports.OfTrailer(played, end, state.TrailerWatched.End)), ref left, ref found) : Nothing, found, most);
            case Basis.Buffered:
                return new Proof(
                    Basis.Buffered, Cut(state.Watched.And(state.Playheads.Played(end, state.TrailerWatched.End)), ref left, ref found),
                    withTrailer ? Cut(state.TrailerWatched.And(state.Playheads.PlayedOfTrailer(end, state.TrailerWatched.End)), ref left, ref found) : Nothing, found, most);
            default:
                return new Proof(
                    Basis.Fetched, Beyond(state.Watched, bufferMs, ref left, ref found),
                    withTrailer ? Beyond(state.TrailerWatched, bufferMs, ref left, ref found) : Nothing, found, most);
        }
    }

    /// <summary>What of each stretch no buffer can hold. Most sessions come by here, with each merge: nothing is made where nothing is proven.</summary>
    private static IntervalSet Beyond(IntervalSet handedOut, long bufferMs, ref long left, ref long found)
    {
        IntervalSet? low = null;
        foreach (var (start, end) in handedOut.AsSpan())
        {
            if (end - start > bufferMs)
                Cut(ref low, start, (int)(end - bufferMs), ref left, ref found);
        }
        return low ?? Nothing;
    }

    private static IntervalSet Cut(IEnumerable<(int Start, int End)> stretches, ref long left, ref long found)
    {
        IntervalSet? low = null;
        foreach (var (start, end) in stretches) Cut(ref low, start, end, ref left, ref found);
        return low ?? Nothing;
    }

    /// <summary>The earliest of it, as much as the time allows.</summary>
    private static void Cut(ref IntervalSet? low, int start, int end, ref long left, ref long found)
    {
        found += end - start;
        var proven = Math.Min(left, end - start);
        if (proven <= 0)
            return;
        (low ??= new()).Add(start, (int)(start + proven));
        left -= proven;
    }
}
