using Parquet;
using Parquet.Schema;

namespace HlsGateway.Analytics;

/// <summary>Apache Parquet in row groups: each is made in memory, sent, and forgotten. The file's footer comes last, so no part is ever changed.</summary>
internal sealed class ParquetFormat : ExportFormat
{
    /// <summary>Rows of a group: a few megabytes in memory.</summary>
    private const int GroupRows = 10_000;

    private static readonly ParquetOptions Options = new() { CompressionMethod = CompressionMethod.Snappy };

    public override string ContentType => "application/vnd.apache.parquet";

    public override string About => "An Apache Parquet file with a column for each name.";

    public override string? Example => null;

    public override async Task WriteAsync<T>(IReadOnlyList<ExportColumn<T>> columns, IAsyncEnumerable<T> rows, Stream to, CancellationToken ct)
    {
        var fields = columns.Select(Field).ToArray();
        await using var spool = new Spool(to);
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), spool, Options, append: false, ct))
        {
            var group = new List<T>();
            await foreach (var row in rows.WithCancellation(ct))
            {
                group.Add(row);
                if (group.Count < GroupRows)
                    continue;
                await WriteGroupAsync(writer, columns, fields, group, ct);
                await spool.SendAsync(ct);
                group.Clear();
            }
            if (group.Count > 0)
                await WriteGroupAsync(writer, columns, fields, group, ct);
        }
        await spool.SendAsync(ct);
    }

    private static DataField Field<T>(ExportColumn<T> column) => column.Type switch
    {
        CellType.Text => new DataField(column.Name, typeof(string), isNullable: true),
        CellType.Whole => new DataField(column.Name, typeof(long), isNullable: true),
        CellType.Number => new DataField(column.Name, typeof(double), isNullable: true),
        CellType.Flag => new DataField(column.Name, typeof(bool), isNullable: true),
        _ => new DateTimeDataField(column.Name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Millis, isNullable: true),
    };

    private static async Task WriteGroupAsync<T>(ParquetWriter writer, IReadOnlyList<ExportColumn<T>> columns, DataField[] fields, List<T> rows, CancellationToken ct)
    {
        using var group = writer.CreateRowGroup();
        for (var i = 0; i < columns.Count; i++)
        {
            var column = columns[i];
            await (column.Type switch
            {
                CellType.Text => group.WriteAsync(fields[i], rows.ConvertAll(row => (string?)column.Cell(row))!),
                CellType.Whole => WriteAsync<long>(group, fields[i], rows, column, ct),
                CellType.Number => WriteAsync<double>(group, fields[i], rows, column, ct),
                CellType.Flag => WriteAsync<bool>(group, fields[i], rows, column, ct),
                _ => group.WriteAsync<DateTime>(fields[i], rows.Select(row => ((DateTimeOffset?)column.Cell(row))?.UtcDateTime).ToArray().AsMemory(), cancellationToken: ct),
            });
        }
        group.CompleteValidate();

        static Task WriteAsync<TCell>(ParquetRowGroupWriter group, DataField field, List<T> rows, ExportColumn<T> column, CancellationToken ct)
            where TCell : struct =>
            group.WriteAsync<TCell>(field, rows.Select(row => (TCell?)column.Cell(row)).ToArray().AsMemory(), cancellationToken: ct);
    }

    /// <summary>Takes what the library writes, also synchronously, and sends it on when it is told to; knows how much went through.</summary>
    private sealed class Spool(Stream to) : Stream
    {
        private readonly MemoryStream portion = new();
        private long sent;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => sent + portion.Length;

        public override long Position { get => Length; set => throw new NotSupportedException(); }

        public async Task SendAsync(CancellationToken ct)
        {
            await to.WriteAsync(portion.GetBuffer().AsMemory(0, (int)portion.Length), ct);
            sent += portion.Length;
            portion.SetLength(0);
        }

        public override void Write(byte[] buffer, int offset, int count) => portion.Write(buffer, offset, count);

        public override void Write(ReadOnlySpan<byte> buffer) => portion.Write(buffer);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            portion.Write(buffer, offset, count);
            return Task.CompletedTask;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            portion.Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush()
        {
            // SendAsync decides when.
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                portion.Dispose();
            base.Dispose(disposing);
        }
    }
}
