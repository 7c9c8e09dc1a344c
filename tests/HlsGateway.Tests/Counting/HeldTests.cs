using HlsGateway.Counting;

namespace HlsGateway.Tests.Counting;

/// <summary>What waits in memory between the disk and the sessions: bounded, for a bounded time, and nothing but what is on disk.</summary>
public sealed class HeldTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("held-").FullName;
    private readonly AheadClock clock = new();
    private readonly LedgerFile ledger;

    public HeldTests() => ledger = LedgerFile.Open(Path.Combine(folder, "ledger.db"), afterIoError: false);

    [Fact]
    public void What_memory_has_no_room_for_waits_on_the_disk_until_there_is()
    {
        using var merge = Merge(mostHeld: 20_000);
        var session = Guid.CreateVersion7();
        var full = 0;
        for (var i = 0; i < 20; i++)
        {
            if (merge.IsDue) full++;
            Record(merge, i * 50, [.. Enumerable.Range(0, 50).Select(one => TestLedger.Segment(session, (i * 50) + one))]);
        }
        Assert.InRange(full, 10, 19);
        // The last commit was not kept in memory: what is on disk now is what is merged.
        var other = Guid.CreateVersion7();
        using (var change = ledger.Prepare("UPDATE batch SET packed = ? WHERE first_seq = 951"))
            change.Bind(1, Packed([.. Enumerable.Range(0, 50).Select(one => TestLedger.Segment(other, one))])).Run();

        while (merge.Merged < 1001) Run(merge, nextSeq: 1001);

        Assert.Equal(950, ledger.Single("SELECT max(segments_fetched) FROM session"));
        Assert.Equal(50, ledger.Single("SELECT min(segments_fetched) FROM session"));
        Assert.Equal(0, ledger.Single("SELECT count(*) FROM batch"));
        Assert.Equal(1, ledger.Single("SELECT count(*) FROM (SELECT session_id, seq, lag(seq + hits, 1, 1) OVER (PARTITION BY session_id ORDER BY seq) AS expected FROM trace) WHERE seq <> expected"));
    }

    [Fact]
    public void Where_viewers_never_pause_sessions_are_written_after_a_minute()
    {
        using var merge = Merge();
        Record(merge, 0, [TestLedger.Segment(Guid.CreateVersion7(), 0)]);
        Assert.False(merge.IsDue);
        clock.Ahead = TimeSpan.FromSeconds(59);
        Record(merge, 1, [TestLedger.Segment(Guid.CreateVersion7(), 0)]);
        Assert.False(merge.IsDue);
        clock.Ahead = TimeSpan.FromSeconds(61);
        Assert.True(merge.IsDue);
        Run(merge, nextSeq: 3);
        Assert.Equal(3, merge.Merged);
        Assert.False(merge.IsDue);
        Assert.Equal(2, ledger.Single("SELECT count(*) FROM session"));
    }

    [Fact]
    public void A_session_that_goes_on_is_written_from_memory_and_one_that_was_quiet_is_read_again()
    {
        var cache = new SessionCache(mostBytes: 200_000);
        var sessions = Enumerable.Range(0, 500).Select(_ => new SessionState { Session = Guid.CreateVersion7(), Video = "clip" }).ToArray();
        foreach (var session in sessions)
        {
            cache.Keep(session);
            // It goes on all the while.
            cache.Keep(sessions[0]);
        }
        Assert.Same(sessions[0], cache.Find(sessions[0].Session));
        Assert.Same(sessions[^1], cache.Find(sessions[^1].Session));
        Assert.Null(cache.Find(sessions[1].Session));
        Assert.InRange(sessions.Where(session => cache.Find(session.Session) is not null).Sum(session => session.Weight), 1, 200_000);
        cache.Clear();
        Assert.Null(cache.Find(sessions[0].Session));
    }

    [Fact]
    public void A_session_too_large_to_keep_pushes_no_other_out()
    {
        var cache = new SessionCache(mostBytes: 640_000);
        var (small, large) = (new SessionState { Session = Guid.CreateVersion7(), Video = "clip" }, new SessionState { Session = Guid.CreateVersion7(), Video = "clip" });
        cache.Keep(small);
        cache.Keep(large);
        for (var i = 0; i < 5000; i++) large.Watched.Add(i * 10, (i * 10) + 5);
        cache.Keep(large);
        Assert.Null(cache.Find(large.Session));
        Assert.Same(small, cache.Find(small.Session));
    }

    [Fact]
    public void A_trace_is_read_as_it_was_recorded()
    {
        var session = Guid.CreateVersion7();
        Hit[] hits =
        [
            TestLedger.Segment(session, 0, kind: HitKind.SessionStart) with { Path = "playlist.m3u8", DurationMs = 0 },
            TestLedger.Segment(session, 1) with { Cmcd = new Cmcd { BufferMs = 2000, Sid = "a\"b", StreamType = "v" } },
            TestLedger.Segment(session, 2, rendition: "größe/1080p") with { Ranged = true, AtMs = 1_799_999_990_000 },
            TestLedger.Segment(session, 3, rule: HitRule.Head) with { Path = "" },
            TestLedger.Segment(session, int.MaxValue / 4000) with { AtMs = 1_800_099_999_999, Player = PlayerFamily.Tool },
        ];
        var traces = new TraceRows();
        for (var i = 0; i < hits.Length; i++) traces.Add(100 + i, in hits[i]);
        // A row is of one day.
        Assert.Equal([(100L, 4), (104L, 1)], traces.Rows.Select(row => (row.Seq, row.Hits)));
        Assert.Equal(hits, traces.Rows.SelectMany(row => TraceRows.Read(traces.Packed(row), session, "clip")));
        var packed = traces.Packed(traces.Rows[0]).ToArray();
        for (var cut = 1; cut < packed.Length; cut++)
        {
            // Cut off between two requests it is a shorter one.
            if (Xunit.Record.Exception(() => TraceRows.Read(packed.AsSpan(0, cut), session, "clip")) is { } failure) Assert.IsType<InvalidDataException>(failure);
        }
        packed[0] = 9;
        Assert.Throws<InvalidDataException>(() => TraceRows.Read(packed, session, "clip"));
    }

    public void Dispose()
    {
        ledger.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private SessionMerge Merge(long mostHeld = SessionMerge.MostHeld) => new(ledger, new VideoLengths(), 20_000, new AnalyticsOptions().Rules, () => 0, clock, mostHeld);

    private static byte[] Packed(Hit[] hits)
    {
        var packed = new byte[64];
        var (video, at) = ("", 0L);
        var length = HitCodec.Write(ref packed, HitCodec.WriteHeader(ref packed, hits.Length), hits, ref video, ref at);
        return packed[..length];
    }

    /// <summary>As the writer does with what it has committed.</summary>
    private void Record(SessionMerge merge, int before, Hit[] hits)
    {
        var packed = Packed(hits);
        using var insert = ledger.Prepare("INSERT INTO batch VALUES (?,?,0,?,1)");
        insert.Bind(1, before + 1).Bind(2, hits.Length).Bind(3, packed).Run();
        merge.Take(before + 1, packed);
    }

    private void Run(SessionMerge merge, long nextSeq)
    {
        ledger.Execute("BEGIN");
        merge.Load(nextSeq, 500);
        merge.Run();
        ledger.Execute("COMMIT");
    }
}
