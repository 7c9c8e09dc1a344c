using HlsGateway.Counting;

namespace HlsGateway.Tests.Counting.Judge;

/// <summary>One request that was answered, as the viewer remembers it.</summary>
/// <param name="BufferMs">CMCD <c>bl</c>; null when the player told none.</param>
/// <param name="Rate">CMCD <c>pr</c>.</param>
/// <param name="CountedApart">It is also among the requests without a session.</param>
internal sealed record Told(
    Guid Session, string Video, long At, HitKind Kind, HitRule Rule, string Path, int StartMs, int LengthMs, PlayerFamily Player, uint Trailer, int? BufferMs, decimal? Rate, bool CountedApart)
{
    /// <summary>Set for an event report.</summary>
    public ToldEvent? Event { get; init; }

    /// <summary>It asked for a range.</summary>
    public bool Ranged { get; init; }
}

/// <summary>What a player reported: at a time of its own clock (Unix ms), where it was, how fast, and whether it played on from there.</summary>
internal sealed record ToldEvent(long At, int Ms, decimal? Rate, bool Plays);

/// <summary>The definitions of docs/metrics.md once more, slowly and obviously: one cell for each millisecond. Shares no line with what it judges.</summary>
internal sealed class ToldSession
{
    public const int BufferMs = 9000;
    public const int ViewMs = 8000;

    private readonly List<Told> counted;
    private readonly int lengthMs;
    private readonly int[] handedOut;
    private readonly bool[] proven;
    private readonly SortedSet<int> trailer = [];
    private readonly SortedSet<int> provenTrailer = [];

    public ToldSession(Guid id, string video, IReadOnlyList<Told> requests)
    {
        (Id, Video, Requests) = (id, video, requests);
        lengthMs = JudgedStream.Of(video).LengthMs;
        (handedOut, proven) = (new int[lengthMs], new bool[lengthMs]);
        counted = [.. requests.Where(request => request.Rule == HitRule.Counted)];
        foreach (var request in Content)
        {
            for (var ms = request.StartMs; ms < request.StartMs + request.LengthMs; ms++) handedOut[ms]++;
        }
        foreach (var request in counted.Where(request => request.Kind == HitKind.Trailer)) trailer.UnionWith(Enumerable.Range(request.StartMs, request.LengthMs));
        Prove();
    }

    public Guid Id { get; }

    public string Video { get; }

    public IReadOnlyList<Told> Requests { get; }

