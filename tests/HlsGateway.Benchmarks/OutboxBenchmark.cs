using System.Diagnostics;
using System.Globalization;
using HlsGateway.Counting;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;
using SQLitePCL;

namespace HlsGateway.Benchmarks;

/// <summary>
/// What one durable commit costs as rows, as one packed row, and as an append to a plain file, by the number of requests that share
/// it. The figures decide docs/decisions/0001-outbox.md.
/// </summary>
internal static class OutboxBenchmark
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(2);

    public static void Run()
    {
        Batteries_V2.Init();
        Console.WriteLine($"SQLite {raw.sqlite3_libversion().utf8_to_string()}, WAL, synchronous=FULL; each figure over {Each.TotalSeconds} s");
        Console.WriteLine("| form | requests a commit | commit, median | commit, 99 % | CPU a request | bytes a request |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var size in (int[])[1, 16, 128, 1024])
        {
            var hits = Enumerable.Range(0, size).Select(Sample).ToArray();
            Measure("SQLite, a row a request", size, folder => new Rows(folder), hits);
            Measure("SQLite, a packed row a commit", size, folder => new Packed(folder), hits);
            Measure("append and fdatasync", size, folder => new Journal(folder), hits);
        }
    }

    private static Hit Sample(int index) => new(
        Guid.CreateVersion7(), "did:plc:abc/bafkreiexample", $"720p/video{index % 30}.ts", HitKind.Content, HitRule.Counted,
        index % 30 * 4000, 4000, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), 0x5e3a91c2, PlayerFamily.Browser);

    private static void Measure(string name, int size, Func<string, Form> open, Hit[] hits)
    {
        var folder = Directory.CreateTempSubdirectory("outbox-bench-").FullName;
        using (var form = open(folder))
        {
            for (var warm = 0; warm < 50; warm++) form.Commit(hits);
            var times = new List<double>();
            var cpu = Environment.CpuUsage.TotalTime;
            var before = Bytes(folder);
            var whole = Stopwatch.StartNew();
            while (whole.Elapsed < Each)
            {
                var start = Stopwatch.GetTimestamp();
                form.Commit(hits);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
            var used = (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / times.Count / size;
            var bytes = (double)(Bytes(folder) - before) / times.Count / size;
            times.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {size} | {times[times.Count / 2]:0} µs | {times[(int)(times.Count * 0.99)]:0} µs | {used:0.0} µs | {bytes:0} |"));
        }
        Directory.Delete(folder, recursive: true);
    }

    private static long Bytes(string folder) => new DirectoryInfo(folder).GetFiles().Sum(file => file.Length);

    private abstract class Form : IDisposable
    {
        public abstract void Commit(Hit[] hits);

        public abstract void Dispose();
    }

    private abstract class Sqlite : Form
    {
        private readonly SqliteConnection connection;
        private readonly Statement begin;
        private readonly Statement commit;
        private int commits;

        protected Sqlite(string folder, string table)
        {
            connection = new SqliteConnection($"Data Source={Path.Combine(folder, "bench.db")};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = $"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000; {table}";
            command.ExecuteNonQuery();
            (begin, commit) = (Prepare("BEGIN IMMEDIATE"), Prepare("COMMIT"));
        }

        public override void Commit(Hit[] hits)
        {
            begin.Run();
            Insert(++commits, hits);
            commit.Run();
        }

        protected abstract void Insert(int commitNumber, Hit[] hits);

        protected Statement Prepare(string sql) => new(connection.Handle!, sql);

        public override void Dispose()
        {
            begin.Dispose();
            commit.Dispose();
            connection.Dispose();
        }
    }

    private sealed class Rows : Sqlite
    {
        private readonly Statement insert;

        public Rows(string folder)
            : base(folder, "CREATE TABLE event(seq INTEGER PRIMARY KEY, session BLOB, video TEXT, path TEXT, kind INTEGER, rule INTEGER, start_ms INTEGER, duration_ms INTEGER, at INTEGER, trailer INTEGER, player INTEGER)") =>
            insert = Prepare("INSERT INTO event(session, video, path, kind, rule, start_ms, duration_ms, at, trailer, player) VALUES (?,?,?,?,?,?,?,?,?,?)");

        protected override void Insert(int commitNumber, Hit[] hits)
        {
            Span<byte> id = stackalloc byte[16];
            foreach (var hit in hits)
            {
                hit.Session.TryWriteBytes(id, bigEndian: true, out _);
                insert.Bind(1, id).Bind(2, hit.Video).Bind(3, hit.Path).Bind(4, (long)hit.Kind).Bind(5, (long)hit.Rule).Bind(6, hit.StartMs)
                    .Bind(7, hit.DurationMs).Bind(8, hit.AtMs).Bind(9, hit.Trailer).Bind(10, (long)hit.Player).Run();
            }
        }

        public override void Dispose()
        {
            insert.Dispose();
            base.Dispose();
        }
    }

    private sealed class Packed : Sqlite
    {
        private readonly Statement insert;
        private byte[] buffer = new byte[64 * 1024];

        public Packed(string folder)
            : base(folder, "CREATE TABLE batch(first_seq INTEGER PRIMARY KEY, hits INTEGER, packed BLOB)") => insert = Prepare("INSERT INTO batch VALUES (?,?,?)");

        protected override void Insert(int commitNumber, Hit[] hits)
        {
            var (video, at) = ("", 0L);
            var length = HitCodec.Write(ref buffer, HitCodec.WriteHeader(ref buffer, hits.Length), hits, ref video, ref at);
            insert.Bind(1, commitNumber).Bind(2, hits.Length).Bind(3, buffer.AsSpan(0, length)).Run();
        }

        public override void Dispose()
        {
            insert.Dispose();
            base.Dispose();
        }
    }

    private sealed class Journal(string folder) : Form
    {
        private readonly SafeFileHandle file = File.OpenHandle(Path.Combine(folder, "journal"), FileMode.Create, FileAccess.Write);
        private byte[] buffer = new byte[64 * 1024];
        private long end;

        public override void Commit(Hit[] hits)
        {
            var (video, at) = ("", 0L);
            var length = HitCodec.Write(ref buffer, HitCodec.WriteHeader(ref buffer, hits.Length), hits, ref video, ref at);
            RandomAccess.Write(file, buffer.AsSpan(0, length), end);
            RandomAccess.FlushToDisk(file);
            end += length;
        }

        public override void Dispose() => file.Dispose();
    }
}
