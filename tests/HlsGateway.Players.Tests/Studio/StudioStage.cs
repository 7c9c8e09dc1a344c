using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests.Studio;

[CollectionDefinition(StudioStage.Name)]
public sealed class StudioCollection : ICollectionFixture<StudioStage>;

/// <summary>
/// One gateway for all tests of the Studio, with an origin that is not ours (the video <c>foreign</c>) and two trailers, none of them
/// on air; and one browser. Tests share them: each has videos of its own and schedules trailers for those alone.
/// </summary>
public sealed class StudioStage : IAsyncLifetime
{
    public const string Name = "Studio";

    /// <summary>A video of an origin that is not ours, about 10.8 s, MPEG-TS.</summary>
    public const string Foreign = "foreign";

    /// <summary>The trailers in the library, each 4.8 s.</summary>
    public const string Trailer = "branding";

    public const string MuteTrailer = "mute";

    private const string Origin = "origin";
    private const string Cdn = "cdn";

    private static readonly string[] Roles = ["analyst", "editor", "uploader"];

    private readonly ConditionalWeakTable<IPage, ConcurrentQueue<string>> complaints = [];
    private readonly ConcurrentDictionary<string, Lazy<Task>> videos = new(StringComparer.Ordinal);
    private Nginx? nginx;
    private GatewayProcess? gateway;
    private Rig.Players? players;

    internal GatewayProcess Gateway => gateway!;

    /// <summary>Another site, on another port of this machine. Here and at the origin the files of <c>hostile/</c> stand.</summary>
    internal Uri Elsewhere => nginx!.AddressOf(Cdn);

    /// <summary>Where the Studio begins; ends with a slash.</summary>
    internal Uri Address => new(Gateway.Address, "studio/");

    internal static string TokenOf(string role) => role == "admin" ? GatewayProcess.Token : $"{role}-token-of-the-studio-tests";

