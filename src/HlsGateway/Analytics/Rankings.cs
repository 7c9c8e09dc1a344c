using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace HlsGateway.Analytics;

/// <summary>Where a page of a ranking ends: the last video of it and its figure.</summary>
internal readonly record struct RankingCursor(double? Value, string Video)
{
    /// <summary>Opaque to clients.</summary>
    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Value?.ToString("R", CultureInfo.InvariantCulture)}\n{Video}"));

    public static bool TryParse(string text, out RankingCursor cursor)
    {
        cursor = default;
        if (!Base64Url.IsValid(text))
            return false;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('\n', 2);
        if (parts.Length != 2)
            return false;
        if (parts[0].Length == 0)
            cursor = new RankingCursor(null, parts[1]);
        else if (double.TryParse(parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
            cursor = new RankingCursor(value, parts[1]);
        else return false;
        return true;
    }
}

/// <summary>Videos by a figure. All are looked at for each page, and no more of them kept than the page holds.</summary>
internal sealed class Rankings(LedgerReader ledger, VideoSums sums)
{
    /// <param name="after">The page before ended there; null for the first.</param>
    public async Task<VideoRanking> RankAsync(
        TimeZoneInfo zone, DateTimeOffset from, DateTimeOffset until, SessionFilter filter, FigureColumn order, bool ascending, int limit, RankingCursor? after, CancellationToken ct)
    {
        var asOf = await ledger.CaughtUpAsync(ct);
        var places = Comparer<RankingCursor>.Create((one, other) => Compare(one, other, ascending));
        var page = new SortedList<RankingCursor, VideoFigures>(places);
        await foreach (var (video, figures) in sums.EachAsync(from, until, filter, null, ct))
        {
            var place = new RankingCursor(order.Of(figures), video);
            if (after is { } last && places.Compare(place, last) <= 0)
                continue;
            // One more than the page holds tells that another follows.
            if (page.Count > limit && places.Compare(place, page.GetKeyAtIndex(limit)) >= 0)
                continue;
            page.Add(place, figures);
            if (page.Count > limit + 1)
                page.RemoveAt(limit + 1);
        }
        var more = page.Count > limit;
        if (more)
            page.RemoveAt(limit);
        return new VideoRanking(
            from, until, zone.Id, order.Name, ascending, [.. page.Select(pair => new RankedVideo(pair.Key.Video, pair.Value))],
            more ? page.GetKeyAtIndex(limit - 1).ToString() : null, asOf.UtcDateTime);
    }

    /// <summary>Where a figure is null the video comes last, whichever way the others are sorted; among equals the names decide.</summary>
    private static int Compare(RankingCursor one, RankingCursor other, bool ascending)
    {
        if (one.Value is not { } value || other.Value is not { } against)
            return one.Value.HasValue == other.Value.HasValue ? string.CompareOrdinal(one.Video, other.Video) : one.Value.HasValue ? -1 : 1;
        var order = ascending ? value.CompareTo(against) : against.CompareTo(value);
        return order != 0 ? order : string.CompareOrdinal(one.Video, other.Video);
    }
}
