using HlsGateway.Counting;
using HlsGateway.Counting.Postgres;
using Npgsql;

namespace HlsGateway.Benchmarks;

/// <summary>
/// Makes a ledger of any number of sessions in a short time: each is worked out by the rules of merging from the requests of one viewer and
/// written at once, past the outbox. What the ledger holds then is what it would hold had gateways counted these requests; only traces are
/// left out, but for the newest sessions. The same arguments make the same sessions.
/// </summary>
internal static class BigLedger
{
    private const int SegmentMs = 4000;

    /// <summary>Sessions in one transaction.</summary>
    private const int Portion = 20_000;

    /// <summary>The newest ones have a trace.</summary>
    private const int Traced = 100;

    private static readonly string[] Renditions = ["360p", "720p", "1080p"];
    private static readonly string[][] Paths = [.. Renditions.Select(rendition => Enumerable.Range(0, 23).Select(i => $"{rendition}/video{i}.ts").ToArray())];

    /// <summary>Name of the n-th video. It is watched 1/n as often as the first.</summary>
    public static string Video(int index) => $"shows/{index / 20:d2}/clip-{index:d3}";

    /// <summary>Length of a video's content, milliseconds.</summary>
    public static int LengthMs(int video) => 20_000 + (video * 7919 % 71 * 1000);

