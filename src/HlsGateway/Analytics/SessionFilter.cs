using System.Data.Common;
using System.Text.Json;
using HlsGateway.Counting;

namespace HlsGateway.Analytics;

/// <summary>Which sessions are asked for, besides their video and the time when they began; null means any.</summary>
/// <param name="Rendition">A name among the session's Renditions.</param>
/// <param name="Captions">A language among the captions that the session fetched.</param>
/// <param name="Trailers">Pinned versions, one of which the session has; 0 stands for none.</param>
/// <param name="Left">Seconds of the content, the end exclusive, in one of which the last one lies that was handed out: as <c>retention[].left</c> counts them.</param>
/// <param name="Tools">True: only programs that fetch streams and show them to nobody; false: only the others.</param>
/// <param name="WatchedFrom">The least share of the content that was handed out.</param>
/// <param name="WatchedTo">Less than this share was; 1 takes those to which all of it was.</param>
internal sealed record SessionFilter(
    PlayerFamily? Player, string? Rendition, string? Captions, Basis? Basis, bool? Completed, IReadOnlyList<uint>? Trailers, (int From, int To)? Left = null, bool? Tools = null,
    double? WatchedFrom = null, double? WatchedTo = null)
{
    public static SessionFilter Any { get; } = new(null, null, null, null, null, null);

    /// <summary>Takes every session: sums that are kept answer then.</summary>
    public bool IsEmpty => this is { Player: null, Rendition: null, Captions: null, Basis: null, Completed: null, Trailers: null, Left: null, Tools: null, WatchedFrom: null, WatchedTo: null };

    /// <summary>Takes every session but those of tools, which are few: kept sums answer, less these.</summary>
    public bool IsPeople => Tools is false && (this with { Tools = null }).IsEmpty;

    /// <summary>The name of a player's family in the API.</summary>
    public static string NameOf(PlayerFamily player) => JsonNamingPolicy.SnakeCaseLower.ConvertName(player.ToString());

    public static string NameOf(Basis basis) => JsonNamingPolicy.SnakeCaseLower.ConvertName(basis.ToString());

    /// <summary>The condition on a row <c>s</c> of <c>session</c>, as what follows a first one: empty, or <c> AND …</c>.</summary>
    /// <param name="kind">Of the database, as <see cref="LedgerReader.Kind"/> says.</param>
    public string Sql(string kind)
    {
        string Among(string column, string name) => kind == "sqlite" ? $"EXISTS (SELECT 1 FROM json_each(s.{column}) WHERE value = @{name})" : $"jsonb_exists(s.{column}::jsonb, @{name})";
        // As the session's report shows it.
        const string Length = "(CASE WHEN s.content_ms > 0 THEN s.content_ms ELSE (SELECT coalesce(nullif(known.content_ms, 0), known.longest_end_ms) FROM video known WHERE known.video = s.video) END)";
        const string IsCompleted = "(s.content_ms > 0 AND s.watch_ms > 0 AND s.watch_ms >= s.content_ms - 1000)";
        var conditions = new List<string>();
        if (Player is not null)
            conditions.Add("s.player = @player");
        if (Rendition is not null)
            conditions.Add(Among("renditions", "rendition"));
        if (Captions is not null)
            conditions.Add(Among("captions", "captions"));
        if (Basis is not null)
            conditions.Add($"{SqlViews.Basis} = @basis");
        if (Completed is { } completed)
            conditions.Add(completed ? IsCompleted : $"NOT {IsCompleted}");
        if (Tools is { } tools)
            conditions.Add($"s.player {(tools ? "=" : "<>")} {(int)PlayerFamily.Tool}");
        if (Left is { } left)
        {
            // As RollupSums counts them; a session to which nothing was handed out left nowhere.
            var end = $"({(kind == "sqlite" ? $"{MediaEnd.Function}(s.watched)" : "upper(s.watched)")} + 499) / 1000";
            conditions.Add($"{end} > {left.From} AND {end} <= {left.To}");
        }
        // Of an unknown length there is no share.
        if (WatchedFrom is not null || WatchedTo is not null)
            conditions.Add($"{Length} > 0");
        if (WatchedFrom is not null)
            conditions.Add($"s.watch_ms >= @watched_from * {Length}");
        if (WatchedTo is < 1)
            conditions.Add($"s.watch_ms < @watched_to * {Length}");
        if (Trailers is not null)
            conditions.Add($"s.trailer IN ({string.Join(", ", Trailers)})");
        return string.Concat(conditions.Select(condition => $" AND {condition}"));
    }

    /// <summary>Gives the values that <see cref="Sql"/> names.</summary>
    public void Bind(DbCommand command)
    {
        if (Player is { } player)
            command.With("player", (long)player);
        if (Rendition is not null)
            command.With("rendition", Rendition);
        if (Captions is not null)
            command.With("captions", Captions);
        if (Basis is { } basis)
            command.With("basis", NameOf(basis));
        if (WatchedFrom is { } from)
            command.With("watched_from", from);
        if (WatchedTo is { } to and < 1)
            command.With("watched_to", to);
    }
}
