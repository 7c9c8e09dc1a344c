using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>A figure of videos as a number: what rankings are sorted by and exports have columns of.</summary>
/// <param name="Name">In the API.</param>
/// <param name="IsWhole">It counts, and is no time, average or rate.</param>
/// <param name="Of">Null where there is nothing to divide by.</param>
internal sealed record FigureColumn(string Name, bool IsWhole, Func<VideoFigures, double?> Of)
{
    /// <summary>Each sum of <see cref="Figure.All"/>, and what follows from them.</summary>
    public static IReadOnlyList<FigureColumn> All { get; } =
    [
        .. Figure.All.Select(figure => new FigureColumn(figure.Name, !figure.IsTime, figures => figures.Of(figure))),
        new("basis_fetched", true, figures => figures.Basis.Fetched),
        new("average_watch_seconds", false, figures => figures.AverageWatchSeconds),
        new("average_watch_seconds_low", false, figures => figures.AverageWatchSecondsLow),
        new("completion_rate", false, figures => figures.CompletionRate),
        new("completion_rate_low", false, figures => figures.CompletionRateLow),
    ];
}
