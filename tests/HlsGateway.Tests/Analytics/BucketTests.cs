using System.Text.Json;
using HlsGateway.Analytics;
using HlsGateway.Counting;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace HlsGateway.Tests.Analytics;

/// <summary>Days, weeks and months in any zone, and when they are final.</summary>
public sealed class BucketTests
{
    private static readonly string[] Zones =
    [
        "UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Santiago", "America/Havana", "Africa/Cairo", "Asia/Kathmandu", "Asia/Kolkata", "Australia/Lord_Howe",
        "Pacific/Chatham", "Pacific/Apia",
    ];

    [Fact]
    public void Buckets_of_each_length_cover_a_year_without_gap_or_overlap_in_every_zone()
    {
        var (from, until) = (new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2027, 1, 3, 0, 0, 0, TimeSpan.Zero));
        foreach (var zone in Zones.Select(TimeZoneInfo.FindSystemTimeZoneById))
        {
            foreach (var unit in Enum.GetValues<BucketUnit>())
            {
                var buckets = BucketCuts.Between(from, until, unit, zone).ToList();
                Assert.Equal(from, buckets[0].From);
                Assert.Equal(until, buckets[^1].To);
                for (var i = 1; i < buckets.Count; i++)
                {
                    Assert.Equal(buckets[i - 1].To, buckets[i].From);
                    Assert.True(buckets[i].From < buckets[i].To);
                    if (unit == BucketUnit.Hour) continue;
                    var day = DateOnly.FromDateTime(buckets[i].From.DateTime);
                    Assert.Equal(Rfc3339.StartOfDay(day, zone), buckets[i].From);
                    if (unit == BucketUnit.Week) Assert.Equal(DayOfWeek.Monday, day.DayOfWeek);
                    if (unit == BucketUnit.Month) Assert.Equal(1, day.Day);
                }
                Assert.All(buckets.SelectMany(bucket => new[] { bucket.From, bucket.To.AddMilliseconds(-1) }), time =>
                    Assert.Contains(BucketCuts.Around(BucketCuts.Floor(time), unit, zone), buckets.Append(BucketCuts.Around(from, unit, zone)).Append(BucketCuts.Around(until.AddMilliseconds(-1), unit, zone))));
            }
        }
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-03-29", 23)]
    [InlineData("Europe/Berlin", "2026-10-25", 25)]
    [InlineData("Australia/Lord_Howe", "2026-04-05", 24.5)]
    [InlineData("Australia/Lord_Howe", "2026-10-04", 23.5)]
    [InlineData("America/St_Johns", "2026-11-01", 25)]
    [InlineData("America/Santiago", "2026-09-06", 23)]
    [InlineData("America/Havana", "2026-11-01", 25)]
    [InlineData("Asia/Kathmandu", "2026-06-01", 24)]
    public void A_day_on_which_clocks_move_is_as_long_as_it_is(string zone, string date, double hours)
    {
        var tz = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var noon = Rfc3339.StartOfDay(DateOnly.Parse(date, System.Globalization.CultureInfo.InvariantCulture), tz).AddHours(12);
        var (from, to) = BucketCuts.Around(noon, BucketUnit.Day, tz);
        Assert.Equal(hours, (to - from).TotalHours);
        Assert.Equal(hours, BucketCuts.Between(from, to, BucketUnit.Hour, tz).Sum(hour => (hour.To - hour.From).TotalHours));
    }

    [Fact]
    public async Task A_date_alone_is_that_day_in_the_zone_in_sessions_reports_rankings_changes_and_exports()
    {
        await using var host = await GatewayHost.StartAsync();
        using var api = host.Api("analyst");
        var outbox = host.Services.GetRequiredService<Outbox>();
        // The last and the first quarter of an hour of days in Kathmandu, five hours and three quarters ahead.
        var starts = new[] { "2026-06-01T18:00:00Z", "2026-06-01T18:15:00Z", "2026-06-02T18:00:00Z", "2026-06-02T18:15:00Z" };
        foreach (var start in starts)
            Assert.True(await outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(DateTimeOffset.Parse(start, System.Globalization.CultureInfo.InvariantCulture)), 0, video: "clip")));
        const string Day = "from=2026-06-02&to=2026-06-03&tz=Asia/Kathmandu";
        string[] expected = ["2026-06-02T18:00:00.000Z", "2026-06-01T18:15:00.000Z"];
        Assert.Equal(expected, (await GetAsync(api, $"/api/sessions?{Day}")).GetProperty("sessions").EnumerateArray().Select(s => s.GetProperty("started_at").GetString()));
        Assert.Equal(2, (await GetAsync(api, $"/api/videos/clip/analytics?{Day}")).GetProperty("sessions").GetInt32());
        Assert.Equal(2, (await GetAsync(api, $"/api/analytics/videos?{Day}")).GetProperty("videos")[0].GetProperty("sessions").GetInt32());
        Assert.Equal(3, (await api.GetStringAsync(new Uri($"/api/export/sessions.csv?{Day}", UriKind.Relative))).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(JsonValueKind.Array, (await GetAsync(api, $"/api/changes?{Day}")).GetProperty("changes").ValueKind);
        var report = await GetAsync(api, $"/api/videos/clip/analytics?from=2026-05-01&to=2026-07-01&tz=Asia/Kathmandu&bucket=week");
        Assert.Equal("2026-06-01T00:00:00+05:45", report.GetProperty("buckets").EnumerateArray().Single(b => b.GetProperty("sessions").GetInt32() == 4).GetProperty("from_local").GetString());
    }

    [Fact]
    public async Task A_bucket_is_final_once_its_last_session_has_expired_and_what_is_late_has_come()
    {
        var clock = new ManualClock();
        clock.Advance(new DateTimeOffset(2026, 6, 3, 0, 0, 59, TimeSpan.Zero) - clock.GetUtcNow());
        await using var host = await GatewayHost.StartAsync(configure: services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock)));
        using var api = host.Api("analyst");
        Assert.True(await host.Services.GetRequiredService<Outbox>().RecordAsync(TestLedger.Segment(Guid.CreateVersion7(new DateTimeOffset(2026, 6, 1, 23, 59, 0, TimeSpan.Zero)), 0, video: "clip")));
        const string Days = "/api/videos/clip/analytics?from=2026-06-01&to=2026-06-03";
        async Task<IEnumerable<(bool, string?)>> FinalAsync() =>
            (await GetAsync(api, Days)).GetProperty("buckets").EnumerateArray().Select(b => (b.GetProperty("final").GetBoolean(), b.GetProperty("final_at").GetString())).ToList();
        // The token of a session that began at the end of the first lives for 24 hours.
        Assert.Equal([(false, "2026-06-03T00:01:00.000Z"), (false, "2026-06-04T00:01:00.000Z")], await FinalAsync());
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([(true, "2026-06-03T00:01:00.000Z"), (false, "2026-06-04T00:01:00.000Z")], await FinalAsync());
    }

    private static async Task<JsonElement> GetAsync(HttpClient api, string path)
    {
        using var response = await api.GetAsync(new Uri(path, UriKind.Relative));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement;
    }
}
