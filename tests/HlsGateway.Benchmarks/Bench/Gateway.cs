using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>A gateway that is measured: the program with its default settings, its own ledger and its own sessions.</summary>
internal sealed class Gateway : IAsyncDisposable
{
    /// <summary>Signs for all gateways of a run.</summary>
    private const string Key = "a key of the benchmark that is longer than 32 bytes";

    private readonly HttpClient client;

    private Gateway(Child process, string name, string address, HttpClient client)
    {
        (Process, Name, Address) = (process, name, address);
        this.client = client;
    }

    public Child Process { get; }

    public string Name { get; }

    public string Address { get; }

    /// <param name="program">HlsGateway.dll.</param>
    /// <param name="data">Its data directory; one that was used before goes on.</param>
    public static async Task<Gateway> StartAsync(string root, string program, string name, string data, string cores, string origin, string? postgres = null)
    {
        var address = $"http://127.0.0.1:{Machine.FreePort()}";
        string[] ledger = postgres is null ? [] : [$"--ConnectionStrings:Ledger={postgres}"];
        var process = Child.Start(cores, $"{data}.log", "dotnet",
            [program, "--urls", address, $"--Gateway:DataDirectory={data}", "--Gateway:Cdn:BaseUrl=https://cdn.example.com/", "--Demo:Enabled=false", $"--Gateway:Sessions:Keys:0={Key}",
            $"--ReverseProxy:Clusters:origin:Destinations:d1:Address={origin}/", .. ledger], root);
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, MaxConnectionsPerServer = 16 }) { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(5) };
        await process.WaitAsync(async () => (await client.GetAsync(new Uri("/healthz/live", UriKind.Relative))).IsSuccessStatusCode);
        await process.WaitAsync(() => Task.FromResult(File.Exists(Path.Combine(data, "api-token"))));
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(data, "api-token"))).Trim());
        return new(process, name, address, client);
    }

    /// <summary>The demo's trailer for these videos, and captions; returns when sessions get both.</summary>
    public async Task DressAsync(params (string Video, int Segments)[] videos)
    {
        foreach (var (video, segments) in videos)
        {
            using var captions = await client.PutAsync(Of($"/api/videos/{video}/subtitles/en"), new StringContent(OriginFiles.Captions(segments)));
            await SucceedAsync(captions);
        }
        // The folder of trailers is looked at in the background.
        for (var tries = 0; ; tries++)
        {
            using var active = await client.PutAsJsonAsync(Of("/api/trailers/active"), new { trailer = "demo", videos = "show*" });
            if (active.IsSuccessStatusCode) break;
            if (tries > 300) await SucceedAsync(active);
            await Task.Delay(200);
        }
        foreach (var (video, _) in videos)
        {
            for (var tries = 0; ; tries++)
            {
                var session = await BeginAsync(video);
                if ((await client.GetStringAsync(Of(session.Media))).Contains("~t/demo@", StringComparison.Ordinal)) break;
                if (tries > 600) throw new InvalidOperationException($"Sessions of {video} get no trailer.");
                await Task.Delay(200);
            }
        }
    }

    /// <summary>A session begins, as a player begins it.</summary>
    public async Task<(string Media, string? Captions)> BeginAsync(string video)
    {
        var master = await client.GetStringAsync(Of($"/watch/{video}/playlist.m3u8"));
        var media = master.Split('\n').First(line => line.Length > 0 && line[0] != '#');
        var at = master.IndexOf("TYPE=SUBTITLES", StringComparison.Ordinal);
        var from = at < 0 ? -1 : master.IndexOf("URI=\"", at, StringComparison.Ordinal) + 5;
        return ($"/watch/{video}/{media}", at < 0 ? null : $"/watch/{video}/{master[from..master.IndexOf('"', from)]}");
    }

    public async Task<byte[]> ReadAsync(string path, bool gzip = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Of(path));
        if (gzip) request.Headers.AcceptEncoding.Add(new("gzip"));
        using var answer = await client.SendAsync(request);
        await SucceedAsync(answer);
        return await answer.Content.ReadAsByteArrayAsync();
    }

    /// <summary>The paths that a playlist names.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string playlist)
    {
        var below = playlist[..(playlist.IndexOf('?', StringComparison.Ordinal) is var mark and >= 0 ? mark : playlist.Length)];
        below = below[..(below.LastIndexOf('/') + 1)];
        var text = await client.GetStringAsync(Of(playlist));
        return [.. text.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => new Uri(new Uri($"http://x{below}"), line).PathAndQuery)];
    }

    /// <summary>What the runtime has allocated since the start, bytes, in whatever it did.</summary>
    public Task<double> AllocatedAsync() => FigureAsync("dotnet_gc_heap_total_allocated_bytes_total");

    /// <summary>Requests that the gateway answered and says it did not record.</summary>
    public async Task<long> LostAsync() => (long)await FigureAsync("hlsgateway_ledger_lost_total");

    /// <summary>Requests that are durable in the ledger.</summary>
    public async Task<long> RecordedAsync() => (long)await FigureAsync("hlsgateway_ledger_recorded_total");

    private async Task<double> FigureAsync(string name)
    {
        var line = (await client.GetStringAsync(Of("/metrics"))).Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Content segments that each session of a video has.</summary>
    public async Task<Dictionary<Guid, long>> SegmentsBySessionAsync(string video)
    {
        var counts = new Dictionary<Guid, long>();
        for (var cursor = ""; ;)
        {
            using var page = JsonDocument.Parse(await client.GetStringAsync(Of($"/api/sessions?video={video}&limit=1000{cursor}")));
            foreach (var session in page.RootElement.GetProperty("sessions").EnumerateArray()) counts[session.GetProperty("session_id").GetGuid()] = session.GetProperty("segments_fetched").GetInt64();
            if (page.RootElement.GetProperty("next_cursor").GetString() is not { } next) return counts;
            cursor = $"&cursor={Uri.EscapeDataString(next)}";
        }
    }

    /// <summary>Content segments of a video that its sessions say were fetched.</summary>
    public async Task<long> SegmentsCountedAsync(string video) => (await SegmentsBySessionAsync(video)).Values.Sum();

    /// <summary>Session ids, the newest first.</summary>
    public async Task<IReadOnlyList<string>> NewestAsync(int count)
    {
        using var page = JsonDocument.Parse(await client.GetStringAsync(Of($"/api/sessions?limit={count}")));
        return [.. page.RootElement.GetProperty("sessions").EnumerateArray().Select(session => session.GetProperty("session_id").GetString() ?? "")];
    }

    /// <summary>How long the API takes for an answer, milliseconds: the median, without the first ten.</summary>
    public async Task<double> TimeAsync(IEnumerable<string> paths)
    {
        var times = new List<double>();
        foreach (var path in paths)
        {
            var clock = Stopwatch.StartNew();
            await client.GetByteArrayAsync(Of(path));
            times.Add(clock.Elapsed.TotalMilliseconds);
        }
        return Measuring.Percentiles.Median(times.Skip(10));
    }

    /// <summary>Sessions of a video, as its report has them.</summary>
    public async Task<long> SessionsCountedAsync(string video)
    {
        using var report = JsonDocument.Parse(await client.GetStringAsync(Of($"/api/videos/{video}/analytics")));
        return report.RootElement.GetProperty("impressions").GetInt64();
    }

    private static Uri Of(string path) => new(path, UriKind.Relative);

    private static async Task SucceedAsync(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{answer.RequestMessage?.RequestUri?.AbsolutePath}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await Process.DisposeAsync();
    }
}
