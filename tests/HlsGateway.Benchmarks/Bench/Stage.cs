using HlsGateway.Benchmarks.Measuring;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>Everything that a run measures, started and filled: the gateways, their peers, and the URLs that are asked for.</summary>
internal sealed class Stage : IAsyncDisposable
{
    /// <summary>How viewers come: this many sessions, each of which asks for this many segments.</summary>
    public const int Sessions = 3000, Segments = 6;

    /// <summary>New videos a second of the cold shape: more than any server gets through.</summary>
    private const int ColdPerSecond = 8000;

    private readonly List<IAsyncDisposable> parts = [];
    private readonly string root;
    private readonly string program;
    private readonly string folder;
    private readonly Action<string> say;
    private int cold;

    private Stage(string root, string program, string folder, Action<string> say) => (this.root, this.program, this.folder, this.say) = (root, program, folder, say);

    public List<Shape> Shapes { get; } = [];

    private string Origin { get; set; } = "";

    /// <summary>Where splice.mjs stands with what it needs; null leaves it out.</summary>
    private string? Peers { get; init; }

    /// <param name="wanted">Kinds of shapes; empty for all.</param>
    /// <param name="postgres">An empty database; null leaves PostgreSQL out.</param>
    /// <param name="peers">Where splice.mjs stands with what it needs; null leaves it out.</param>
    public static async Task<Stage> SetAsync(string root, string program, string folder, IReadOnlyCollection<string> wanted, string? postgres, string? peers, Action<string> say)
    {
        var stage = new Stage(root, program, folder, say) { Peers = peers };
        try
        {
            await stage.FillAsync(kind => wanted.Count == 0 || wanted.Contains(kind), postgres);
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    private async Task FillAsync(Func<string, bool> wants, string? postgres)
    {
        say("  setting the stage: origin, nginx, gateways, sessions");
        await OriginFiles.MakeAsync(Path.Combine(folder, "origin"));
        var nginx = Keep(await Nginx.StartAsync(folder, "nginx", Machine.ServerCore, 1));
        Origin = nginx.Address;
        var one = Keep(await StartAsync("embedded", Machine.ServerCore, null));
        var redirects = await RedirectsAsync(one, "redirect");
        var peers = await PeersOfAsync(redirects);
        if (wants("redirect") || wants("paced") || wants("4096") || wants("two-cores"))
        {
            var tally = TallyOf(one);
            if (wants("redirect")) await RedirectShapesAsync(nginx, one, tally, redirects, peers);
            if (wants("redirect") && postgres is not null)
            {
                var other = Keep(await StartAsync("postgres", Machine.ServerCore, postgres));
                // Requests on their way to PostgreSQL may gather for a second.
                other.Process.Quiet = TimeSpan.FromSeconds(1.5);
                Add(new("redirect", "gateway, PostgreSQL", other.Process, other.Address, await RedirectsAsync(other, "redirect-postgres")) { Beside = "nginx 302", Allocated = other.AllocatedAsync, Counts = TallyOf(other) });
            }
            foreach (var (kind, connections, pace) in ((string, int, int?)[])[("paced", 256, 2000), ("4096", 4096, null)])
            {
                if (!wants(kind)) continue;
                Add(new(kind, "nginx 302", nginx.Process, nginx.Address, peers.Plain) { Connections = connections, Pace = pace });
                Add(new(kind, "gateway", one.Process, one.Address, redirects) { Beside = "nginx 302", Connections = connections, Pace = pace, Allocated = one.AllocatedAsync, Counts = tally });
            }
            if (wants("two-cores"))
            {
                var two = Keep(await StartAsync("two", Machine.TwoCores, null));
                Add(new("two-cores", "gateway, one core", one.Process, one.Address, redirects) { Counts = tally });
                Add(new("two-cores", "gateway, two cores", two.Process, two.Address, await RedirectsAsync(two, "redirect-two")) { Cores = Machine.LoadOfTwo, Beside = "gateway, one core", Counts = TallyOf(two) });
            }
        }
        if (wants("master") || wants("media-23") || wants("media-1800") || wants("caption")) await DressedShapesAsync(nginx, one, wants);
        if (wants("cold")) Add(new("cold", "gateway", one.Process, one.Address, Path.Combine(folder, "cold.urls")) { Connections = 16, Once = true, Allocated = one.AllocatedAsync });
        if (wants("warm-up"))
        {
            await using var fresh = await StartAsync("warm-up", Machine.ServerCore, null);
            await RedirectsAsync(fresh, "warm-up");
        }
    }

    private async Task RedirectShapesAsync(Nginx nginx, Gateway one, Tally tally, string redirects, (string Plain, string Secure) peers)
    {
        var bare = $"http://127.0.0.1:{Machine.FreePort()}";
        var kestrel = Keep(Child.Start(Machine.ServerCore, Path.Combine(folder, "bare.log"), "dotnet", [typeof(Stage).Assembly.Location, "bare", "--address", bare], root));
        var client = Keep(new HttpClientOf(bare));
        await kestrel.WaitAsync(async () => await client.NumberAsync("/allocated") > 0);
        Add(new("redirect", "nginx 302", nginx.Process, nginx.Address, peers.Plain));
        Add(new("redirect", "nginx secure_link", nginx.Process, nginx.Address, peers.Secure) { Beside = "nginx 302" });
        Add(new("redirect", "bare Kestrel", kestrel, bare, peers.Plain) { Beside = "nginx 302", Allocated = () => client.NumberAsync("/allocated") });
        Add(new("redirect", "gateway", one.Process, one.Address, redirects) { Beside = "nginx 302", Allocated = one.AllocatedAsync, Counts = tally });
    }

    /// <summary>Playlists and captions as viewers get them: with trailer and captions.</summary>
    private async Task DressedShapesAsync(Nginx nginx, Gateway one, Func<string, bool> wants)
    {
        await one.DressAsync(("show", 23), ("showlong", 1800));
        (Child Process, string Address)? splice = Peers is null || !(wants("media-23") || wants("media-1800")) ? null : await StartSpliceAsync(Peers);
        foreach (var (kind, video) in ((string, string)[])[("media-23", "show"), ("media-1800", "showlong")])
        {
            if (!wants(kind)) continue;
            var media = (await Task.WhenAll(Enumerable.Range(0, Sessions).Select(_ => one.BeginAsync(video)))).Select(session => session.Media).ToArray();
            var urls = await UrlsAsync(kind, media);
            foreach (var (name, gzip) in ((string, bool)[])[(kind, false), ($"{kind}-gzip", true)])
            {
                var file = await StaticAsync(nginx, name, await one.ReadAsync(media[0], gzip), await one.ReadAsync(media[0]), gzip);
                var header = gzip ? "Accept-Encoding: gzip" : null;
                Add(new(name, gzip ? "nginx gzip_static" : "nginx static", nginx.Process, nginx.Address, file) { Header = header });
                if (splice is { } peer && !gzip)
                    Add(new(name, "hls-splice on Node", peer.Process, peer.Address, await UrlsAsync($"{name}-splice", [kind["media".Length..].Replace('-', '/')])) { Beside = "nginx static", Connections = 16 });
                Add(new(name, "gateway", one.Process, one.Address, urls) { Beside = gzip ? "nginx gzip_static" : "nginx static", Header = header, Allocated = one.AllocatedAsync });
            }
        }
        if (wants("caption"))
        {
            var sessions = await Task.WhenAll(Enumerable.Range(0, 300).Select(async _ => (await one.ListAsync((await one.BeginAsync("show")).Captions ?? throw new InvalidOperationException("There are no captions."))).Take(Segments).ToArray()));
            Add(new("caption", "nginx static", nginx.Process, nginx.Address, await StaticAsync(nginx, "caption", await one.ReadAsync(sessions[0][0]), [], false)));
            Add(new("caption", "gateway", one.Process, one.Address, await UrlsAsync("caption", UrlOrder.Of(sessions))) { Beside = "nginx static", Allocated = one.AllocatedAsync });
        }
        if (wants("master"))
        {
            // A video of its own: its sessions are counted apart.
            await one.DressAsync(("showstart", 23));
            var before = await one.SessionsCountedAsync("showstart");
            Add(new("master", "nginx static", nginx.Process, nginx.Address, await StaticAsync(nginx, "master", await one.ReadAsync("/watch/showstart/playlist.m3u8"), [], false)));
            var tally = new Tally("new sessions", async () => await one.SessionsCountedAsync("showstart") - before - 1);
            Add(new("master", "gateway", one.Process, one.Address, await UrlsAsync("master", ["/watch/showstart/playlist.m3u8"])) { Beside = "nginx static", Allocated = one.AllocatedAsync, Counts = tally });
        }
    }

    private async Task<(Child Process, string Address)> StartSpliceAsync(string peers)
    {
        var port = Machine.FreePort();
        var process = Keep(Child.Start(Machine.ServerCore, Path.Combine(folder, "splice.log"), "node", ["splice.mjs", port.ToString(System.Globalization.CultureInfo.InvariantCulture)], peers));
        var address = $"http://127.0.0.1:{port}";
        using var client = new HttpClient();
        await process.WaitAsync(async () => (await client.GetAsync(new Uri($"{address}/23"))).IsSuccessStatusCode);
        return (process, address);
    }

    /// <summary>Makes the URLs of the shape's next measurement, where each may be asked for only once.</summary>
    public async Task PrepareAsync(Shape shape, double seconds)
    {
        if (!shape.Once) return;
        var count = (int)Math.Ceiling(seconds * ColdPerSecond);
        await File.WriteAllLinesAsync(shape.Urls, Enumerable.Range(cold, count).Select(n => $"/watch/cold/{n}/playlist.m3u8"));
        cold += count;
    }

    /// <summary>Starts a gateway that has counted before, and loads it at once.</summary>
    /// <returns>Requests in each second; the last may be a part of one.</returns>
    public async Task<IReadOnlyList<long>> WarmUpAsync(int seconds)
    {
        await using var gateway = await StartAsync("warm-up", Machine.ServerCore, null);
        // The load counts by the seconds of the clock.
        await Task.Delay(1000 - DateTime.UtcNow.Millisecond);
        var result = await Wrk.RunAsync(folder, Machine.LoadCores, gateway.Address, Path.Combine(folder, "warm-up.urls"), 256, seconds);
        if (result.Bad > 0) throw new InvalidOperationException($"warm-up: {result.Bad} answers were errors.");
        return result.PerSecond;
    }

    private Task<Gateway> StartAsync(string name, string cores, string? postgres) => Gateway.StartAsync(root, program, name, Path.Combine(folder, name), cores, Origin, postgres);

    private static Tally TallyOf(Gateway gateway) => new($"redirects of the gateway \"{gateway.Name}\"", () => gateway.SegmentsCountedAsync("v"));

    private async Task<string> RedirectsAsync(Gateway gateway, string name)
    {
        var sessions = await Task.WhenAll(Enumerable.Range(0, Sessions).Select(async _ => (await gateway.ListAsync((await gateway.BeginAsync("v")).Media)).Take(Segments).ToArray()));
        return await UrlsAsync(name, UrlOrder.Of(sessions));
    }

    /// <summary>The same paths for nginx: no token, no signature; and with the one that secure_link checks.</summary>
    private async Task<(string Plain, string Secure)> PeersOfAsync(string urls)
    {
        var paths = (await File.ReadAllLinesAsync(urls)).Select(line => line.Split('?')[0]["/watch".Length..]).ToArray();
        return (await UrlsAsync("redirect-nginx", paths.Select(path => $"/redirect{path}")), await UrlsAsync("redirect-secure", paths.Select(path => Nginx.Secure($"/secure{path}"))));
    }

    /// <summary>A file with the bytes that the gateway answers, and the file with its URL.</summary>
    private async Task<string> StaticAsync(Nginx nginx, string name, byte[] body, byte[] plain, bool gzip)
    {
        var kind = name == "caption" ? "vtt" : "m3u8";
        var file = Path.Combine(nginx.Files, $"{name}.{kind}");
        await File.WriteAllBytesAsync(gzip ? $"{file}.gz" : file, body);
        if (gzip) await File.WriteAllBytesAsync(file, plain);
        return await UrlsAsync($"{name}-static", [$"/{(gzip ? "gz" : "static")}/{name}.{kind}"]);
    }

    private async Task<string> UrlsAsync(string name, IEnumerable<string> urls)
    {
        var file = Path.Combine(folder, $"{name}.urls");
        await File.WriteAllLinesAsync(file, urls);
        return file;
    }

    private void Add(Shape shape) => Shapes.Add(shape);

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        parts.Add(part);
        return part;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Enumerable.Reverse(parts)) await part.DisposeAsync();
    }

    /// <summary>A client for one figure of a peer's.</summary>
    private sealed class HttpClientOf(string address) : IAsyncDisposable
    {
        private readonly HttpClient client = new() { BaseAddress = new Uri(address) };

        public async Task<double> NumberAsync(string path) => double.Parse(await client.GetStringAsync(new Uri(path, UriKind.Relative)), System.Globalization.CultureInfo.InvariantCulture);

        public ValueTask DisposeAsync()
        {
            client.Dispose();
            return default;
        }
    }
}
