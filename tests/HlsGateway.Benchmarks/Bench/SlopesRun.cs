using System.Globalization;
using System.Text;
using HlsGateway.Benchmarks.Measuring;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>
/// How the cost of a request grows with what there is: sessions in the ledger, videos, segments of a playlist, connections, cores. Each axis is a part of
/// the page of its own, with nginx measured beside each point.
/// </summary>
internal static class SlopesRun
{
    public static readonly string[] Axes = ["connections", "cores", "segments", "videos", "ledger"];

    /// <summary>Fewer are printed alone.</summary>
    private const int LeastRounds = 3;

    private static readonly int[] Lengths = [6, 23, 100, 500, 1800];

    /// <param name="most">Sessions of the largest ledger.</param>
    public static async Task RunAsync(BenchRequest request, long most)
    {
        await OriginFiles.MakeAsync(Path.Combine(request.Folder, "origin"));
        foreach (var length in Lengths) OriginFiles.Plain(Path.Combine(request.Folder, "origin"), $"len{length}", length);
        await using var nginx = await Nginx.StartAsync(request.Folder, "nginx", Machine.ServerCore, 1);
        foreach (var axis in request.Kinds.Count == 0 ? Axes : request.Kinds)
        {
            Say($"{axis}");
            var figures = new Dictionary<string, double>(StringComparer.Ordinal);
            var text = axis switch
            {
                "connections" => await ConnectionsAsync(request, nginx),
                "cores" => await CoresAsync(request, nginx),
                "segments" => await SegmentsAsync(request, nginx),
                "videos" => await VideosAsync(request, nginx),
                _ => await LedgerAsync(request, nginx, most, figures),
            };
            text = string.Create(CultureInfo.InvariantCulture, $"On {Machine.Describe()}; medians of {request.Rounds} rounds of {request.Seconds:0.#} s.\n\n{text}");
            Say($"{text}\n{(figures.Count > 0 ? Goal.Verdicts(figures) : "")}\n");
            if (request.Rounds >= LeastRounds) BenchPage.Write(request.Page, $"slope-{axis}", text, figures);
        }
        Say($"{(request.Rounds >= LeastRounds ? $"{request.Page} has the report" : $"Fewer than {LeastRounds} rounds: the page keeps what it has")}");
    }

    private static async Task<string> ConnectionsAsync(BenchRequest request, Nginx nginx)
    {
        await using var gateway = await StartAsync(request, nginx, "connections");
        var (urls, plain) = await RedirectsAsync(request, gateway, "connections", Enumerable.Repeat("v", Stage.Sessions));
        Shape[] shapes = [.. ((int[])[16, 256, 1024, 4096]).SelectMany(count => (Shape[])[
            new(Label(count), "nginx 302", nginx.Process, nginx.Address, plain) { Connections = count },
            new(Label(count), "gateway", gateway.Process, gateway.Address, urls) { Connections = count }])];
        return Table("connections", await MeasureAsync(request, shapes));
    }

    private static async Task<string> CoresAsync(BenchRequest request, Nginx nginx)
    {
        await using var one = await StartAsync(request, nginx, "one-core");
        await using var two = await Gateway.StartAsync(request.Root, request.Program, "two", Path.Combine(request.Folder, "two-cores"), Machine.TwoCores, nginx.Address);
        var (urls, plain) = await RedirectsAsync(request, one, "one-core", Enumerable.Repeat("v", Stage.Sessions));
        var (urlsOfTwo, _) = await RedirectsAsync(request, two, "two-cores", Enumerable.Repeat("v", Stage.Sessions));
        var results = await MeasureAsync(request,
            [new("1", "nginx 302", nginx.Process, nginx.Address, plain), new("1", "gateway", one.Process, one.Address, urls), new("2", "nginx 302", nginx.Process, nginx.Address, plain), new("2", "gateway", two.Process, two.Address, urlsOfTwo) { Cores = Machine.LoadOfTwo }]);
        return $"nginx has one core in both rows.{(Machine.HasCoresForTwo ? "" : " There is no third core for the load: with two it shares both, and only CPU compares.")}\n\n{Table("cores", results)}";
    }

