namespace HlsGateway.Counting;

/// <summary>Reads and writes <see cref="SessionState"/> rows on the writing connection, with statements prepared once.</summary>
internal sealed class SessionTable : IDisposable
{
    private readonly Statement read;
    private readonly Statement insert;
    private readonly Statement update;
    private readonly Row readRow;
    private readonly Row insertedRow;
    private readonly Row updatedRow;

    public SessionTable(LedgerFile ledger)
    {
        read = ledger.Prepare($"SELECT video, {SessionColumns.Read.List()} FROM session WHERE session_id = ?");
        insert = ledger.Prepare($"INSERT INTO session({SessionColumns.All.List()}, session_id, video) VALUES ({string.Concat(SessionColumns.All.Select(_ => "?,"))}?,?)");
        update = ledger.Prepare($"UPDATE session SET {string.Join(", ", SessionColumns.All.Select(column => column.Name + " = ?"))} WHERE session_id = ?");
        (readRow, insertedRow, updatedRow) = (new Row(read), new Row(insert), new Row(update));
    }

    public SessionState? Read(Guid session)
    {
        Span<byte> id = stackalloc byte[16];
        session.TryWriteBytes(id, bigEndian: true, out _);
        read.Bind(1, id);
        SessionState? state = null;
        if (read.Step())
        {
            state = new SessionState { Session = session, Video = read.Text(0), IsWritten = true };
            SessionColumns.ReadInto(state, readRow, 1);
        }
        read.Reset();
        return state;
    }

    public void Write(SessionState state)
    {
        Span<byte> id = stackalloc byte[16];
        state.Session.TryWriteBytes(id, bigEndian: true, out _);
        var row = state.IsWritten ? updatedRow : insertedRow;
        row.Begin();
        SessionColumns.Write(state, row);
        row.Bytes(id);
        if (!state.IsWritten)
            row.Text(state.Video);
        (state.IsWritten ? update : insert).Run();
        state.IsWritten = true;
    }

    public void Dispose()
    {
        read.Dispose();
        insert.Dispose();
        update.Dispose();
    }

    /// <summary>A statement's row, or its parameters.</summary>
    private sealed class Row(Statement statement) : IRowReader, IRowWriter
    {
        private int bound;

        public void Begin() => bound = 0;

        public long Number(int column) => statement.Int64(column);

        public string Text(int column) => statement.Text(column);

        public ReadOnlySpan<byte> Bytes(int column) => statement.Blob(column);

        public IntervalSet Set(int column) => IntervalSet.FromBytes(statement.Blob(column));

        public void Number(long value) => statement.Bind(++bound, value);

        public void Text(string value) => statement.Bind(++bound, value);

        public void Bytes(ReadOnlySpan<byte> value) => statement.Bind(++bound, value);

        public void Set(IntervalSet value) => statement.Bind(++bound, value.ToBytes());
    }
}
