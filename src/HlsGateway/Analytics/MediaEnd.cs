using HlsGateway.Counting;
using Microsoft.Data.Sqlite;

namespace HlsGateway.Analytics;

/// <summary>
/// Where a set of media time ends. PostgreSQL says it of its multiranges; SQLite keeps the set as bytes (<see cref="IntervalSet"/>), so its
/// connections get a function that reads them.
/// </summary>
internal static class MediaEnd
{
    public const string Function = "media_end";

    public static void AddTo(SqliteConnection connection) => connection.CreateFunction(Function, static (byte[] set) => Of(set), isDeterministic: true);

    /// <returns>Milliseconds; 0 for an empty set. Each number is what lies between two ends, so the last end is their sum.</returns>
    internal static long Of(ReadOnlySpan<byte> set)
    {
        var end = 0L;
        while (!set.IsEmpty) end += Varint.Read(ref set);
        return end;
    }
}