    /// <summary>Media Playlists of the same kind, by their length, as they are and zipped.</summary>
    private static async Task<string> SegmentsAsync(BenchRequest request, Nginx nginx)
    {
        await using var gateway = await StartAsync(request, nginx, "segments");
        var shapes = new List<Shape>();
        foreach (var length in Lengths)
        {
            var media = (await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => gateway.BeginAsync($"len{length}")))).Select(session => session.Media).ToArray();
            var urls = await UrlsAsync(request, $"segments-{length}", media);
            await File.WriteAllBytesAsync(Path.Combine(nginx.Files, $"len{length}.m3u8"), await gateway.ReadAsync(media[0]));
            await File.WriteAllBytesAsync(Path.Combine(nginx.Files, $"len{length}.m3u8.gz"), await gateway.ReadAsync(media[0], gzip: true));
            foreach (var (word, folder, header) in ((string, string, string?)[])[("plain", "static", null), ("gzip", "gz", "Accept-Encoding: gzip")])
            {
                shapes.Add(new($"{length:#,0}, {word}", "nginx, a file", nginx.Process, nginx.Address, await UrlsAsync(request, $"static-{length}-{word}", [$"/{folder}/len{length}.m3u8"])) { Header = header });
                shapes.Add(new($"{length:#,0}, {word}", "gateway", gateway.Process, gateway.Address, urls) { Header = header });
            }
        }
        return Table("segments of the Media Playlist", await MeasureAsync(request, [.. shapes]));
    }

    /// <summary>Redirects of as many videos: the cache of playlists has its bound.</summary>
    private static async Task<string> VideosAsync(BenchRequest request, Nginx nginx)
    {
        await using var gateway = await StartAsync(request, nginx, "videos");
        var shapes = new List<Shape>();
        var begun = 0;
        foreach (var videos in (int[])[10, 1000, 100_000])
        {
            Say($"  {videos:N0} videos: sessions begin");
            var from = begun;
            var (urls, plain) = await RedirectsAsync(request, gateway, $"videos-{videos}", Enumerable.Range(0, Math.Max(Stage.Sessions, videos)).Select(n => $"cold/{from + (n % videos)}"));
            begun += videos;
            shapes.Add(new(Label(videos), "nginx 302", nginx.Process, nginx.Address, plain));
            shapes.Add(new(Label(videos), "gateway", gateway.Process, gateway.Address, urls));
        }
        return Table("videos", await MeasureAsync(request, [.. shapes]));
    }

    /// <summary>Redirects, reports and sessions by what the embedded ledger holds already.</summary>
    private static async Task<string> LedgerAsync(BenchRequest request, Nginx nginx, long most, Dictionary<string, double> figures)
    {
        const int videos = 500;
        const string report = "/api/videos/shows%2F00%2Fclip-000/analytics";
        var text = new StringBuilder("| sessions | requests | CPU of a redirect, µs | times nginx | a video's report, ms | a session with its trace, ms |\n|---|---|---|---|---|---|\n");
        // Sessions of this audience have the same number of requests on average, however many there are: the first ledgers tell it.
        var each = 0.0;
        foreach (var (wanted, requests, goal) in ((long, double, string)[])[(10_000, 0, ""), (100_000, 0, ""), (0, 5e6, "5"), (1_000_000, 0, ""), (0, 50e6, "50"), (10_000_000, 0, "")])
        {
            var sessions = wanted > 0 ? wanted : (long)Math.Ceiling(requests / each);
            if (sessions > most) continue;
            Say($"  a ledger of {sessions:N0} sessions");
            var name = $"ledger-{sessions}";
            var made = await Task.Run(() => BigLedger.Make(Path.Combine(request.Folder, name), (int)sessions, videos, DateTimeOffset.UtcNow, TimeSpan.FromDays(27)));
            each = made / (double)sessions;
            await using (var gateway = await StartAsync(request, nginx, name))
            {
                var (reports, traces) = (await gateway.TimeAsync(Enumerable.Repeat(report, 50)), await gateway.TimeAsync((await gateway.NewestAsync(50)).Select(session => $"/api/sessions/{session}")));
                if (goal.Length > 0) (figures[$"report-{goal}"], figures[$"session-{goal}"]) = (reports, traces);
                var (urls, plain) = await RedirectsAsync(request, gateway, name, Enumerable.Repeat("v", Stage.Sessions));
                var results = await MeasureAsync(request, [new(name, "nginx 302", nginx.Process, nginx.Address, plain), new(name, "gateway", gateway.Process, gateway.Address, urls)]);
                var line = string.Create(CultureInfo.InvariantCulture, $"| {sessions:#,0} | {made:#,0} | {results.Median(name, "gateway", sample => sample.Cpu):0.0} | {Percentiles.Median(results.Ratios(name, "gateway", "nginx 302", sample => sample.Cpu)):0.00} | {reports:0.0} | {traces:0.0} |");
                Say($"  {line}");
                text.Append(line).Append('\n');
            }
            Directory.Delete(Path.Combine(request.Folder, name), recursive: true);
        }
        return text.ToString();
    }

    private static async Task<BenchResults> MeasureAsync(BenchRequest request, Shape[] shapes)
    {
        var results = new BenchResults(request.Rounds, request.Seconds);
        // The first time warms up.
        for (var round = 0; round <= request.Rounds; round++)
        {
            foreach (var shape in shapes)
            {
                var sample = await Measurement.TakeAsync(shape, request.Folder, request.Seconds);
                if (round == 0) continue;
                results.Add(shape, sample);
                Say($"    {round} of {request.Rounds}: {shape.Name,-40} {sample.Cpu,8:0.0} µs {sample.Rate,9:0} /s");
            }
        }
        return results;
    }

    private static string Table(string what, BenchResults results)
    {
        var text = new StringBuilder($"| {what} | | CPU, µs | times | requests/s | p50, ms | p99, ms |\n|---|---|---|---|---|---|---|\n");
        foreach (var shape in results.Shapes)
        {
            var beside = results.Shapes.First(other => other.Kind == shape.Kind).Contender;
            double Middle(Func<Sample, double> figure) => results.Median(shape.Kind, shape.Contender, figure);
            var times = Percentiles.Median(results.Ratios(shape.Kind, shape.Contender, beside, sample => sample.Cpu));
            text.Append(CultureInfo.InvariantCulture, $"| {shape.Kind} | {shape.Contender} | {Middle(sample => sample.Cpu):0.0} | {times:0.00} | {Middle(sample => sample.Rate):#,0} | {Middle(sample => sample.P50Ms):0.00} | {Middle(sample => sample.P99Ms):0.00} |\n");
        }
        return text.ToString();
    }

    private static Task<Gateway> StartAsync(BenchRequest request, Nginx nginx, string name) =>
        Gateway.StartAsync(request.Root, request.Program, name, Path.Combine(request.Folder, name), Machine.ServerCore, nginx.Address);

    /// <param name="videos">The video of each session.</param>
    private static async Task<(string Urls, string Plain)> RedirectsAsync(BenchRequest request, Gateway gateway, string name, IEnumerable<string> videos)
    {
        var sessions = new List<string[]>();
        foreach (var portion in videos.Chunk(1000))
            sessions.AddRange(await Task.WhenAll(portion.Select(async video => (await gateway.ListAsync((await gateway.BeginAsync(video)).Media)).Take(Stage.Segments).ToArray())));
        var urls = UrlOrder.Of(sessions).ToArray();
        return (await UrlsAsync(request, name, urls), await UrlsAsync(request, $"{name}-nginx", urls.Select(url => $"/redirect{url.Split('?')[0]["/watch".Length..]}")));
    }

    private static async Task<string> UrlsAsync(BenchRequest request, string name, IEnumerable<string> urls)
    {
        var file = Path.Combine(request.Folder, $"{name}.urls");
        await File.WriteAllLinesAsync(file, urls);
        return file;
    }

    private static string Label(int count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
