using System.Globalization;
using System.Text.Json;
using HlsGateway.Analytics;
using HlsGateway.Counting;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Parquet;

namespace HlsGateway.Tests.Analytics;

public sealed class FilterTests : FilterContract;

[Collection("ledger-postgres")]
public sealed class PostgresFilterTests(LedgerPostgres postgres) : FilterContract
{
    protected override Task<string> DatabaseAsync() => postgres.NewDatabaseAsync();
}

/// <summary>The same filters give the same sessions in lists, reports, rankings and exports, and their figures are sums of these.</summary>
public abstract class FilterContract : IAsyncLifetime
{
    private static readonly string[] Videos = ["shows/one", "shows/two", "clip_15"];
    private static readonly DateTimeOffset Begin = new(2026, 10, 23, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Zones =
    [
        "UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "America/New_York", "Pacific/Auckland", "Pacific/Kiritimati", "Pacific/Chatham", "Asia/Tehran",
        "America/Sao_Paulo", "Pacific/Apia",
    ];
    private static readonly string[] Filters =
    [
        "", "player=browser", "player=vlc&completed=true", "completed=false", "completed=true", "basis=fetched", "basis=buffered", "basis=measured", "trailer=none", "trailer=00000007", "player=mpv&trailer=00000007",
        "left_from=4&left_to=20", "left_to=9&basis=fetched", "audience=people", "audience=tools", "watched_from=0.25&watched_to=0.75", "watched_to=0.5&audience=people", "watched_from=1", "left_from=3&watched_to=1",
    ];
    private static readonly string[] Figures = ["sessions", "impressions", "views", "views_low", "watch_seconds", "watch_seconds_low", "seconds_fetched", "segments_fetched", "completed", "completed_low", "trailer_sessions", "trailer_seconds", "trailer_seconds_low"];

    private GatewayHost host = null!;
    private HttpClient api = null!;

    /// <summary>Connection string of the ledger; empty for the embedded one.</summary>
    protected virtual Task<string> DatabaseAsync() => Task.FromResult("");

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:Ledger"] = await DatabaseAsync(),
            ["Analytics:PlayerBuffer"] = "00:00:09",
            ["Analytics:ViewSeconds"] = "8",
        });
        api = host.Api("analyst");
        await PlayAsync(new Random(5), 150);
    }

    public async Task DisposeAsync()
    {
        api.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Lists_reports_rankings_and_exports_agree_under_each_filter_zone_and_range()
    {
        var random = new Random(21);
        for (var round = 0; round < 36; round++)
        {
            var (zone, filter) = (Zones[round % Zones.Length], Filters[round % Filters.Length]);
            // Across the days on which clocks in Berlin and St John's go back.
            var first = new DateOnly(2026, 10, 22).AddDays(random.Next(4));
            var range = $"from={first:yyyy-MM-dd}&to={first.AddDays(1 + random.Next(12)):yyyy-MM-dd}&tz={zone}{(filter.Length > 0 ? "&" : "")}{filter}";
            var ranking = (await GetAsync($"/api/analytics/videos?{range}")).GetProperty("videos").EnumerateArray().ToDictionary(v => v.GetProperty("video").GetString()!, StringComparer.Ordinal);
            var exported = await CsvAsync($"/api/export/videos.csv?{range}");
            Assert.Equal(ranking.Keys.Order(StringComparer.Ordinal), exported.Select(row => row["video"]));
            var overview = await GetAsync($"/api/analytics?{range}&bucket={(round % 2 == 0 ? "day" : "month")}&explain=true");
            Assert.Equal(ranking.Values.Count(video => video.GetProperty("sessions").GetInt32() > 0), overview.GetProperty("videos").GetInt32());
            foreach (var figure in Figures)
            {
                Assert.Equal(ranking.Values.Sum(video => video.GetProperty(figure).GetDecimal()), overview.GetProperty(figure).GetDecimal());
                Assert.Equal(overview.GetProperty(figure).GetDecimal(), overview.GetProperty("buckets").EnumerateArray().Sum(bucket => bucket.GetProperty(figure).GetDecimal()));
            }
            var all = await CsvAsync($"/api/export/sessions.csv?{range}");
            Assert.Equal(all.Count, overview.GetProperty("sessions").GetInt32());
            foreach (var video in Videos)
            {
                var about = $"video={Uri.EscapeDataString(video)}&{range}";
                var sessions = await CsvAsync($"/api/export/sessions.csv?{about}");
                var report = await GetAsync($"/api/videos/{Uri.EscapeDataString(video)}/analytics?{range}&bucket={(round % 2 == 0 ? "day" : "week")}");
                var days = await CsvAsync($"/api/export/days.csv?{about}");
                Assert.Equal(sessions.Count, report.GetProperty("sessions").GetInt32());
                Assert.Equal(Sum(sessions, "watch_seconds"), report.GetProperty("watch_seconds").GetDecimal());
                Assert.Equal(Sum(sessions, "watch_seconds_low"), report.GetProperty("watch_seconds_low").GetDecimal());
                Assert.Equal(Sum(sessions, "seconds_fetched"), report.GetProperty("seconds_fetched").GetDecimal());
                Assert.Equal(sessions.Count(row => row["completed"] == "true"), report.GetProperty("completed").GetInt32());
                Assert.Equal(sessions.Count(row => row["view_low"] == "true"), report.GetProperty("views_low").GetInt32());
                foreach (var figure in Figures)
                {
                    Assert.Equal(report.GetProperty(figure).GetDecimal(), Sum(days, figure));
                    Assert.Equal(report.GetProperty(figure).GetDecimal(), report.GetProperty("buckets").EnumerateArray().Sum(bucket => bucket.GetProperty(figure).GetDecimal()));
                    if (ranking.TryGetValue(video, out var ranked)) Assert.Equal(report.GetProperty(figure).GetDecimal(), ranked.GetProperty(figure).GetDecimal());
                    Assert.Equal(report.GetProperty(figure).GetDecimal(), exported.Where(row => row["video"] == video).Sum(row => decimal.Parse(row[figure], CultureInfo.InvariantCulture)));
                }
                var curve = await CsvAsync($"/api/export/retention.csv?{about}");
                foreach (var point in report.GetProperty("retention").EnumerateArray())
                {
                    var row = curve.Find(line => line["second"] == point.GetProperty("second").GetInt32().ToString(CultureInfo.InvariantCulture));
                    foreach (var part in (string[])["sessions", "sessions_low", "left", "left_low"])
                        Assert.Equal(point.GetProperty(part).GetInt32(), row is null ? 0 : int.Parse(row[part], CultureInfo.InvariantCulture));
                    Assert.Equal(filter.Length == 0 ? JsonValueKind.Number : JsonValueKind.Null, point.GetProperty("plays").ValueKind);
                }
            }
        }
    }

    [Fact]
    public async Task Days_on_which_clocks_move_add_up_in_every_zone_and_open_into_their_sessions()
    {
        var random = new Random(33);
        var outbox = host.Services.GetRequiredService<Outbox>();
        var days = Zones.SelectMany(name => ClockDays(TimeZoneInfo.FindSystemTimeZoneById(name)).Select(day => (Zone: name, Day: day))).ToList();
        Assert.True(days.Count >= 24, $"{days.Count} days");
        Assert.Contains(days, day => day.Day.Month < 6);
        var hits = new List<Hit>();
        foreach (var (name, day) in days)
        {
            var (start, end) = Ends(name, day);
            // On both sides of both midnights, and in the first and the last moment.
            for (var viewer = 0; viewer < 12; viewer++)
            {
                var at = viewer switch { 0 => start, 1 => start.AddMilliseconds(-1), 2 => end, 3 => end.AddMilliseconds(-1), _ => start.AddHours(-1).AddSeconds(random.Next((int)(end - start).TotalSeconds + 7200)) };
                var (session, family) = (Guid.CreateVersion7(at), (PlayerFamily)(1 + random.Next(8)));
                for (var segment = 0; segment <= random.Next(6); segment++) hits.Add(new Hit(session, Videos[viewer % 3], $"720p/{segment}.ts", HitKind.Content, HitRule.Counted, segment * 4000, 4000, at.AddSeconds(1 + (segment * 4)).ToUnixTimeMilliseconds(), 0, family));
            }
        }
        await Parallel.ForEachAsync(hits, async (hit, _) => Assert.True(await outbox.RecordAsync(hit)));

        foreach (var (name, day) in days)
        {
            var filter = Filters[random.Next(Filters.Length)];
            var (start, end) = Ends(name, day);
            var about = $"from={day:yyyy-MM-dd}&to={day.AddDays(1):yyyy-MM-dd}&tz={name}{(filter.Length > 0 ? "&" : "")}{filter}";
            var report = await GetAsync($"/api/analytics?{about}&bucket=hour&explain=true");
            Assert.Equal((start, end), (report.GetProperty("from").GetDateTimeOffset(), report.GetProperty("to").GetDateTimeOffset()));
            var buckets = report.GetProperty("buckets").EnumerateArray().ToList();
            // One after the other, without a gap; in Chatham the hours that come twice are cut at a quarter past and before.
            Assert.Equal(start, buckets[0].GetProperty("from").GetDateTimeOffset());
            Assert.Equal(buckets.Skip(1).Select(bucket => bucket.GetProperty("from").GetDateTimeOffset()).Append(end), buckets.Select(bucket => bucket.GetProperty("to").GetDateTimeOffset()));
            Assert.InRange(buckets.Count, (end - start).TotalHours, (end - start).TotalHours + 1);

            var (listed, cursor) = (new List<JsonElement>(), "");
            do
            {
                var page = await GetAsync($"{report.GetProperty("explain").GetProperty("sessions_url").GetString()}&limit=5{cursor}");
                listed.AddRange(page.GetProperty("sessions").EnumerateArray());
                cursor = page.GetProperty("next_cursor").GetString() is { } next ? $"&cursor={next}" : "";
            }
            while (cursor.Length > 0);
            var csv = await CsvAsync($"/api/export/sessions.csv?{about}");
            Assert.Equal(listed.Select(session => session.GetProperty("session_id").GetString()), csv.Select(row => row["session_id"]));
            Assert.Equal(listed.Take(10).Select(session => session.GetProperty("session_id").GetString()), report.GetProperty("explain").GetProperty("sessions").EnumerateArray().Select(id => id.GetString()));
            Assert.Equal(listed.Count, report.GetProperty("sessions").GetInt32());
            var ranking = (await GetAsync($"/api/analytics/videos?{about}")).GetProperty("videos").EnumerateArray().ToList();
            foreach (var figure in (string[])["watch_seconds", "watch_seconds_low", "seconds_fetched", "segments_fetched", "trailer_seconds"])
            {
                var told = report.GetProperty(figure).GetDecimal();
                Assert.Equal(told, listed.Sum(session => session.GetProperty(figure).GetDecimal()));
                Assert.Equal(told, ranking.Sum(video => video.GetProperty(figure).GetDecimal()));
                Assert.Equal(told, buckets.Sum(bucket => bucket.GetProperty(figure).GetDecimal()));
            }
            Assert.Equal(listed.Count(session => session.GetProperty("completed").GetBoolean()), report.GetProperty("completed").GetInt32());
            Assert.Equal(listed.Count(session => session.GetProperty("view").GetBoolean()), report.GetProperty("views").GetInt32());
        }
    }

    /// <summary>The days of 2026 on which clocks of a zone move, and one on which they do not.</summary>
    private static IEnumerable<DateOnly> ClockDays(TimeZoneInfo zone) =>
        Enumerable.Range(0, 365).Select(new DateOnly(2026, 1, 1).AddDays).Where(day => Ends(zone.Id, day) is var (start, end) && end - start != TimeSpan.FromDays(1)).Append(new DateOnly(2026, 6, 17));

    private static (DateTimeOffset Start, DateTimeOffset End) Ends(string zone, DateOnly day)
    {
        var known = TimeZoneInfo.FindSystemTimeZoneById(zone);
        return (Rfc3339.StartOfDay(day, known).ToUniversalTime(), Rfc3339.StartOfDay(day.AddDays(1), known).ToUniversalTime());
    }

    [Fact]
    public async Task A_stretch_of_the_curve_leads_to_exactly_the_sessions_that_left_there()
    {
        foreach (var video in Videos)
        {
            var about = $"/api/videos/{Uri.EscapeDataString(video)}/analytics?from=2026-10-01&to=2026-12-01";
            var curve = (await GetAsync(about)).GetProperty("retention").EnumerateArray().ToList();
            foreach (var (from, to) in ((int, int)[])[(0, 4), (3, 11), (8, curve.Count), (curve.Count - 1, curve.Count), (curve.Count, curve.Count + 9)])
            {
                var left = curve.Where(point => point.GetProperty("second").GetInt32() >= from && point.GetProperty("second").GetInt32() < to).Sum(point => point.GetProperty("left").GetInt32());
                var listed = await GetAsync($"/api/sessions?video={Uri.EscapeDataString(video)}&from=2026-10-01&to=2026-12-01&limit=1000&left_from={from}&left_to={to}");
                Assert.Equal(left, listed.GetProperty("sessions").GetArrayLength());
                Assert.Equal(left, (await GetAsync($"{about}&left_from={from}&left_to={to}")).GetProperty("sessions").GetInt32());
            }
        }
    }

    [Fact]
    public async Task Tenths_of_the_content_share_out_the_sessions_whose_content_has_a_length()
    {
        foreach (var video in Videos)
        {
            var about = $"video={Uri.EscapeDataString(video)}&from=2026-10-01&to=2026-12-01";
            var all = (await CsvAsync($"/api/export/sessions.csv?{about}")).ConvertAll(row => (Id: row["session_id"], Watched: double.Parse(row["watch_seconds"], CultureInfo.InvariantCulture), Length: row["content_seconds"]));
            var shared = new List<string>();
            for (var tenth = 0; tenth < 10; tenth++)
            {
                var (least, below) = (tenth / 10.0, (tenth + 1) / 10.0);
                var rows = (await CsvAsync(string.Create(CultureInfo.InvariantCulture, $"/api/export/sessions.csv?{about}&watched_from={least}&watched_to={below}"))).ConvertAll(row => row["session_id"]);
                Assert.Equal(
                    from row in all
                    where row.Length.Length > 0 && double.Parse(row.Length, CultureInfo.InvariantCulture) is var length && length > 0 && row.Watched >= least * length && (tenth == 9 || row.Watched < below * length)
                    select row.Id, rows);
                shared.AddRange(rows);
            }
            Assert.Equal(all.Where(row => row.Length.Length > 0).Select(row => row.Id).Order(StringComparer.Ordinal), shared.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task A_filter_takes_the_sessions_that_have_what_it_names_and_no_others()
    {
        var all = await CsvAsync("/api/export/sessions.csv?from=2026-10-01");
        foreach (var (parameter, value, fits) in ((string, string, Func<Dictionary<string, string>, bool>)[])[
            ("player", "vlc", row => row["player"] == "vlc"), ("audience", "people", row => row["player"] != "tool"), ("audience", "tools", row => row["player"] == "tool"), ("rendition", "360p", row => row["renditions"].Split(' ').Contains("360p")),
            ("captions", "de", row => row["captions"].Split(' ').Contains("de")), ("basis", "buffered", row => row["basis"] == "buffered"),
            ("completed", "true", row => row["completed"] == "true"), ("completed", "false", row => row["completed"] == "false"), ("trailer", "none", row => row["trailer_version"].Length == 0)])
        {
            var expected = all.Where(fits).Select(string? (row) => row["session_id"]).ToList();
            Assert.True(expected.Count > 0 && expected.Count < all.Count, $"{parameter}={value}: {expected.Count} of {all.Count}");
            Assert.Equal(expected, (await CsvAsync($"/api/export/sessions.csv?from=2026-10-01&{parameter}={value}")).Select(row => row["session_id"]));
            var (listed, cursor) = (new List<string?>(), "");
            do
            {
                var page = await GetAsync($"/api/sessions?from=2026-10-01&limit=7&{parameter}={value}{cursor}");
                listed.AddRange(page.GetProperty("sessions").EnumerateArray().Select(s => s.GetProperty("session_id").GetString()));
                cursor = page.GetProperty("next_cursor").GetString() is { } next ? $"&cursor={next}" : "";
            }
            while (cursor.Length > 0);
            Assert.Equal(expected, listed);
        }
    }

    [Fact]
    public async Task Sums_under_a_filter_hold_each_session_from_the_first_moment_of_a_range_to_its_last()
    {
        // More than the reports read in one portion, so that portions meet within the range.
        const int Sessions = 5003;
        var (from, to) = (new DateTimeOffset(2026, 9, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 9, 2, 0, 0, 0, TimeSpan.Zero));
        var last = (to - from).TotalMilliseconds - 1;
        var begun = Enumerable.Range(0, Sessions).Select(i => from.AddMilliseconds(Math.Round(last * i / (Sessions - 1)))).Append(from.AddMilliseconds(-1)).Append(to);
        var outbox = host.Services.GetRequiredService<Outbox>();
        Assert.All(await Task.WhenAll(begun.Select(at => outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(at), 0, video: "long", at: at.ToUnixTimeMilliseconds())).AsTask())), Assert.True);

        const string Range = "from=2026-09-01&to=2026-09-02&player=browser";
        var report = await GetAsync($"/api/videos/long/analytics?{Range}");
        Assert.Equal(Sessions, report.GetProperty("sessions").GetInt32());
        Assert.Equal(Sessions, report.GetProperty("retention")[0].GetProperty("sessions").GetInt32());
        Assert.Equal(Sessions, Sum(await CsvAsync($"/api/export/videos.csv?{Range}"), "sessions"));
        Assert.Equal(Sessions, Sum(await CsvAsync($"/api/export/days.csv?{Range}&bucket=hour"), "sessions"));
        var exported = await CsvAsync($"/api/export/sessions.csv?{Range}");
        Assert.Equal(Sessions, exported.Select(row => row["session_id"]).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Sessions, exported.Count);
        Assert.Equal((Rfc3339.Text(from), Rfc3339.Text(to.AddMilliseconds(-1))), (exported[^1]["started_at"], exported[0]["started_at"]));
    }

    [Fact]
    public async Task Every_format_of_an_export_holds_the_same_rows()
    {
        foreach (var table in (string[])["sessions", "videos", "days", "retention"])
        {
            var csv = await CsvAsync($"/api/export/{table}.csv?from=2026-10-01&to=2026-11-30&tz=Europe/Berlin");
            var lines = (await api.GetStringAsync(new Uri($"/api/export/{table}.ndjson?from=2026-10-01&to=2026-11-30&tz=Europe/Berlin", UriKind.Relative)))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
            Assert.True(csv.Count > 2);
            Assert.Equal(csv.Count, lines.Count);
            using var response = await api.GetAsync(new Uri($"/api/export/{table}.parquet?from=2026-10-01&to=2026-11-30&tz=Europe/Berlin", UriKind.Relative));
            Assert.Equal("application/vnd.apache.parquet", response.Content.Headers.ContentType?.MediaType);
            Assert.Equal($"{table}_2026-10-01_2026-11-30_Europe-Berlin.parquet", response.Content.Headers.ContentDisposition?.FileName?.Trim('"'));
            using var file = new MemoryStream(await response.Content.ReadAsByteArrayAsync());
            await using var parquet = await ParquetReader.CreateAsync(file);
            Assert.Equal(csv[0].Keys, parquet.Schema.GetDataFields().Select(field => field.Name));
            using var group = parquet.OpenRowGroupReader(0);
            Assert.Equal(csv.Count, group.RowCount);
            foreach (var field in parquet.Schema.GetDataFields())
            {
                if (field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>))
                {
                    var texts = new string?[csv.Count];
                    await group.ReadAsync(field, texts.AsMemory());
                    Assert.Equal(csv.Select(row => row[field.Name]), texts.Select(text => text ?? ""));
                    continue;
                }
                var cells = field.ClrType == typeof(long) ? (await CellsAsync<long>()).Select(cell => cell?.ToString(CultureInfo.InvariantCulture))
                    : field.ClrType == typeof(double) ? (await CellsAsync<double>()).Select(cell => cell?.ToString("0.####", CultureInfo.InvariantCulture))
                    : field.ClrType == typeof(bool) ? (await CellsAsync<bool>()).Select(cell => cell is { } flag ? flag ? "true" : "false" : null)
                    : (await CellsAsync<DateTime>()).Select(cell => cell is { } time ? Rfc3339.Text(new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc))) : null);
                Assert.Equal(csv.Select(row => row[field.Name]), cells.Select(cell => cell ?? ""));
                if (table != "sessions" && field.Name is not ("renditions" or "captions"))
                    Assert.Equal(csv.Select(row => row[field.Name]), lines.Select(line => Plain(line.GetProperty(field.Name))));

                async Task<T?[]> CellsAsync<T>() where T : struct
                {
                    var read = new T?[csv.Count];
                    await group.ReadAsync<T>(field, read.AsMemory());
                    return read;
                }
            }
        }
    }

    [Fact]
    public async Task A_ranking_is_sorted_by_any_figure_both_ways_and_paged()
    {
        const string Range = "from=2026-10-01&to=2026-11-30";
        foreach (var figure in FigureColumn.All.Select(column => column.Name))
        {
            foreach (var ascending in (bool[])[false, true])
            {
                var (names, values, cursor) = (new List<string?>(), new List<double?>(), "");
                do
                {
                    var page = await GetAsync($"/api/analytics/videos?{Range}&order={figure}&ascending={(ascending ? "true" : "false")}&limit=1{cursor}");
                    Assert.Equal(1, page.GetProperty("videos").GetArrayLength());
                    names.Add(page.GetProperty("videos")[0].GetProperty("video").GetString());
                    var told = page.GetProperty("videos")[0];
                    values.Add(figure.StartsWith("basis_", StringComparison.Ordinal) ? told.GetProperty("basis").GetProperty(figure[6..]).GetDouble() : told.GetProperty(figure).ValueKind == JsonValueKind.Null ? null : told.GetProperty(figure).GetDouble());
                    cursor = page.GetProperty("next_cursor").GetString() is { } next ? $"&cursor={next}" : "";
                }
                while (cursor.Length > 0);
                Assert.Equal(Videos.Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
                var known = values.OfType<double>().ToList();
                Assert.Equal(ascending ? known.Order() : known.OrderDescending(), known);
            }
        }
    }

    [Theory]
    [InlineData("/api/videos/shows%2Fnoe/analytics", "'shows/one'")]
    [InlineData("/api/sessions?video=clip15", "'clip_15'")]
    [InlineData("/api/export/days.csv?video=show/two", "'shows/two'")]
    [InlineData("/api/videos/nothing-like-it-at-all/analytics", "Nothing was counted")]
    public async Task A_video_that_nobody_knows_is_a_404_with_what_was_meant(string url, string told)
    {
        using var response = await api.GetAsync(new Uri(url, UriKind.Relative));
        Assert.Equal(404, (int)response.StatusCode);
        Assert.Contains(told, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("player=chrom", "'player'")]
    [InlineData("player=brwoser", "did you mean 'browser'?")]
    [InlineData("basis=mesured", "did you mean 'measured'?")]
    [InlineData("completed=yes", "one of true, false")]
    [InlineData("audience=peple", "did you mean 'people'?")]
    [InlineData("left_from=0:12", "'left_from' must be a whole second")]
    [InlineData("left_from=12&left_to=12", "'left_to' must be a whole second of the content, later than left_from")]
    [InlineData("watched_from=1.5", "'watched_from' must be a share of the content from 0 to 1")]
    [InlineData("watched_to=-0", "'watched_to' must be a share")]
    [InlineData("watched_from=0.5&watched_to=0.5", "more than watched_from")]
    [InlineData("watched_from=NaN", "'watched_from' must be")]
    [InlineData("trailer=nobody", "'trailer' must be one of none")]
    [InlineData("rendition=720", "did you mean '720p'?")]
    [InlineData("captions=deu", "did you mean 'de'?")]
    [InlineData("tz=Europe/Berln", "did you mean 'Europe/Berlin'?")]
    public async Task A_value_that_a_filter_cannot_have_is_told_with_what_was_meant(string query, string told)
    {
        foreach (var url in (string[])[$"/api/sessions?video=clip_15&{query}", $"/api/videos/clip_15/analytics?{query}", $"/api/export/sessions.parquet?video=clip_15&{query}"])
        {
            using var response = await api.GetAsync(new Uri(url, UriKind.Relative));
            Assert.Equal(400, (int)response.StatusCode);
            Assert.Contains(told, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_explanation_names_the_filters_and_leads_to_the_sessions_behind_the_figures()
    {
        var report = await GetAsync("/api/videos/clip_15/analytics?from=2026-10-01&to=2026-11-30&player=vlc&explain=true");
        var explain = report.GetProperty("explain");
        Assert.Equal("vlc", explain.GetProperty("filters").GetProperty("player").GetString());
        var listed = (await GetAsync(explain.GetProperty("sessions_url").GetString() + "&limit=1000")).GetProperty("sessions").EnumerateArray().Select(s => s.GetProperty("session_id").GetString()).ToList();
        Assert.Equal(report.GetProperty("sessions").GetInt32(), listed.Count);
        Assert.Equal(listed.Take(10), explain.GetProperty("sessions").EnumerateArray().Select(s => s.GetString()));
    }

    private static string Plain(JsonElement cell) => cell.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number => cell.GetDouble().ToString("0.####", CultureInfo.InvariantCulture),
        _ => cell.GetString() ?? "",
    };

    private static decimal Sum(List<Dictionary<string, string>> rows, string column) => rows.Sum(row => decimal.Parse(row[column], CultureInfo.InvariantCulture));

    private async Task<List<Dictionary<string, string>>> CsvAsync(string url)
    {
        using var response = await api.GetAsync(new Uri(url, UriKind.Relative));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        var lines = body.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var names = lines[0].Split(',');
        return [.. lines.Skip(1).Select(line => names.Zip(line.Split(',')).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal))];
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await api.GetAsync(new Uri(path, UriKind.Relative));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    private async Task PlayAsync(Random random, int viewers)
    {
        var outbox = host.Services.GetRequiredService<Outbox>();
        foreach (var video in Videos) outbox.Describe(video, 24_000);
        PlayerFamily[] families = [PlayerFamily.Browser, PlayerFamily.Vlc, PlayerFamily.Mpv, PlayerFamily.Tool];
        var hits = new List<Hit>();
        for (var viewer = 0; viewer < viewers; viewer++)
        {
            var at = Begin.AddSeconds(random.Next(11 * 86_400));
            var (session, video, family, trailer) = (Guid.CreateVersion7(at), Videos[random.Next(3)], families[random.Next(4)], random.Next(2) == 0 ? 0u : 7u);
            long At(double seconds) => at.AddSeconds(seconds).ToUnixTimeMilliseconds();
            hits.Add(new Hit(session, video, "playlist.m3u8", HitKind.SessionStart, HitRule.Counted, 0, 0, At(0), trailer, family));
            var told = random.Next(3);
            var segments = viewer < 9 ? 6 : random.Next(7);
            for (var segment = 0; segment < segments; segment++)
            {
                hits.Add(new Hit(session, video, $"{(viewer % 2 == 0 ? "720p" : "360p")}/{segment}.ts", HitKind.Content, HitRule.Counted, segment * 4000, 4000, At(1 + (segment * 4)), trailer, family)
                {
                    Cmcd = told == 1 ? Cmcd.Parse("bl=4000") : null,
                });
                if (told == 2 && segment > 0)
                    hits.Add(new Hit(session, video, "~cmcd", HitKind.Report, HitRule.Counted, 0, 0, At(1.5 + (segment * 4)), trailer, family) { Cmcd = Cmcd.Parse(string.Create(CultureInfo.InvariantCulture, $"e=t,pt={segment * 4000},sta=p,ts={At(1.5 + (segment * 4))}")) });
            }
            if (viewer % 5 == 0) hits.Add(new Hit(session, video, "subtitles/de/1/0.vtt", HitKind.Caption, HitRule.Counted, 0, 0, At(2), trailer, family));
            if (trailer > 0 && random.Next(2) == 0) hits.Add(new Hit(session, video, "720p/~t/0.ts", HitKind.Trailer, HitRule.Counted, 0, 4800, At(30), trailer, family));
        }
        await Parallel.ForEachAsync(hits, async (hit, _) => Assert.True(await outbox.RecordAsync(hit)));
    }
}
