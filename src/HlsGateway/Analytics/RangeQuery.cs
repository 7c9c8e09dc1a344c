using System.ComponentModel;
using System.Globalization;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace HlsGateway.Analytics;

/// <summary>A stretch of time as a client asked for it.</summary>
/// <param name="From">Inclusive; null where it was not given.</param>
/// <param name="To">Exclusive; null where it was not given.</param>
/// <param name="Zone">What a date alone is a day of, and what days are cut in.</param>
internal readonly record struct TimeRange(DateTimeOffset? From, DateTimeOffset? To, TimeZoneInfo Zone);

/// <summary>The query parameters that say a stretch of time, the same for every call that takes one.</summary>
internal sealed class RangeQuery
{
    [FromQuery(Name = "from")]
    [Description("What began or happened at this time or later. RFC 3339 with an offset (2026-11-30T12:00:00Z), or a date, which is the beginning of that day in tz.")]
    public string? From { get; init; }

    [FromQuery(Name = "to")]
    [Description("What began or happened before this time. A date is the beginning of that day in tz, so the day itself is not in it.")]
    public string? To { get; init; }

    [FromQuery(Name = "tz")]
    [Description("IANA name of the time zone of dates, days and hours; UTC unless given.")]
    public string? Tz { get; init; }

    /// <returns>What is wrong; null where nothing is.</returns>
    public ProblemHttpResult? Read(out TimeRange range)
    {
        range = default;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(Tz ?? "UTC", out var zone))
            return Wrong("tz", $"the IANA name of a time zone, for example Europe/Berlin{Meant(Tz ?? "", TimeZoneInfo.GetSystemTimeZones().Select(known => known.Id))}");
        if (ReadTime("from", From, zone, out var from) is { } wrongFrom)
            return wrongFrom;
        if (ReadTime("to", To, zone, out var to) is { } wrongTo)
            return wrongTo;
        if (from >= to)
            return Wrong("to", To == From && To?.Length == 10 ? $"later than from: it is not part of what is asked for, so the whole of {From} ends with to={NextDay(To)}" : "later than from");
        range = new TimeRange(from, to, zone);
        return null;
    }

    /// <summary>A parameter with a value that it cannot have.</summary>
    internal static ProblemHttpResult Wrong(string parameter, string expected) => Problems.Of(Problem.BadParameter, $"'{parameter}' must be {expected}{(expected.EndsWith('?') ? "" : ".")}");

    /// <summary>The end of a sentence that names what was probably meant; empty where nothing is like it.</summary>
    internal static string Meant(string written, IEnumerable<string> known) => Nearest.To(written, known) is { } near ? $"; did you mean '{near}'?" : "";

    private static ProblemHttpResult? ReadTime(string name, string? text, TimeZoneInfo zone, out DateTimeOffset? time)
    {
        time = null;
        if (text is null)
            return null;
        if (!Rfc3339.TryRead(text, zone, out var read, out var why))
            return Problems.Of(Problem.BadTime, $"'{name}' {why}.");
        time = read;
        return null;
    }

    private static string NextDay(string date) => DateOnly.ParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture).AddDays(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
