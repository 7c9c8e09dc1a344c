using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting;

/// <summary>Three gateways behind nginx, one PostgreSQL: no player knows which of them answered, and the sums do not either.</summary>
[Collection("ledger-postgres")]
public sealed class ThreeGatewaysTests(LedgerPostgres postgres)
{
    private const int Viewers = 24;
    private const int Segments = 12;

    [Fact]
    public async Task Three_gateways_behind_nginx_give_the_totals_that_the_clients_tallied()
    {
        var database = await postgres.NewDatabaseAsync();
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "v", Segments);
        var folder = Directory.CreateTempSubdirectory("three-gateways-");
        ChildGateway[] gateways = [];
        try
        {
            // All three start at once on a database that has no table yet.
            gateways = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => ChildGateway.StartAsync(
                Path.Combine(folder.FullName, $"{i}"), origin.Address, $"--ConnectionStrings:Ledger={database}", "--Gateway:Sessions:Keys:0=a-key-that-all-three-gateways-share", "--Ledger:CommitTimeout=00:00:10")));
            using var nginx = await RoundRobin.StartAsync(gateways.Select(gateway => gateway.Address));

            var tally = new ConcurrentDictionary<string, List<int>>(StringComparer.Ordinal);
            await Parallel.ForEachAsync(Enumerable.Range(0, Viewers), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (seed, _) =>
            {
                using var player = nginx.NewPlayer();
                var (session, received) = await PlayAsync(player, new Random(seed));
                tally[session] = received;
            });
            Assert.Equal(Viewers, tally.Count);

            using var api = gateways[1].NewApi();
            await Eventually.IsTrueAsync(async () =>
            {
                // Unknown until the first request of it is forwarded.
                using var answer = await api.GetAsync(new Uri("api/videos/v/analytics", UriKind.Relative));
                return answer.IsSuccessStatusCode && (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("segments_fetched").GetInt64() >= tally.Values.Sum(received => received.Count);
            }, "all is forwarded");
            foreach (var gateway in gateways) Assert.True(gateway.Id > 0);
            Assert.Equal(3, await LedgerPostgres.ScalarAsync(database, "SELECT count(*) FROM counting.ledger_source"));
            Assert.Equal(3, await LedgerPostgres.ScalarAsync(database, "SELECT max(n) FROM (SELECT count(DISTINCT gateway_id) n FROM counting.trace GROUP BY session_id) each"));
            Assert.Equal(0, await LedgerPostgres.ScalarAsync(database, "SELECT coalesce(sum(requests), 0) FROM counting.anonymous"));

            foreach (var (session, received) in tally)
            {
                var report = (await Viewer.ReportAsync(api, session))!.Value;
                Assert.Equal(received.Count, report.GetProperty("segments_fetched").GetInt32());
                Assert.Equal(received.Count * 4, report.GetProperty("seconds_fetched").GetDouble());
                Assert.Equal(received.Distinct().Count() * 4, report.GetProperty("watch_seconds").GetDouble());
                Assert.Equal(received.Count + 1, report.GetProperty("trace").GetArrayLength());
            }
            var video = await GetAsync(api, "api/videos/v/analytics");
            Assert.Equal(Viewers, video.GetProperty("impressions").GetInt32());
            Assert.Equal(Viewers, video.GetProperty("views").GetInt32());
            Assert.Equal(tally.Values.Sum(received => received.Count), video.GetProperty("segments_fetched").GetInt32());
            Assert.Equal(tally.Values.Sum(received => received.Distinct().Count()) * 4, video.GetProperty("watch_seconds").GetDouble());
            for (var second = 0; second < Segments * 4; second++)
                Assert.Equal(tally.Values.Count(received => received.Contains(second / 4)), second < video.GetProperty("retention").GetArrayLength() ? video.GetProperty("retention")[second].GetProperty("sessions").GetInt32() : 0);
        }
        finally
        {
            foreach (var gateway in gateways) gateway.Dispose();
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(string Session, List<int> Received)> PlayAsync(HttpClient player, Random random)
    {
        var viewer = await Viewer.StartAsync(player);
        var received = new List<int>();
        for (int position = random.Next(3), asked = random.Next(6, 2 * Segments); asked > 0; asked--)
        {
            Assert.Equal(HttpStatusCode.Redirect, await viewer.FetchAsync(position));
            received.Add(position);
            // Goes on, asks again, or seeks.
            position = random.Next(8) switch { 0 => position, 1 => random.Next(Segments), _ => (position + 1) % Segments };
        }
        return (viewer.Session, received);
    }

    private static Task<JsonElement> GetAsync(HttpClient api, string path) => api.GetFromJsonAsync<JsonElement>(new Uri(path, UriKind.Relative));
}