    public DateTimeOffset StartedAt => DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(Id.ToString("n")[..12], 16));

    /// <summary>What was handed out: by requests without a range each time, by ranges once (rule H2).</summary>
    public IEnumerable<Told> Content => Segments(ranged: false).Concat(Segments(ranged: true).DistinctBy(request => request.Path));

    public int FurtherRanges => Segments(ranged: true).Count() - Segments(ranged: true).DistinctBy(request => request.Path).Count();

    public bool Impression => counted.Any(request => request.Kind == HitKind.SessionStart);

    public long FirstAt => counted.Count == 0 ? 0 : counted.Min(request => request.At);

    public long LastAt => counted.Count == 0 ? 0 : counted.Max(request => request.At);

    public int Fetched => Content.Count();

    public long FetchedMs => Content.Sum(request => (long)request.LengthMs);

    public int WatchMs => handedOut.Count(times => times > 0);

    public int LowMs => proven.Count(cell => cell);

    public int TrailerMs => trailer.Count;

    public int TrailerLowMs => provenTrailer.Count;

    public string Basis { get; private set; } = "fetched";

    public bool ViewLow => LowMs >= ViewMs;

    public bool CompletedLow => LowMs >= lengthMs - 1000;

    public bool View => WatchMs >= ViewMs;

    public bool Completed => WatchMs >= lengthMs - 1000;

    public IEnumerable<string> Renditions => Content.Select(request => request.Path.Split('/')[0]).Distinct();

    public IEnumerable<string> Captions => counted.Where(request => request.Kind == HitKind.Caption).Select(request => request.Path.Split('/')[1]).Distinct();

    public PlayerFamily Player => counted.Select(request => request.Player).DefaultIfEmpty().Max();

    public uint Trailer => counted.Select(request => request.Trailer).DefaultIfEmpty().Max();

    public int Handed(int second) => handedOut.ElementAtOrDefault((second * 1000) + 500);

    public bool Proven(int second) => proven.ElementAtOrDefault((second * 1000) + 500);

    /// <summary>The last second that was handed out, by its middle; -1 for none.</summary>
    public int Left => Enumerable.Range(0, (lengthMs / 1000) + 1).LastOrDefault(second => Handed(second) > 0, -1);

    /// <summary>The last second whose middle was passed for certain; -1 for none.</summary>
    public int LeftLow => Enumerable.Range(0, (lengthMs / 1000) + 1).LastOrDefault(second => (second * 1000) + 500 < Array.LastIndexOf(proven, true) + 1, -1);

    private IEnumerable<Told> Segments(bool ranged) => counted.Where(request => request.Kind == HitKind.Content && request.Ranged == ranged);

    private void Prove()
    {
        var told = counted.Where(request => request is { Kind: HitKind.Content or HitKind.Trailer, BufferMs: > 0 })
            .Select(request => (request.At, Ms: request.StartMs - request.BufferMs!.Value, Rate: Math.Clamp(request.Rate ?? 1, 0, 4), OfTrailer: request.Kind == HitKind.Trailer))
            .OrderBy(each => each.At).ThenBy(each => each.Ms).ThenBy(each => each.Rate).ThenBy(each => each.OfTrailer).ToList();
        var events = counted.Select(request => request.Event).OfType<ToldEvent>().Distinct()
            .Select(each => (each.At, each.Ms, Rate: Math.Clamp(each.Rate ?? 1, 0, 4), each.Plays)).Order().ToList();
        foreach (var (earlier, later) in events.Zip(events.Skip(1)))
        {
            if (!earlier.Plays || later.Ms - earlier.Ms > Math.Floor((later.At - earlier.At) * Math.Max(earlier.Rate, later.Rate)) + 500) continue;
            for (var ms = earlier.Ms; ms < Math.Min(later.Ms, proven.Length); ms++) proven[ms] = handedOut[ms] > 0;
            // The trailer stands behind the content, and half a second between them belongs to neither.
            for (var ms = Math.Max(earlier.Ms, lengthMs + 500); ms < later.Ms; ms++) ProveTrailer(ms - lengthMs);
        }
        if (events.Count > 0)
        {
            // Reports say more than requests, which are then not asked.
            Basis = "measured";
        }
        else if (told.Count == 0)
        {
            // Proven is a millisecond behind which more than a buffer's length was handed out without a gap; the trailer is shorter than that.
            var ahead = 0;
            for (var ms = proven.Length - 1; ms >= 0; ms--)
            {
                ahead = handedOut[ms] > 0 ? ahead + 1 : 0;
                proven[ms] = ahead > BufferMs;
            }
        }
        else
        {
            Basis = "buffered";
            // A playhead before the content was in a trailer in front of it.
            var inFront = told.Any(each => !each.OfTrailer && each.Ms < -100);
            var trailerEnd = trailer.LastOrDefault(-1) + 1;
            var onContent = told.SkipWhile(each => each.OfTrailer).Select(each => (each.At, Ms: Math.Min(lengthMs, !each.OfTrailer ? each.Ms : inFront ? each.Ms - trailerEnd : lengthMs + each.Ms), each.Rate));
            foreach (var ms in Played([.. onContent]).Where(ms => ms >= 0)) proven[ms] = handedOut[ms] > 0;
            var onTrailer = told.Select(each => (each.At, Ms: each.OfTrailer ? each.Ms : inFront ? each.Ms + trailerEnd : each.Ms - lengthMs, each.Rate));
            foreach (var ms in Played([.. onTrailer])) ProveTrailer(ms);
        }

        var most = (LastAt - FirstAt) * told.Select(each => each.Rate).Concat(events.Select(each => each.Rate)).Append(1).Max();
        for (var ms = 0; ms < proven.Length; ms++)
        {
            if (proven[ms] && --most < 0) proven[ms] = false;
        }
        foreach (var ms in provenTrailer.Skip((int)Math.Clamp(most, 0, int.MaxValue)).ToList()) provenTrailer.Remove(ms);
    }

    /// <summary>Each millisecond between positions that follow each other as play does, less the rounding of the last.</summary>
    private static IEnumerable<int> Played(List<(long At, int Ms, decimal Rate)> positions)
    {
        for (var from = 0; from < positions.Count;)
        {
            var to = from;
            while (to + 1 < positions.Count && IsPlay(positions[to], positions[to + 1])) to++;
            var farthest = positions[from..(to + 1)].Max(each => each.Ms);
            for (var ms = positions[from].Ms; ms < farthest - 100; ms++) yield return ms;
            from = to + 1;
        }
    }

    private void ProveTrailer(int ms)
    {
        if (trailer.Contains(ms)) provenTrailer.Add(ms);
    }

    private static bool IsPlay((long At, int Ms, decimal Rate) earlier, (long At, int Ms, decimal Rate) later) =>
        later.Ms >= earlier.Ms - 200 && later.Ms - earlier.Ms <= Math.Floor((later.At - earlier.At) * Math.Max(earlier.Rate, later.Rate)) + 1000;
}
