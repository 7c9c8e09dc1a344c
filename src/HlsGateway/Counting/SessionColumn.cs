namespace HlsGateway.Counting;

/// <summary>A row that is read, of whichever database. Columns count from 0.</summary>
internal interface IRowReader
{
    long Number(int column);

    string Text(int column);

    ReadOnlySpan<byte> Bytes(int column);

    IntervalSet Set(int column);
}

/// <summary>A row that is written, one value after the other.</summary>
internal interface IRowWriter
{
    void Number(long value);

    void Text(string value);

    void Bytes(ReadOnlySpan<byte> value);

    void Set(IntervalSet value);
}

internal enum ColumnType
{
    Number,
    Text,
    Bytes,

    /// <summary>Media time: a blob in SQLite, a multirange in PostgreSQL.</summary>
    Set,
}

/// <summary>A column of the table <c>session</c>, behind <c>session_id</c> and <c>video</c>.</summary>
/// <param name="Write">Puts the session's value into a row.</param>
/// <param name="Read">Gives it back to the session; null where it follows from others and is there only for SQL queries.</param>
internal sealed record SessionColumn(string Name, ColumnType Type, Action<SessionState, IRowWriter> Write, Action<SessionState, IRowReader, int>? Read)
{
    public static SessionColumn Number(string name, Func<SessionState, long> get, Action<SessionState, long>? set = null) =>
        new(name, ColumnType.Number, (state, row) => row.Number(get(state)), set is null ? null : (state, row, column) => set(state, row.Number(column)));

    public static SessionColumn Flag(string name, Func<SessionState, bool> get, Action<SessionState, bool>? set = null) =>
        Number(name, state => get(state) ? 1 : 0, set is null ? null : (state, value) => set(state, value != 0));

    public static SessionColumn Text(string name, Func<SessionState, string> get, Action<SessionState, string> set) =>
        new(name, ColumnType.Text, (state, row) => row.Text(get(state)), (state, row, column) => set(state, row.Text(column)));

    public static SessionColumn Set(string name, Func<SessionState, IntervalSet> get, Action<SessionState, IntervalSet> set) =>
        new(name, ColumnType.Set, (state, row) => row.Set(get(state)), (state, row, column) => set(state, row.Set(column)));

    /// <param name="set">Reads the bytes in place: they are valid only until the next row.</param>
    public static SessionColumn Bytes(string name, Func<SessionState, byte[]> get, BytesReader set) =>
        new(name, ColumnType.Bytes, (state, row) => row.Bytes(get(state)), (state, row, column) => set(state, row.Bytes(column)));

    /// <summary>Takes what <see cref="Bytes"/> reads.</summary>
    internal delegate void BytesReader(SessionState state, ReadOnlySpan<byte> bytes);
}
