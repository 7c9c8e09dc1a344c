using System.Globalization;

namespace HlsGateway.Analytics;

internal enum CellType
{
    Text,
    Whole,
    Number,
    Flag,
    Time,
}

/// <summary>A column of an export, once for all formats.</summary>
/// <param name="Cell">A string, long, double, bool or DateTimeOffset as <paramref name="Type"/> says; null for an empty cell.</param>
internal sealed record ExportColumn<T>(string Name, CellType Type, Func<T, object?> Cell)
{
    public static ExportColumn<T> Text(string name, Func<T, string?> cell) => new(name, CellType.Text, row => cell(row));

    public static ExportColumn<T> Whole(string name, Func<T, long?> cell) => new(name, CellType.Whole, row => cell(row));

    public static ExportColumn<T> Number(string name, Func<T, double?> cell) => new(name, CellType.Number, row => cell(row));

    public static ExportColumn<T> Flag(string name, Func<T, bool> cell) => new(name, CellType.Flag, row => cell(row));

    public static ExportColumn<T> Time(string name, Func<T, DateTimeOffset?> cell) => new(name, CellType.Time, row => cell(row));

    /// <summary>All figures of videos.</summary>
    public static IEnumerable<ExportColumn<T>> Figures(Func<T, VideoFigures> of) => FigureColumn.All.Select(figure => figure.IsWhole
        ? Whole(figure.Name, row => (long?)figure.Of(of(row)))
        : Number(figure.Name, row => figure.Of(of(row))));

    /// <summary>A row's cell as text; empty where there is nothing.</summary>
    public string Plain(T row) => Cell(row) switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        double number => number.ToString("0.####", CultureInfo.InvariantCulture),
        DateTimeOffset time => Rfc3339.Text(time),
        var other => Convert.ToString(other, CultureInfo.InvariantCulture) ?? "",
    };
}