    public async Task InitializeAsync()
    {
        var folder = Directory.CreateTempSubdirectory("hlsgateway-studio-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "trailers"));
        File.Copy(await TestMedia.MakeTrailerAsync(hasSound: true), Path.Combine(folder, "trailers", Trailer + ".mp4"));
        File.Copy(await TestMedia.MakeTrailerAsync(hasSound: false), Path.Combine(folder, "trailers", MuteTrailer + ".mp4"));
        var foreign = await TestMedia.MakeAsync(ContentShape.Of("ts"));
        var hostile = Directory.CreateDirectory(Path.Combine(folder, "hostile")).FullName;
        foreach (var (name, text) in SignInTests.HostileFiles) await File.WriteAllTextAsync(Path.Combine(hostile, name), text);
        nginx = await Nginx.StartAsync(
            new Site(Origin, Cors: false, ($"/{Foreign}/", foreign), ("/hostile/", hostile)),
            new Site(Cdn, Cors: true, ("/objects/", Path.Combine(folder, "data", "objects")), ($"/{Foreign}/", foreign), ("/hostile/", hostile)));
        gateway = await GatewayProcess.StartAsync(folder,
        [
            .. Roles.SelectMany((role, i) => ((string, string)[])[($"Gateway:ApiTokens:{i + 1}:Token", TokenOf(role)), ($"Gateway:ApiTokens:{i + 1}:Role", role), ($"Gateway:ApiTokens:{i + 1}:Name", $"the {role}")]),
            ("ReverseProxy:Clusters:origin:Destinations:d1:Address", nginx.AddressOf(Origin).AbsoluteUri),
            ("Gateway:Cdn:BaseUrl", nginx.AddressOf(Cdn).AbsoluteUri),
            ("Storage:PublicUrl", new Uri(nginx.AddressOf(Cdn), "objects").AbsoluteUri),
            // A disk that is slow for a moment must not look like a miscount.
            ("Ledger:CommitTimeout", "00:00:10"),
            ("Ledger:ReportTimeout", "00:00:30"),
            ("Trailers:Folder", "trailers"),
        ]);
        players = await Rig.Players.StartAsync(gateway.Address);
        // Bounds only end what would hang: a busy machine takes its time.
        Assertions.SetDefaultExpectTimeout(180_000);
    }

    public async Task DisposeAsync()
    {
        if (players is not null) await players.DisposeAsync();
        if (gateway is not null) await gateway.DisposeAsync();
        if (nginx is not null) await nginx.DisposeAsync();
    }

    /// <summary>The API, as a token of that role is answered.</summary>
    internal HttpClient ApiOf(string role)
    {
        var client = new HttpClient { BaseAddress = Gateway.Address, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TokenOf(role));
        return client;
    }

    /// <summary>A page in a browser window of its own, signed in; it is not at any address yet.</summary>
    /// <param name="role">analyst, editor, uploader or admin; null: nobody is signed in.</param>
    /// <param name="elsewhere">Another address that the page may ask: a proxy before the gateway.</param>
    internal async Task<IPage> PageAsync(string? role = "admin", int width = 1280, int height = 900, bool dark = false, string language = "en-GB", string zone = "Europe/Berlin", Uri? elsewhere = null)
    {
        var context = await players!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            Locale = language,
            TimezoneId = zone,
            ReducedMotion = ReducedMotion.Reduce,
        });
        if (role is not null)
        {
            var answer = await context.APIRequest.PostAsync(new Uri(Gateway.Address, "api/session").AbsoluteUri, new APIRequestContextOptions { DataObject = new { token = TokenOf(role) } });
            if (!answer.Ok) throw new InvalidOperationException($"{role} could not sign in: {answer.Status} {await answer.TextAsync()}");
        }
        var page = await context.NewPageAsync();
        var said = complaints.GetOrCreateValue(page);
        page.Console += (_, message) =>
        {
            // An answer that refuses something is told in the console as a failed load, and is the test's own business.
            if (message.Type.Equals("error", StringComparison.Ordinal) && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)) said.Enqueue($"console: {message.Text}");
        };
        page.PageError += (_, error) => said.Enqueue($"error: {error}");
        page.Request += (_, request) =>
        {
            if (!IsKnown(request.Url) && (elsewhere is null || !request.Url.StartsWith(elsewhere.AbsoluteUri, StringComparison.Ordinal))) said.Enqueue($"asked elsewhere: {request.Url}");
        };
        return page;
    }

    /// <summary>To be called at the end: no error in the console (a refused policy is one), no request to another host. Closes the window.</summary>
    internal async Task CleanAsync(IPage page)
    {
        await page.Context.CloseAsync();
        var said = string.Join('\n', complaints.GetOrCreateValue(page));
        Assert.True(said.Length == 0, said);
    }

    /// <summary>Uploads a short video with picture and sound once, and waits until it plays.</summary>
    internal Task VideoAsync(string id, int seconds = 8) => videos.GetOrAdd(id, _ => new Lazy<Task>(() => UploadAsync(id, seconds))).Value;

    /// <summary>A file as somebody uploads it, about 100 KB; made once.</summary>
    internal static async Task<string> FileAsync(int seconds = 8)
    {
        Directory.CreateDirectory(Places.MediaCache);
        var file = Path.Combine(Places.MediaCache, $"studio-{seconds}.mp4");
        if (File.Exists(file)) return file;
        var making = $"{file}.{Environment.ProcessId}.mp4";
        await Tool.RunAsync("ffmpeg",
            ["-nostdin", "-v", "error", "-y", .. TestMedia.Picture(320, 180, "25", seconds * 25), .. TestMedia.Tone(TestMedia.ContentHertz, seconds), "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", making],
            TimeSpan.FromMinutes(2));
        File.Move(making, file, overwrite: true);
        return file;
    }

    private async Task UploadAsync(string id, int seconds)
    {
        var address = $"api/videos/{Uri.EscapeDataString(id)}";
        using var content = new StreamContent(File.OpenRead(await FileAsync(seconds)));
        using var answer = await Gateway.Api.PutAsync(address, content);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{id} was refused: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        await Until.TrueAsync(async () => await StatusAsync() is var status && (status == "failed" ? throw new InvalidOperationException($"{id} failed.\n{Gateway.Output}") : status == "ready"), $"{id} is ready", TimeSpan.FromMinutes(4));

        async Task<string?> StatusAsync() => (await Gateway.Api.GetFromJsonAsync<JsonElement>(address)).GetProperty("status").GetString();
    }

    private bool IsKnown(string url) =>
        url.StartsWith(Gateway.Address.AbsoluteUri, StringComparison.Ordinal) || url.StartsWith(nginx!.AddressOf(Cdn).AbsoluteUri, StringComparison.Ordinal)
        || url.StartsWith("blob:", StringComparison.Ordinal) || url.StartsWith("data:", StringComparison.Ordinal) || url.StartsWith("about:", StringComparison.Ordinal);
}