    /// <summary>Makes <c>ledger.db</c>.</summary>
    /// <param name="folder">The data directory of a gateway; must hold no ledger.</param>
    /// <param name="until">When the last session begins.</param>
    /// <param name="over">The time before it in which all begin, evenly.</param>
    /// <returns>How many requests the sessions have.</returns>
    public static long Make(string folder, int sessions, int videos, DateTimeOffset until, TimeSpan over, int seed = 1)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "ledger.db");
        if (File.Exists(path)) throw new InvalidOperationException($"{folder} holds a ledger already.");
        using var ledger = LedgerFile.Open(path, afterIoError: false);
        // Nobody loses anything when this process ends too early.
        ledger.Execute("PRAGMA synchronous=OFF; PRAGMA cache_size=-262144;");
        using var table = new SessionTable(ledger);
        using var rollups = new Rollups(ledger);
        using var insertTrace = ledger.Prepare("INSERT INTO trace(session_id, seq, hits, packed) VALUES (?,?,?,?)");
        var lengths = Lengths(videos);
        ledger.Execute("BEGIN");
        foreach (var (video, length) in lengths.All())
            ledger.Execute($"INSERT INTO video VALUES ('{video}', {length}, {length})");
        var portion = new MergePortion(new AnalyticsOptions().Rules, int.MaxValue, lengths, _ => null, _ => true, () => 0);
        var (made, seq) = (0, 0L);
        foreach (var hits in Viewers(sessions, videos, until, over, seed))
        {
            foreach (var hit in hits) portion.Add(++seq, in hit);
            if (++made % Portion != 0 && made < sessions) continue;
            portion.Close();
            foreach (var state in portion.Sessions) table.Write(state);
            rollups.Write(portion.Sums);
            foreach (var row in portion.Traces.Rows.TakeLast(made < sessions ? 0 : Traced)) Trace(insertTrace, row, portion.Traces.Packed(row));
            portion.Clear();
            ledger.Execute(made < sessions ? "COMMIT; BEGIN" : "COMMIT");
        }
        ledger.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        return seq;
    }

    /// <summary>The same in an empty database of PostgreSQL; without traces.</summary>
    public static async Task MakeAsync(string postgres, int sessions, int videos, DateTimeOffset until, TimeSpan over, int seed = 1)
    {
        await using var connection = new NpgsqlConnection(postgres);
        await connection.OpenAsync();
        await PostgresSchema.Schema.MigrateAsync(connection, CancellationToken.None);
        await PostgresMerge.PrepareAsync(connection, CancellationToken.None);
        var lengths = Lengths(videos);
        var rules = new AnalyticsOptions().Rules;
        var merge = new PostgresMerge(connection, rules, 0, lengths, () => 0);
        await using (var add = new NpgsqlCommand("INSERT INTO counting.video SELECT *, length FROM unnest($1, $2) AS told(video, length)", connection))
        {
            var all = lengths.All().ToList();
            add.Parameters.Add(new() { Value = all.Select(pair => pair.Key).ToArray() });
            add.Parameters.Add(new() { Value = all.Select(pair => (long)pair.Value).ToArray() });
            await add.ExecuteNonQueryAsync();
        }
        var portion = new MergePortion(rules, 0, lengths, _ => null, _ => true, () => 0);
        var made = 0;
        foreach (var hits in Viewers(sessions, videos, until, over, seed))
        {
            foreach (var hit in hits) portion.Add(0, in hit);
            if (++made % Portion != 0 && made < sessions) continue;
            portion.Close();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var begin = new NpgsqlCommand("INSERT INTO counting.session(session_id, video) SELECT * FROM unnest($1, $2)", connection);
            begin.Parameters.Add(new() { Value = portion.Sessions.Select(state => state.Session).ToArray() });
            begin.Parameters.Add(new() { Value = portion.Sessions.Select(state => state.Video).ToArray() });
            await begin.ExecuteNonQueryAsync();
            await merge.WriteSessionsAsync(portion.Sessions, CancellationToken.None);
            await merge.WriteSumsAsync(portion.Sums, CancellationToken.None);
            await transaction.CommitAsync();
            portion.Clear();
        }
        await using var tidy = new NpgsqlCommand("VACUUM ANALYZE", connection) { CommandTimeout = 0 };
        await tidy.ExecuteNonQueryAsync();
    }

    private static VideoLengths Lengths(int videos)
    {
        var lengths = new VideoLengths();
        for (var video = 0; video < videos; video++) lengths.Set(Video(video), LengthMs(video));
        return lengths;
    }

    private static void Trace(Statement insertTrace, TraceRow row, ReadOnlySpan<byte> packed)
    {
        Span<byte> id = stackalloc byte[16];
        row.Session.TryWriteBytes(id, bigEndian: true, out _);
        insertTrace.Bind(1, id).Bind(2, row.Seq).Bind(3, row.Hits).Bind(4, packed).Run();
    }

    /// <summary>The requests of one viewer after the other, in the order in which they come. The list is valid until the next.</summary>
    private static IEnumerable<List<Hit>> Viewers(int sessions, int videos, DateTimeOffset until, TimeSpan over, int seed)
    {
        var random = new Random(seed);
        var names = Enumerable.Range(0, videos).Select(Video).ToArray();
        var weights = new double[videos];
        for (var i = 0; i < videos; i++) weights[i] = (i == 0 ? 0 : weights[i - 1]) + (1.0 / (i + 1));
        var begin = until.ToUnixTimeMilliseconds() - (long)over.TotalMilliseconds;
        var hits = new List<Hit>();
        var id = new byte[16];
        for (var n = 0; n < sessions; n++)
        {
            var at = begin + (long)(over.TotalMilliseconds * n / Math.Max(1, sessions - 1));
            random.NextBytes(id);
            Uuid7.Write(at, id);
            // Behind the time stands the number, so that ids rise within a millisecond too.
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(id.AsSpan(8), n);
            (id[6], id[8]) = ((byte)0x70, (byte)(0x80 | (id[8] & 0x3f)));
            var session = new Guid(id, bigEndian: true);
            var drawn = Array.BinarySearch(weights, random.NextDouble() * weights[^1]);
            var video = drawn < 0 ? ~drawn : drawn;
            View(hits, session, names[video], LengthMs(video), at, random);
            yield return hits;
        }
    }

    private static void View(List<Hit> hits, Guid session, string video, int lengthMs, long at, Random random)
    {
        // One in twenty is a tool.
        var player = random.Next(20) == 0 ? PlayerFamily.Tool : (PlayerFamily)(1 + random.Next(6));
        var trailer = random.Next(3) == 0 ? 0u : 0x07effa79u;
        var rendition = random.Next(Renditions.Length);
        var segments = (lengthMs + SegmentMs - 1) / SegmentMs;
        var (patience, reads) = (1 + random.Next(segments + (segments / 3)), random.Next(5) == 0);
        hits.Clear();
        hits.Add(new Hit(session, video, "playlist.m3u8", HitKind.SessionStart, HitRule.Counted, 0, 0, at, trailer, player));
        for (var (asked, position) = (0, 0); asked < patience && position < segments; asked++)
        {
            if (random.Next(15) == 0) rendition = random.Next(Renditions.Length);
            at += asked < 3 ? 150 : SegmentMs;
            hits.Add(new Hit(session, video, Paths[rendition][position], HitKind.Content, HitRule.Counted, position * SegmentMs, Math.Min(SegmentMs, lengthMs - (position * SegmentMs)), at, trailer, player));
            if (reads && asked == 0) hits.Add(new Hit(session, video, random.Next(2) == 0 ? "subtitles/en/5e4af93b/0.vtt" : "subtitles/de/5e4af93b/0.vtt", HitKind.Caption, HitRule.Counted, 0, SegmentMs, at, trailer, player));
            position = random.Next(25) == 0 ? random.Next(segments) : position + 1;
        }
        if (trailer != 0 && random.Next(2) == 0) hits.Add(new Hit(session, video, "720p/~t/branding@07effa79/ts-1280x720/0.ts", HitKind.Trailer, HitRule.Counted, 0, 2000, at + SegmentMs, trailer, player));
    }
}
