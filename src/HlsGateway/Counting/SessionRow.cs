using System.Data.Common;
using Microsoft.Data.Sqlite;
using NpgsqlTypes;

namespace HlsGateway.Counting;

/// <summary>Reads a session from a row of either database: ids and sets of media time are the two things that they keep differently.</summary>
internal static class SessionRow
{
    /// <summary>Of the table <c>session</c>, called <c>s</c>, in the order of <see cref="Read"/>.</summary>
    public static string Columns { get; } = $"s.session_id, s.video, {SessionColumns.Read.List("s.")}";

    /// <summary>How many <see cref="Columns"/> there are: further columns come after them.</summary>
    public static int Count { get; } = SessionColumns.Read.Length + 2;

    public static SessionState Read(DbDataReader row)
    {
        var state = new SessionState { Session = Id(row, 0), Video = row.GetString(1) };
        SessionColumns.ReadInto(state, new Reader(row), 2);
        return state;
    }

    public static Guid Id(DbDataReader row, int column) => row is SqliteDataReader ? new Guid(row.GetFieldValue<byte[]>(column), bigEndian: true) : row.GetGuid(column);

    private sealed class Reader(DbDataReader row) : IRowReader
    {
        public long Number(int column) => row.GetInt64(column);

        public string Text(int column) => row.GetString(column);

        public ReadOnlySpan<byte> Bytes(int column) => row.GetFieldValue<byte[]>(column);

        public IntervalSet Set(int column)
        {
            if (row is SqliteDataReader)
                return IntervalSet.FromBytes(row.GetFieldValue<byte[]>(column));
            var set = new IntervalSet();
            foreach (var range in row.GetFieldValue<NpgsqlRange<int>[]>(column)) set.Add(range.LowerBound, range.UpperBound);
            return set;
        }
    }
}
