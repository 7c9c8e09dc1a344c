namespace HlsGateway.Tests;

/// <summary>Times as clients write them.</summary>
public sealed class Rfc3339Tests
{
    [Theory]
    [InlineData("2026-11-30T12:34:56.789Z", "2026-11-30T12:34:56.789Z")]
    [InlineData("2026-11-30T12:34:56Z", "2026-11-30T12:34:56.000Z")]
    [InlineData("2026-11-30t12:34z", "2026-11-30T12:34:00.000Z")]
    [InlineData("2026-11-30 12:34:56Z", "2026-11-30T12:34:56.000Z")]
    [InlineData("2026-11-30T13:00:00+01:00", "2026-11-30T12:00:00.000Z")]
    [InlineData("2026-11-30T13:00:00 01:00", "2026-11-30T12:00:00.000Z")]
    [InlineData("2026-11-30T08:30:00.5-03:30", "2026-11-30T12:00:00.500Z")]
    [InlineData("2026-11-30T17:45:00+05:45", "2026-11-30T12:00:00.000Z")]
    public void A_time_with_its_offset_is_read_and_written_in_utc(string text, string utc)
    {
        Assert.True(Rfc3339.TryRead(text, out var time, out var why), why);
        Assert.Equal(utc, Rfc3339.Text(time));
        Assert.True(Rfc3339.TryRead(utc, out var again, out _));
        Assert.Equal(time, again);
    }

    [Theory]
    [InlineData("2026-11-30T12:00:00", "has no offset")]
    [InlineData("2026-11-30 12:00", "has no offset")]
    [InlineData("2026-11-30", "has no time of day and no offset")]
    [InlineData("30.11.2026", "is not a time")]
    [InlineData("tomorrow", "is not a time")]
    [InlineData("2026-11-30T25:00:00Z", "is not a time")]
    [InlineData("2026-02-30T12:00:00Z", "is not a time")]
    [InlineData("0001-01-01T00:00:00Z", "is not a time")]
    [InlineData("", "is not a time")]
    public void A_time_that_does_not_say_its_moment_is_refused_with_the_two_ways_to_say_it(string text, string told)
    {
        Assert.False(Rfc3339.TryRead(text, out _, out var why));
        Assert.Contains(told, why, StringComparison.Ordinal);
        Assert.Contains("2026-11-30T12:00:00Z", why, StringComparison.Ordinal);
        Assert.Contains("2026-11-30T13:00:00+01:00", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UTC", "2026-11-30", "2026-11-30T00:00:00.000Z")]
    [InlineData("Europe/Berlin", "2026-11-30", "2026-11-29T23:00:00.000Z")]
    [InlineData("Asia/Kathmandu", "2026-11-30", "2026-11-29T18:15:00.000Z")]
    [InlineData("America/St_Johns", "2026-11-30", "2026-11-30T03:30:00.000Z")]
    [InlineData("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00.000Z")]
    [InlineData("Australia/Lord_Howe", "2026-04-06", "2026-04-05T13:30:00.000Z")]
    // Clocks jump from 24:00 to 01:00: the day begins at 01:00.
    [InlineData("America/Santiago", "2026-09-06", "2026-09-06T04:00:00.000Z")]
    [InlineData("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00.000Z")]
    // Midnight comes twice: the day begins with the first.
    [InlineData("America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z")]
    public void A_date_alone_is_the_beginning_of_that_day_in_the_zone(string zone, string date, string utc)
    {
        Assert.True(Rfc3339.TryRead(date, TimeZoneInfo.FindSystemTimeZoneById(zone), out var time, out var why), why);
        Assert.Equal(utc, Rfc3339.Text(time));
    }
}
