namespace HlsGateway.Counting;

/// <summary>Reads and writes <see cref="SessionState"/> rows on the writing connection, with statements prepared once.</summary>
internal sealed class SessionTable : IDisposable
{
    private readonly Statement read;
    private readonly Statement write;
    private readonly Row readRow;
    private readonly Row writtenRow;

    public SessionTable(LedgerFile ledger)
    {
        read = ledger.Prepare($"SELECT video, {SessionColumns.Read.List()} FROM session WHERE session_id = ?");
        write = ledger.Prepare($"INSERT OR REPLACE INTO session(session_id, video, {SessionColumns.All.List()}) VALUES (?,?{string.Concat(SessionColumns.All.Select(_ => ",?"))})");
        (readRow, writtenRow) = (new Row(read), new Row(write));
    }

    public SessionState? Read(Guid session)
    {
        Span<byte> id = stackalloc byte[16];
        session.TryWriteBytes(id, bigEndian: true, out _);
        read.Bind(1, id);
        SessionState? state = null;
        if (read.Step())
        {
            state = new SessionState { Session = session, Video = read.Text(0) };
            SessionColumns.ReadInto(state, readRow, 1);
        }
        read.Reset();
        return state;
    }

    public void Write(SessionState state)
    {
        Span<byte> id = stackalloc byte[16];
        state.Session.TryWriteBytes(id, bigEndian: true, out _);
        writtenRow.Begin();
        writtenRow.Bytes(id);
        writtenRow.Text(state.Video);
        SessionColumns.Write(state, writtenRow);
        write.Run();
    }

    public void Dispose()
    {
        read.Dispose();
        write.Dispose();
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
