using System.Text.Json;
using HlsGateway.Analytics;
using HlsGateway.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Data.Sqlite;

namespace HlsGateway.Tests.Counting;

/// <summary>The two lists from which SQL, COPY, merge, ranking and reports are made say what the tables and the API have.</summary>
public sealed class ColumnTests : ColumnContract
{
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    [Fact]
    public void Every_figure_has_a_name_in_the_API_and_a_definition()
    {
        var told = typeof(VideoFigures).GetProperties().Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)).Order(StringComparer.Ordinal).ToList();
        var summed = Figure.All.Except([Figure.Measured, Figure.Buffered]).Select(figure => figure.Name).ToList();
        Assert.Equal(summed.Concat(["basis", "average_watch_seconds", "average_watch_seconds_low", "completion_rate", "completion_rate_low"]).Order(StringComparer.Ordinal), told);
        Assert.All(told.Where(name => name != "sessions"), name => Assert.Contains(name, Definitions.All.Keys));
        // Each but the sessions by basis is what a ranking can be sorted by.
        Assert.Equal(told.Except(["basis"], StringComparer.Ordinal), FigureColumn.All.Select(column => column.Name).Where(order => !order.StartsWith("basis_", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(0, Figure.All.Length), Figure.All.Select(figure => figure.Index));
    }

    [Fact]
    public void What_is_told_of_figures_is_what_was_summed_under_their_names()
    {
        var figures = new VideoFigures([.. Figure.All.Select(figure => (figure.Index + 1L) * 1000)]);
        var told = JsonSerializer.SerializeToElement(figures, SnakeCase);
        Assert.All(Figure.All.Except([Figure.Measured, Figure.Buffered]), figure => Assert.Equal((figure.Index + 1) * (figure.IsTime ? 1 : 1000), told.GetProperty(figure.Name).GetDouble()));
        var basis = told.GetProperty("basis");
        Assert.Equal((figures.Sessions, (Figure.Measured.Index + 1L) * 1000, (Figure.Buffered.Index + 1L) * 1000),
            (basis.EnumerateObject().Sum(kind => kind.Value.GetInt64()), basis.GetProperty("measured").GetInt64(), basis.GetProperty("buffered").GetInt64()));
    }
}

[Collection("ledger-postgres")]
public sealed class PostgresColumnTests(LedgerPostgres postgres) : ColumnContract
{
    protected override async Task<string?> DatabaseAsync() => await postgres.NewDatabaseAsync();
}

public abstract class ColumnContract
{
    protected virtual Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);

    [Fact]
    public async Task The_tables_have_the_listed_columns_and_no_others()
    {
        await using var ledger = new TestLedger(postgres: await DatabaseAsync());
        // PostgreSQL has its tables once something was moved there.
        Assert.True(await ledger.Outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), 0)));
        await Eventually.IsTrueAsync(() => ledger.Outbox.Progress.Merged == 2, "the request in its session");

        Assert.Equal(["session_id", "video", .. SessionColumns.All.Select(column => column.Name).Order(StringComparer.Ordinal)], await ColumnsAsync(ledger, "session"));
        Assert.Equal(["quarter", "video", .. Figure.All.Select(figure => figure.Column).Order(StringComparer.Ordinal)], await ColumnsAsync(ledger, "video_quarter"));
    }

    /// <summary>The key's first.</summary>
    private static async Task<IEnumerable<string>> ColumnsAsync(TestLedger ledger, string table)
    {
        await using System.Data.Common.DbConnection connection = ledger.Postgres is null
            ? new SqliteConnection($"Data Source={ledger.Outbox.LedgerPath};Mode=ReadOnly;Pooling=False")
            : new Npgsql.NpgsqlConnection(ledger.Postgres);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = ledger.Postgres is null
            ? $"SELECT name FROM pragma_table_info('{table}')"
            : $"SELECT column_name FROM information_schema.columns WHERE table_schema = 'counting' AND table_name = '{table}'";
        await using var rows = await command.ExecuteReaderAsync();
        var names = new List<string>();
        while (await rows.ReadAsync()) names.Add(rows.GetString(0));
        return names.OrderBy(name => name is not ("session_id" or "video" or "quarter")).ThenBy(name => name, StringComparer.Ordinal);
    }
}
