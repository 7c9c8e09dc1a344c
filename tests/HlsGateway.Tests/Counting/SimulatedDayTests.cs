using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Counting;

/// <summary>
/// A day of viewers in simulated time: they come at all hours, watch a part, seek, go back and change quality, through the real host.
/// A model of a few lines says what each session and each hour must come to. With SOAK=1 thousands of sessions, and memory must stay flat.
/// </summary>
public sealed class SimulatedDayTests
{
    private const int Segments = 12;
    private const int Seconds = 4;
    private static readonly DateTimeOffset Midnight = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Videos = ["a", "b", "c"];
    private static readonly string[] Qualities = ["360p", "720p"];

    [Fact]
    public async Task Case_R8_a_simulated_day_of_sessions_equals_the_model_and_leaves_memory_flat()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        foreach (var video in Videos)
        {
            origin.Serve($"{video}/playlist.m3u8", "#EXTM3U\n" + string.Concat(Qualities.Select(quality => $"#EXT-X-STREAM-INF:BANDWIDTH=1000000\n{quality}/video.m3u8\n")));
            foreach (var quality in Qualities) origin.Serve($"{video}/{quality}/video.m3u8", SampleVideo.Media(Segments));
        }
        var clock = new DayClock { Now = Midnight };
        await using var host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Gateway:Cdn:BaseUrl"] = "https://cdn.example.com/",
        }, services => services.AddSingleton<TimeProvider>(clock));
        using var api = host.Api();

        var random = new Random(20260301);
        var guests = Enumerable.Range(0, Soak.Of(120, 6_000)).Select(_ => new Guest(random)).OrderBy(guest => guest.Comes).ToArray();
        // Half an hour's guests at a time: within it, each plays in an order of its own.
        long early = 0;
        for (var half = 0; half < 48; half++)
        {
            var began = Midnight.AddMinutes(30 * half);
            foreach (var few in guests.Where(guest => guest.Comes >= began && guest.Comes < began.AddMinutes(30)).Chunk(8))
            {
                clock.Now = few[^1].Comes;
                await Task.WhenAll(few.Select(guest => guest.PlayAsync(host.Client)));
            }
            if (half == 16) early = Heap();
        }
        clock.Now = Midnight.AddDays(1);
        var late = Heap();

        foreach (var guest in guests)
        {
            var report = (await Viewer.ReportAsync(api, guest.Session))!.Value;
            Assert.Equal((guest.Session, guest.Fetched.Count, guest.Watched), (guest.Session, report.GetProperty("segments_fetched").GetInt32(), report.GetProperty("watch_seconds").GetDouble()));
        }
        foreach (var video in Videos)
        {
            var own = guests.Where(guest => guest.Video == video).ToArray();
            var report = await api.GetFromJsonAsync<JsonElement>(new Uri($"api/videos/{video}/analytics?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&bucket=hour&tz=UTC", UriKind.Relative));
            Assert.Equal((own.Length, own.Sum(guest => guest.Watched)), (report.GetProperty("impressions").GetInt32(), report.GetProperty("watch_seconds").GetDouble()));
            var hours = report.GetProperty("buckets").EnumerateArray().Select(bucket => bucket.GetProperty("impressions").GetInt32()).ToArray();
            Assert.Equal(Enumerable.Range(0, 24).Select(hour => own.Count(guest => guest.Comes.Hour == hour)), hours);
        }

        var requests = guests.Sum(guest => guest.Fetched.Count + 3);
        Figures.Say("day", $"24 simulated hours, {guests.Length:N0} sessions, {requests:N0} requests: each session and each hour equals the model; the heap held {early >> 20} MiB after 8 hours and {late >> 20} MiB after 24");
        // Alone in its process, the heap is the gateway's; beside other tests it is everybody's.
        if (Soak.IsOn) Assert.InRange(late, 0, early + (24L << 20));
    }

    private static long Heap()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>Tells the time of the simulated day; timers stay those of the machine.</summary>
    private sealed class DayClock : TimeProvider
    {
        private long ticks;

        public DateTimeOffset Now
        {
            get => new(Volatile.Read(ref ticks), TimeSpan.Zero);
            set => Volatile.Write(ref ticks, value.UtcTicks);
        }

        public override DateTimeOffset GetUtcNow() => Now;
    }

    /// <summary>One viewer, what it will do, and what that must come to.</summary>
    private sealed class Guest
    {
        public Guest(Random random)
        {
            Comes = Midnight.AddSeconds(random.Next(24 * 3600));
            Video = Videos[random.Next(Videos.Length)];
            var (at, quality) = (random.Next(3) == 0 ? random.Next(Segments) : 0, random.Next(2));
            for (var left = random.Next(Segments + 4); left > 0; left--)
            {
                Fetched.Add((quality, at));
                at = random.Next(8) == 0 ? random.Next(Segments) : at + 1;
                if (at >= Segments) break;
                if (random.Next(6) == 0) quality = 1 - quality;
            }
        }

        public DateTimeOffset Comes { get; }

        public string Video { get; }

        public List<(int Quality, int Segment)> Fetched { get; } = [];

        /// <summary>Seconds of the content that were handed out at least once, in whichever quality.</summary>
        public double Watched => Fetched.DistinctBy(one => one.Segment).Count() * Seconds;

        public string Session { get; private set; } = "";

        public async Task PlayAsync(HttpClient client)
        {
            var master = new Uri(client.BaseAddress!, $"watch/{Video}/playlist.m3u8");
            var children = Viewer.Uris(await client.GetStringAsync(master)).Select(uri => new Uri(master, uri)).ToArray();
            Session = Viewer.SessionOf(children[0]);
            var segments = new Uri[children.Length][];
            for (var child = 0; child < children.Length; child++)
                segments[child] = [.. Viewer.Uris(await client.GetStringAsync(children[child])).Select(uri => new Uri(children[child], uri))];
            foreach (var (quality, segment) in Fetched)
            {
                using var answer = await client.GetAsync(segments[quality][segment]);
                Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
            }
        }
    }
}
