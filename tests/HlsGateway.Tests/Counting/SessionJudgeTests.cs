using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting;

/// <summary>Random viewers against a slow obvious model: every millisecond is a cell, every definition one line. The same on both databases.</summary>
public sealed class SessionJudgeTests : SessionJudge;

[Collection("ledger-postgres")]
public sealed class PostgresSessionJudgeTests(LedgerPostgres postgres) : SessionJudge
{
    protected override async Task<string?> DatabaseAsync() => await postgres.NewDatabaseAsync();
}

public abstract class SessionJudge
{
    private const int Length = 63_000;
    private const int Buffer = 9_000;

    protected virtual Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);

    [Fact]
    public async Task Every_session_equals_the_model_in_whatever_order_its_requests_come()
    {
        await using var ledger = new TestLedger(postgres: await DatabaseAsync());
        var random = new Random(20261122);
        var viewers = Enumerable.Range(0, 200).Select(_ => (Session: Guid.CreateVersion7(), Requests: Play(random))).ToList();
        var all = viewers.SelectMany(viewer => viewer.Requests.Select(hit => hit with { Session = viewer.Session })).ToArray();
        random.Shuffle(all);
        await Parallel.ForEachAsync(all, async (hit, _) => Assert.True(await ledger.Outbox.RecordAsync(hit)));
        await Eventually.IsTrueAsync(() => ledger.Outbox.Progress.Merged == all.Length + 1, "every request in its session");
        foreach (var (session, requests) in viewers)
        {
            var state = await ledger.FindAsync(session);
            Assert.NotNull(state);
            var segments = requests.Where(hit => hit is { Rule: HitRule.Counted, Kind: HitKind.Content }).ToList();
            var content = segments.Where(hit => !hit.Ranged).Concat(segments.Where(hit => hit.Ranged).DistinctBy(hit => (hit.Path, hit.StartMs))).ToList();
            var counted = requests.Where(hit => hit.Rule == HitRule.Counted).ToList();
            var cells = new int[Length];
            foreach (var hit in content)
            {
                for (var ms = hit.StartMs; ms < hit.StartMs + hit.DurationMs; ms++) cells[ms]++;
            }

            Assert.Equal(content.Count, state.SegmentsFetched);
            Assert.Equal(content.Sum(hit => (long)hit.DurationMs), state.FetchedMs);
            Assert.Equal(cells.Count(count => count > 0), state.Watched.Length);
            Assert.Equal(cells.Count(count => count > 1), state.Again.Length);
            // Which of two overlapping segments comes first is not given: one that was asked for before adds nothing, and it takes so many to cover what was watched.
            Assert.InRange(state.Repeats, content.Count - content.DistinctBy(hit => hit.StartMs).Count(), content.Count - ((cells.Count(count => count > 0) + 4099) / 4100));
            Assert.Equal(segments.Count - content.Count, state.IgnoredRanges);
            Assert.Equal(requests.Count, state.Requests);
            Assert.Equal(counted.Count == 0 ? 0 : counted.Min(hit => hit.AtMs), state.FirstAt);
            Assert.Equal(counted.Count == 0 ? 0 : counted.Max(hit => hit.AtMs), state.LastAt);
            Assert.Equal(content.Select(hit => hit.Path.Split('/')[0]).Distinct().Order(StringComparer.Ordinal), state.Renditions);
            Assert.Equal(requests.Count(hit => hit.Rule == HitRule.Head), state.IgnoredHead);
            Assert.Equal(requests.Count(hit => hit.Rule == HitRule.ForgedDuration), state.IgnoredForged);
            Assert.Equal(requests.Count(hit => hit.Rule == HitRule.ExpiredSession), state.IgnoredExpired);
            Assert.Equal(requests.Any(hit => hit is { Rule: HitRule.Counted, Kind: HitKind.SessionStart }), state.Started);
            Assert.Equal(ModelLow(cells, state.LastAt - state.FirstAt), Proof.Of(state, Buffer).Content.Length);
        }
    }

    [Fact]
    public void Of_more_names_than_are_kept_the_same_are_kept_in_every_order()
    {
        var random = new Random(20261130);
        var names = Enumerable.Range(0, 60).Select(i => $"rendition{i:00}").ToArray();
        for (var order = 0; order < 5; order++)
        {
            random.Shuffle(names);
            var state = new SessionState { Session = Guid.CreateVersion7(), Video = "clip" };
            foreach (var name in names) state.Apply(TestLedger.Segment(state.Session, 0, name));
            Assert.Equal(names.Order(StringComparer.Ordinal).Take(32), state.Renditions);
        }
    }

    private static long ModelLow(int[] cells, long elapsed)
    {
        // Proven is a millisecond behind which more than a buffer's length was fetched without a gap.
        var (proven, ahead) = (0L, 0);
        for (var ms = cells.Length - 1; ms >= 0; ms--)
        {
            ahead = cells[ms] > 0 ? ahead + 1 : 0;
            if (ahead > Buffer) proven++;
        }
        return Math.Min(proven, elapsed);
    }

    private static List<Hit> Play(Random random)
    {
        var requests = new List<Hit>();
        var at = 1_800_000_000_000 + random.Next(1_000_000);
        var position = 0;
        var rendition = "720p";
        // Seconds of a segment at 23.976, 24, 29.97, 30 and 59.94 frames a second: no sum of them is whole milliseconds.
        var seconds = new[] { 4.045708m, 4.041667m, 4.037367m, 4.033333m, 4.020683m, 4m }[random.Next(6)];
        if (random.Next(10) > 0) requests.Add(new Hit(Guid.Empty, "clip", "playlist.m3u8", HitKind.SessionStart, HitRule.Counted, 0, 0, at, 0, PlayerFamily.Browser));
        for (var step = random.Next(1, 40); step > 0; step--)
        {
            at += random.Next(4000);
            if (random.Next(6) == 0) rendition = random.Next(2) == 0 ? "360p" : "720p";
            if (random.Next(6) == 0) position = random.Next(15);
            var rule = random.Next(12) switch { 0 => HitRule.Head, 1 => HitRule.ForgedDuration, 2 => HitRule.ExpiredSession, _ => HitRule.Counted };
            var kind = random.Next(10) switch { 0 => HitKind.Audio, 1 => HitKind.Trailer, 2 => HitKind.Caption, 3 => HitKind.IFrame, _ => HitKind.Content };
            // A grid that a switch of Rendition shifts by half a segment. Start and end are exact sums, rounded once.
            var grid = position + (rendition == "360p" ? 0.5m : 0);
            var (start, end) = ((int)Math.Round(grid * seconds * 1000), (int)Math.Round((grid + 1) * seconds * 1000));
            requests.Add(new Hit(Guid.Empty, "clip", $"{rendition}/video{position}.ts", kind, rule, start, end - start, at, 0, PlayerFamily.Browser) { Ranged = random.Next(2) == 0 });
            if (random.Next(4) == 0) requests.Add(requests[^1] with { AtMs = at + 1, Ranged = random.Next(4) > 0 });
            position = Math.Min(14, position + 1);
        }
        return requests;
    }
}
