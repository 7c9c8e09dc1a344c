using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace HlsGateway.Counting.Postgres;

/// <summary>A run of requests of one epoch.</summary>
/// <param name="Hits">The reader's own, valid until the next read.</param>
/// <param name="Days">On which they came, as days since 1970, UTC.</param>
/// <param name="Next">One more than the last number looked at, also where nothing was left to move.</param>
/// <param name="LastHash">Of the packed commit that ends the run.</param>
internal sealed record OutboxPortion(HeldHits Hits, IReadOnlySet<long> Days, long Epoch, long Next, long LastHash);

/// <summary>Reads the outbox on connections that only read, one for each read.</summary>
internal sealed class OutboxReader(string path)
{
    private readonly string connectionString = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = true, DefaultTimeout = 10 }.ToString();
    private readonly TextPool texts = new();
    private readonly HeldHits hits = new();
    private readonly HashSet<long> days = [];
    private readonly List<Hit> decoded = [];

    public long Gateway() => Ask("SELECT value FROM mark WHERE name = 'gateway'", row => row.GetInt64(0)).Single();

    public List<(string Video, int LengthMs)> Lengths() => Ask("SELECT video, content_ms FROM video WHERE content_ms > 0", row => (row.GetString(0), row.GetInt32(1)));

    /// <summary>The last number that each run left in the outbox.</summary>
    public Dictionary<long, long> LastOfEachRun() =>
        Ask("SELECT epoch, max(first_seq + hits) - 1 FROM batch GROUP BY epoch", row => (row.GetInt64(0), row.GetInt64(1))).ToDictionary(run => run.Item1, run => run.Item2);

    /// <summary>Requests from <paramref name="from"/> on that no mark covers, of one run, about <paramref name="atMost"/> of them.</summary>
    /// <exception cref="FencedException">Another process has forwarded other requests under these numbers.</exception>
    public OutboxPortion Read(long from, int atMost, ForwardMarks marks)
    {
        using var connection = new SqliteConnection(connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT first_seq, hits, epoch, packed FROM batch WHERE first_seq >= $from ORDER BY first_seq";
        command.Parameters.AddWithValue("$from", from);
        using var rows = command.ExecuteReader();
        hits.Clear();
        days.Clear();
        var (epoch, next, hash) = (0L, from, 0L);
        while (hits.Count < atMost && rows.Read())
        {
            var (first, count, of) = (rows.GetInt64(0), rows.GetInt64(1), rows.GetInt64(2));
            if (hits.Count > 0 && of != epoch)
                break;
            var packed = rows.GetFieldValue<byte[]>(3);
            var packedHash = (long)XxHash64.HashToUInt64(packed);
            if (!marks.Covers(of, first, first + count - 1, packedHash))
            {
                (epoch, hash) = (of, packedHash);
                Hold(first, packed);
            }
            next = first + count;
        }
        return new OutboxPortion(hits, days, epoch, next, hash);
    }

    private void Hold(long seq, ReadOnlySpan<byte> packed)
    {
        HitCodec.Read(packed, texts, decoded);
        foreach (ref readonly var hit in CollectionsMarshal.AsSpan(decoded))
        {
            days.Add(hit.AtMs / PostgresSchema.Day);
            hits.Add(seq++, hit with { Video = PostgresMerge.Plain(hit.Video), Path = PostgresMerge.Plain(hit.Path) });
        }
    }

    private List<T> Ask<T>(string sql, Func<SqliteDataReader, T> read)
    {
        using var connection = new SqliteConnection(connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var rows = command.ExecuteReader();
        var all = new List<T>();
        while (rows.Read()) all.Add(read(rows));
        return all;
    }
}
