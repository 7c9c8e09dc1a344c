using System.IO.Hashing;
using System.Text;
using Microsoft.Data.Sqlite;

namespace HlsGateway.Cdn.Logs;

/// <summary>What the CDN delivered to a session, and what the ledger counted of it.</summary>
/// <param name="Counted">Content segments in the ledger; null where it does not know the session.</param>
/// <param name="Delivered">Content segments in the log that the ledger should have.</param>
/// <param name="Cut">The session goes on beyond the log, so that the two cannot be compared.</param>
/// <param name="Other">Deliveries of what is not counted as watching: sound, trailers, initialization sections.</param>
internal sealed record SessionDelivery(Guid SessionId, long? Counted, long Delivered, bool Cut, long Other, long ClientErrors, long ServerErrors, long Bytes);

/// <summary>
/// Deliveries by session, in a temporary file: a log may hold more sessions than memory. What was read last is summed in memory and
/// written in one transaction.
/// </summary>
internal sealed class DeliveryTable : IDisposable
{
    private const int Held = 20_000;

    private readonly string file = Path.Combine(Path.GetTempPath(), $"hlsgateway-reconcile-{Guid.NewGuid():N}.db");
    private readonly SqliteConnection database;
    private readonly Dictionary<Guid, long[]> sums = [];
    private readonly HashSet<(Guid Session, long Path)> ranges = [];
    private readonly Dictionary<Guid, (long Counted, bool Cut)> ledger = [];

    public DeliveryTable()
    {
        // Pooling would keep the file open.
        database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ConnectionString);
        database.Open();
        Execute("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;");
        Execute("CREATE TABLE told(session BLOB PRIMARY KEY, whole INTEGER NOT NULL, other INTEGER NOT NULL, client INTEGER NOT NULL, server INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;");
        Execute("CREATE TABLE part(session BLOB, path INTEGER, PRIMARY KEY(session, path)) WITHOUT ROWID;");
        Execute("CREATE TABLE ledger(session BLOB PRIMARY KEY, counted INTEGER NOT NULL, cut INTEGER NOT NULL) WITHOUT ROWID;");
    }

    /// <param name="counts">It is a content segment that the gateway counted when it sent the viewer there.</param>
    public void Add(Guid session, bool counts, in LogLine line)
    {
        if (!sums.TryGetValue(session, out var sum))
            sums[session] = sum = new long[5];
        sum[4] += line.Bytes;
        if (line.Status is >= 400)
            sum[line.Status < 500 ? 2 : 3]++;
        else if (!counts)
            sum[1]++;
        else if (line.Status == 206)
            // The ledger counts a segment that is fetched in ranges once.
            ranges.Add((session, (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(line.Path))));
        else
            sum[0]++;
        if (sums.Count + ranges.Count >= Held)
            Flush();
    }

    /// <param name="counted">Content segments in the ledger.</param>
    public void Know(Guid session, long counted, bool cut)
    {
        ledger[session] = (counted, cut);
        if (ledger.Count >= Held)
            Flush();
    }

    /// <summary>Every session, those whose two figures differ most first.</summary>
    public IEnumerable<SessionDelivery> All()
    {
        Flush();
        using var command = database.CreateCommand();
        command.CommandText = """
            SELECT coalesce(t.session, l.session), l.counted, coalesce(t.whole, 0) + (SELECT count(*) FROM part p WHERE p.session = coalesce(t.session, l.session)) AS delivered,
                coalesce(l.cut, 0), coalesce(t.other, 0), coalesce(t.client, 0), coalesce(t.server, 0), coalesce(t.bytes, 0)
            FROM (SELECT session FROM told UNION SELECT session FROM ledger) s LEFT JOIN told t ON t.session = s.session LEFT JOIN ledger l ON l.session = s.session
            ORDER BY coalesce(l.cut, 0), abs(coalesce(l.counted, 0) - delivered) DESC, s.session
            """;
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            yield return new(new Guid((byte[])rows[0], bigEndian: true), rows.IsDBNull(1) ? null : rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3) != 0,
                rows.GetInt64(4), rows.GetInt64(5), rows.GetInt64(6), rows.GetInt64(7));
        }
    }

    public void Dispose()
    {
        database.Dispose();
        File.Delete(file);
    }

    private void Flush()
    {
        using var transaction = database.BeginTransaction();
        Write("INSERT INTO told VALUES($0, $1, $2, $3, $4, $5) ON CONFLICT DO UPDATE SET whole = whole + $1, other = other + $2, client = client + $3, server = server + $4, bytes = bytes + $5",
            sums.Select(pair => (object[])[Key(pair.Key), pair.Value[0], pair.Value[1], pair.Value[2], pair.Value[3], pair.Value[4]]));
        Write("INSERT OR IGNORE INTO part VALUES($0, $1)", ranges.Select(part => (object[])[Key(part.Session), part.Path]));
        // A session that is told as new while it goes on is told once more: the later counts.
        Write("INSERT OR REPLACE INTO ledger VALUES($0, $1, $2)", ledger.Select(pair => (object[])[Key(pair.Key), pair.Value.Counted, pair.Value.Cut ? 1 : 0]));
        transaction.Commit();
        sums.Clear();
        ranges.Clear();
        ledger.Clear();
    }

    private void Write(string statement, IEnumerable<object[]> rows)
    {
        using var command = database.CreateCommand();
        command.CommandText = statement;
        foreach (var row in rows)
        {
            command.Parameters.Clear();
            for (var i = 0; i < row.Length; i++)
                command.Parameters.AddWithValue($"${i}", row[i]);
            command.ExecuteNonQuery();
        }
    }

    private static byte[] Key(Guid session) => session.ToByteArray(bigEndian: true);

    private void Execute(string statement)
    {
        using var command = database.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }
}
