namespace HlsGateway.Analytics;

/// <summary>What a stretch of time is cut into. Weeks begin on Monday (ISO 8601).</summary>
internal enum BucketUnit
{
    Hour,
    Day,
    Week,
    Month,
}

/// <summary>Cuts time where clocks of a zone say so.</summary>
internal static class BucketCuts
{
    /// <summary>What the sums are kept by, milliseconds.</summary>
    public const long Quarter = 15 * 60 * 1000;

    /// <summary>The last quarter of an hour that begins at this time or before.</summary>
    public static DateTimeOffset Floor(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds() / Quarter * Quarter);

    /// <summary>The first quarter of an hour that begins at this time or after.</summary>
    public static DateTimeOffset Ceiling(DateTimeOffset time) => Floor(time.AddMilliseconds(Quarter - 1));

    /// <summary>The bucket that holds a moment.</summary>
    /// <returns>Its ends, with the zone's offsets then: [From, To).</returns>
    public static (DateTimeOffset From, DateTimeOffset To) Around(DateTimeOffset time, BucketUnit unit, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(time, zone);
        if (unit == BucketUnit.Hour)
            return HourAround(local, zone);
        var day = DateOnly.FromDateTime(local.DateTime);
        // Where midnight comes twice, what lies between the two belongs to the day that the first one began.
        if (Rfc3339.StartOfDay(day.AddDays(1), zone) <= time)
            day = day.AddDays(1);
        var first = unit switch
        {
            BucketUnit.Day => day,
            BucketUnit.Week => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
            _ => new DateOnly(day.Year, day.Month, 1),
        };
        var next = unit switch
        {
            BucketUnit.Day => first.AddDays(1),
            BucketUnit.Week => first.AddDays(7),
            _ => first.AddMonths(1),
        };
        return (TimeZoneInfo.ConvertTime(Ceiling(Rfc3339.StartOfDay(first, zone)), zone), TimeZoneInfo.ConvertTime(Ceiling(Rfc3339.StartOfDay(next, zone)), zone));
    }

    /// <summary>All buckets of [from, until), which are starts of quarters; the first and the last are cut there.</summary>
    public static IEnumerable<(DateTimeOffset From, DateTimeOffset To)> Between(DateTimeOffset from, DateTimeOffset until, BucketUnit unit, TimeZoneInfo zone)
    {
        for (var start = from; start < until;)
        {
            var end = Around(start, unit, zone).To;
            if (end > until)
                end = until;
            yield return (TimeZoneInfo.ConvertTime(start, zone), TimeZoneInfo.ConvertTime(end, zone));
            start = end;
        }
    }

    /// <summary>An hour that comes twice when clocks go back is two hours: its offset tells them apart. Quarters are looked at, for clocks may move by half an hour.</summary>
    private static (DateTimeOffset From, DateTimeOffset To) HourAround(DateTimeOffset local, TimeZoneInfo zone)
    {
        bool Same(DateTimeOffset other) => other.Date == local.Date && other.Hour == local.Hour && other.Offset == local.Offset;
        var start = TimeZoneInfo.ConvertTime(Floor(local), zone);
        var end = TimeZoneInfo.ConvertTime(Floor(local).AddMilliseconds(Quarter), zone);
        while (TimeZoneInfo.ConvertTime(start.AddMilliseconds(-Quarter), zone) is var before && Same(before)) start = before;
        while (Same(end)) end = TimeZoneInfo.ConvertTime(end.AddMilliseconds(Quarter), zone);
        return (start, end);
    }
}
