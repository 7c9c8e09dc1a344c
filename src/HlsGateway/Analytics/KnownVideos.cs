using System.Data.Common;
using HlsGateway.Catalogue;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Analytics;

/// <summary>Which videos and names there is anything to tell of: a misspelt one must not be an answer of zeros.</summary>
internal sealed class KnownVideos(LedgerReader ledger, VideoViews catalogue)
{
    /// <summary>Names that are read to find what was meant, before and behind the written one, and from the start of the list.</summary>
    private const int Neighbours = 200;
    private const int Suggestions = 3;

    /// <returns>A 404 with what was probably meant; null where the video is known: somebody asked for it once, or it was uploaded.</returns>
    public async Task<ProblemHttpResult?> FindAsync(string video, HttpRequest request, CancellationToken ct)
    {
        await ledger.CaughtUpAsync(ct);
        var near = await ledger.AskAsync(connection => Knows(connection, video) ? null : Near(connection, video), ct);
        if (near is null || await catalogue.FindAsync(video, request, ct) is not null)
            return null;
        var meant = new List<string>();
        while (meant.Count < Suggestions && Nearest.To(video, near.Except(meant, StringComparer.Ordinal)) is { } name) meant.Add(name);
        var shown = video.Length > 200 ? video[..200] : video;
        return Problems.Of(Problem.NoVideo,
            $"Nothing was counted for '{shown}', and it was never uploaded here. {(meant.Count > 0 ? $"Did you mean {string.Join(" or ", meant.Select(name => $"'{name}'"))}? " : "")}GET /api/analytics/videos lists the videos that were watched.");
    }

    /// <returns>A 400 with the nearest name; null where a session of the video has it.</returns>
    public async Task<ProblemHttpResult?> FindNamesAsync(string video, SessionFilter filter, CancellationToken ct)
    {
        foreach (var (parameter, dimension, name) in ((string, int, string?)[])[("rendition", 1, filter.Rendition), ("captions", 2, filter.Captions)])
        {
            if (name is null)
                continue;
            var known = await ledger.AskAsync(connection => Names(connection, "SELECT DISTINCT name FROM share_quarter WHERE video = @video AND dimension = @dimension ORDER BY name LIMIT 1000", video, dimension), ct);
            if (known.Count > 0 && !known.Contains(name, StringComparer.Ordinal))
                return FilterQuery.WrongName(parameter, name, known);
        }
        return null;
    }

    /// <summary>Each by the beginning of a primary key.</summary>
    private static bool Knows(DbConnection connection, string video) =>
        Names(connection, "SELECT video FROM video WHERE video = @video", video).Count > 0
        || Names(connection, "SELECT video FROM video_quarter WHERE video = @video ORDER BY quarter LIMIT 1", video).Count > 0
        || Names(connection, "SELECT video FROM anonymous WHERE video = @video ORDER BY quarter LIMIT 1", video).Count > 0;

    private static List<string> Near(DbConnection connection, string video) =>
    [
        .. Names(connection, $"SELECT video FROM video WHERE video < @video ORDER BY video DESC LIMIT {Neighbours}", video),
        .. Names(connection, $"SELECT video FROM video WHERE video > @video ORDER BY video LIMIT {Neighbours}", video),
        .. Names(connection, $"SELECT video FROM video WHERE video > @video ORDER BY video LIMIT {Neighbours}", ""),
    ];

    private static List<string> Names(DbConnection connection, string sql, string video, int? dimension = null)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.With("video", video);
        if (dimension is { } asked)
            command.With("dimension", asked);
        using var rows = command.ExecuteReader();
        var names = new List<string>();
        while (rows.Read()) names.Add(rows.GetString(0));
        return names;
    }
}
