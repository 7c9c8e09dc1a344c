using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HlsGateway.Benchmarks;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Xunit.Abstractions;

namespace HlsGateway.Tests.Analytics;

/// <summary>
/// What the pages ask costs little with 100,000 sessions of 500 videos; with a million where SOAK=1. A machine's pace must not decide:
/// the processor time that a gateway takes for an answer is divided by that of a fixed loop on the same machine.
/// </summary>
public sealed class ManySessionsTests(ITestOutputHelper output)
{
    private const int Videos = 500;
    private const int Batch = 5;
    private const string Largest = "shows%2F00%2Fclip-000";

    /// <summary>For a thousand rows: 50,000 rows a second on two processors, of which one reads while the other writes, where a loop takes 2.8 ms.</summary>
    private const double MostForExport = 14;

    private static readonly int Sessions = Environment.GetEnvironmentVariable("SOAK") == "1" ? 1_000_000 : 100_000;

    /// <summary>
    /// An answer may cost so many of the loop, and so many more for each 100,000 sessions where it looks at each of them, or at each of a
    /// tool: several times what they cost when this was written, and no more than a page may wait.
    /// </summary>
    private static readonly (string Question, double Most, double Each)[] Questions =
    [
        ("api/analytics?explain=true", 60, 0), ("api/analytics?bucket=hour", 60, 0), ("api/analytics/videos", 60, 0), ("api/analytics/videos?order=views&limit=10", 60, 0),
        ($"api/videos/{Largest}/analytics?explain=true", 60, 0), ($"api/videos/{Largest}/analytics?bucket=hour", 60, 0), ($"api/videos/{Largest}/moments", 90, 0),
        ("api/sessions", 20, 0), ("api/sessions?player=vlc&completed=true", 20, 0), ($"api/sessions?video={Largest}", 20, 0), ($"api/sessions?video={Largest}&left_from=10&left_to=12", 20, 0),
        ($"api/videos/{Largest}/analytics?left_from=10&left_to=12", 60, 40), ("api/sessions?watched_from=0.4&watched_to=0.5&audience=people", 20, 0), ("api/changes", 20, 0), ("api/videos", 20, 0),
        ("api/analytics?audience=people", 60, 40), ("api/analytics/videos?audience=people", 60, 20), ($"api/videos/{Largest}/analytics?audience=people", 60, 20), ("api/analytics?player=vlc", 60, 50),
    ];

    [Fact]
    public async Task What_pages_ask_costs_little_however_many_sessions_there_are()
    {
        using var data = new TemporaryFolder();
        var made = Stopwatch.StartNew();
        BigLedger.Make(data.Path, Sessions, Videos, DateTimeOffset.UtcNow, TimeSpan.FromDays(27));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Sessions} sessions made in {made.Elapsed.TotalSeconds:0.0} s"));
        using var gateway = await ChildGateway.StartAsync(data.Path, new Uri("http://127.0.0.1:9/"));
        using var api = gateway.NewApi();
        using var process = Process.GetProcessById(gateway.Id);

        var newest = (await GetAsync(api, "api/sessions?limit=1")).GetProperty("sessions")[0].GetProperty("session_id").GetString();
        Assert.True((await GetAsync(api, $"api/sessions/{newest}")).GetProperty("trace").GetArrayLength() > 0);
        await AddsUpAsync(api);

        var unit = ProcessorLoop.BestMs();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"the loop takes {unit:0.00} ms"));
        var dear = new List<string>();
        foreach (var (question, always, each) in Questions.Append(($"api/sessions/{newest}", 20, 0)))
        {
            var most = always + (each * Sessions / 100_000);
            var least = double.MaxValue;
            for (var batch = 0; batch < 5; batch++)
            {
                process.Refresh();
                var before = process.TotalProcessorTime;
                for (var i = 0; i < Batch; i++) await api.GetByteArrayAsync(new Uri(question, UriKind.Relative));
                process.Refresh();
                least = Math.Min(least, (process.TotalProcessorTime - before).TotalMilliseconds / Batch);
            }
            var told = string.Create(CultureInfo.InvariantCulture, $"{least,7:0.0} ms of processor time, {least / unit,6:0.0} of {most} loops: {question}");
            output.WriteLine(told);
            if (least / unit > most) dear.Add(told);
        }
        foreach (var format in (string[])["csv", "ndjson", "parquet"])
        {
            var (least, wall) = (double.MaxValue, double.MaxValue);
            for (var turn = 0; turn < 2; turn++)
            {
                process.Refresh();
                var (before, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
                await using (var rows = await api.GetStreamAsync(new Uri($"api/export/sessions.{format}", UriKind.Relative))) await rows.CopyToAsync(Stream.Null);
                process.Refresh();
                least = Math.Min(least, (process.TotalProcessorTime - before).TotalMilliseconds);
                wall = Math.Min(wall, clock.Elapsed.TotalSeconds);
            }
            var thousands = Sessions / 1000.0;
            var told = string.Create(CultureInfo.InvariantCulture, $"{least / thousands,6:0.0} ms of processor time, {least / thousands / unit,5:0.0} of {MostForExport} loops, for a thousand rows as {format}: {Sessions / wall:0} rows/s here");
            output.WriteLine(told);
            if (least / thousands / unit > MostForExport) dear.Add(told);
        }
        Assert.Empty(dear);
    }

    /// <summary>The made ledger is one as gateways write it: the report of all is the sum of the ranking's pages, and of the sessions.</summary>
    private static async Task AddsUpAsync(HttpClient api)
    {
        foreach (var filter in (string[])["", "&audience=people", "&player=vlc&completed=true"])
        {
            var all = await GetAsync(api, $"api/analytics?bucket=month{filter}");
            var range = $"from={all.GetProperty("from").GetString()}&to={all.GetProperty("to").GetString()}{filter}";
            var (sums, videos, cursor) = (new Dictionary<string, decimal>(StringComparer.Ordinal), 0, "");
            string[] figures = ["sessions", "impressions", "views", "views_low", "watch_seconds", "watch_seconds_low", "seconds_fetched", "segments_fetched", "completed", "completed_low", "trailer_sessions", "trailer_seconds"];
            do
            {
                var page = await GetAsync(api, $"api/analytics/videos?limit=200&{range}{cursor}");
                foreach (var video in page.GetProperty("videos").EnumerateArray())
                {
                    videos++;
                    foreach (var figure in figures) sums[figure] = sums.GetValueOrDefault(figure) + video.GetProperty(figure).GetDecimal();
                }
                cursor = page.GetProperty("next_cursor").GetString() is { } next ? $"&cursor={next}" : "";
            }
            while (cursor.Length > 0);
            Assert.Equal(videos, all.GetProperty("videos").GetInt32());
            foreach (var figure in figures) Assert.Equal((filter, figure, sums[figure]), (filter, figure, all.GetProperty(figure).GetDecimal()));
            if (filter.Length == 0) Assert.Equal(Sessions, all.GetProperty("sessions").GetInt32());
        }
    }

    private static async Task<JsonElement> GetAsync(HttpClient api, string url) => JsonDocument.Parse(await api.GetStringAsync(new Uri(url, UriKind.Relative))).RootElement;
}
