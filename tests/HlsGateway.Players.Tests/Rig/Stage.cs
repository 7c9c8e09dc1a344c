using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>
/// Foreign origin, CDN, gateway and players, each on an origin of its own; the trailer lies in the gateway's folder and is active.
/// </summary>
internal sealed partial class Stage : IAsyncDisposable
{
    /// <summary>The trailer with sound; the one that is active at first.</summary>
    public const string Trailer = "branding";

    /// <summary>The trailer without an audio stream.</summary>
    public const string MuteTrailer = "mute";

    private static readonly bool Continuing = Environment.GetEnvironmentVariable("PLAYERS_CONTINUE") is "1";

    private const string Origin = "origin";
    private const string Cdn = "cdn";

    private readonly Nginx nginx;
    private readonly IReadOnlyList<(string Video, string Folder)> videos;
    private int plays;

    private Stage(IReadOnlyList<(string Video, string Folder)> videos, Nginx nginx, GatewayProcess gateway, Players players)
    {
        this.videos = videos;
        this.nginx = nginx;
        Gateway = gateway;
        Players = players;
    }

    public GatewayProcess Gateway { get; }

    public Players Players { get; }

    /// <param name="videos">What origin and CDN serve: video ids and their folders.</param>
    public static async Task<Stage> SetAsync(params IReadOnlyList<(string Video, string Folder)> videos)
    {
        var folder = Directory.CreateTempSubdirectory("hlsgateway-players-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "trailers"));
        File.Copy(await TestMedia.MakeTrailerAsync(hasSound: true), Path.Combine(folder, "trailers", Trailer + ".mp4"));
        File.Copy(await TestMedia.MakeTrailerAsync(hasSound: false), Path.Combine(folder, "trailers", MuteTrailer + ".mp4"));
        (string Prefix, string Folder)[] served = [.. videos.Select(video => ($"/{video.Video}/", video.Folder))];
        var nginx = await Nginx.StartAsync(
            new Site(Origin, Cors: false, served),
            new Site(Cdn, Cors: true, [("/objects/", Path.Combine(folder, "data", "objects")), .. served]),
            new Site(Players.Pages, Cors: false, ("/harness/", Places.Harness), ("/node_modules/", Places.NodeModules)));
        var gateway = await GatewayProcess.StartAsync(folder,
        [
            ("ReverseProxy:Clusters:origin:Destinations:d1:Address", nginx.AddressOf(Origin).AbsoluteUri),
            ("Gateway:Cdn:BaseUrl", nginx.AddressOf(Cdn).AbsoluteUri),
            ("Storage:PublicUrl", new Uri(nginx.AddressOf(Cdn), "objects").AbsoluteUri),
            // A disk that is slow for a moment must not look like a miscount.
            ("Ledger:CommitTimeout", "00:00:10"),
            ("Ledger:ReportTimeout", "00:00:30"),
            ("Trailers:Folder", "trailers"),
            ("Trailers:ContinueTimestamps", Continuing ? "Always" : "Demuxed"),
            ("Trailers:Active", Trailer),
        ]);
        return new Stage(videos, nginx, gateway, await Players.StartAsync(nginx.AddressOf(Players.Pages)));
    }

    public async ValueTask DisposeAsync()
    {
        await Players.DisposeAsync();
        await Gateway.DisposeAsync();
        await nginx.DisposeAsync();
    }

    public Uri MasterPlaylist(string video) => new(Gateway.Address, $"watch/{video}/playlist.m3u8");

    /// <summary>Publishes the same cues in each language.</summary>
    public async Task CaptionAsync(string video, IEnumerable<KnownCue> cues, params string[] languages)
    {
        var text = "WEBVTT\n\n" + string.Concat(cues.Select(cue => $"{Timestamp(cue.Start)} --> {Timestamp(cue.End)}\n{cue.Text}\n\n"));
        foreach (var language in languages)
        {
            using var content = new StringContent(text);
            using var answer = await Gateway.Api.PutAsync($"api/videos/{video}/subtitles/{language}", content);
            if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"Captions were refused: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
    }

    /// <summary>Makes a trailer the one of new sessions.</summary>
    /// <param name="position"><c>pre</c> or <c>post</c>.</param>
    /// <param name="videos">Of these videos (a glob); null: of all.</param>
    public async Task ActivateAsync(string trailer, string position = "post", string? videos = null)
    {
        using var wanted = JsonContent.Create(new { trailer, position, videos });
        using var answer = await Gateway.Api.PutAsync("api/trailers/active", wanted);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{trailer} was refused: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Asks for the playlists until a new session has the trailer: its copies are made when they are first wanted (rule S8).</summary>
    public async Task TrailerReadyAsync(string video, string trailer = Trailer)
    {
        try
        {
            await Until.TrueAsync(
                async () => (await PlaylistsAsync(video)) is var served && served.Skip(1).All(child =>
                    (child.Text.Contains($"~t/{trailer}@", StringComparison.Ordinal) || child.Text.Contains("subtitles/", StringComparison.Ordinal))
                    // Behind sound that comes apart a trailer has timestamps that go on, once such copies are there.
                    && (!(Continuing || served[0].Text.Contains("AUDIO=\"", StringComparison.Ordinal)) || child.Uri.Contains("-fmp4-", StringComparison.Ordinal) || child.Uri.Split("&p=")[^1].Contains("-at", StringComparison.Ordinal))),
                $"{video} has its trailer", TimeSpan.FromMinutes(3));
        }
        catch (TimeoutException late)
        {
            throw new InvalidOperationException($"{late.Message}. The gateway says:\n{Gateway.Output}", late);
        }
    }

    /// <summary>The Master Playlist and its children, as they are served to one new session.</summary>
    public async Task<IReadOnlyList<(string Uri, string Text)>> PlaylistsAsync(string video)
    {
        var master = MasterPlaylist(video);
        var text = await Gateway.Api.GetStringAsync(master);
        var served = new List<(string, string)> { (master.PathAndQuery, text) };
        var children = text.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Concat(UriAttribute().Matches(text).Select(match => match.Groups["uri"].Value));
        foreach (var child in children)
        {
            var uri = new Uri(master, child);
            served.Add((uri.PathAndQuery, await Gateway.Api.GetStringAsync(uri)));
        }
        return served;
    }

    /// <summary>Plays a video from begin to end, and asks player, CDN and ledger what happened.</summary>
    /// <param name="framesPerSecond">Of the content.</param>
    public async Task<Play> PlayAsync(string player, string video, double framesPerSecond, double rate = 1, string? audio = null, bool unpatched = false, int switchAt = 0)
    {
        // Each play has a host name of its own: repeats must not be taken for one another.
        var run = string.Create(CultureInfo.InvariantCulture, $"{video}-{Interlocked.Increment(ref plays)}");
        var picture = Path.Combine(videos.First(served => served.Video.Equals(video, StringComparison.Ordinal)).Folder, "360p", "video.m3u8");
        // GStreamer says no page but the Master Playlist's address as its Referer: this one is its own.
        var source = player is Rig.Players.GStreamer ? new Uri(MasterPlaylist(video), $"?play={run}") : MasterPlaylist(video);
        var assignment = new Assignment(source, rate, "en", audio, unpatched, Picture: picture, SwitchAt: switchAt, Reordered: Is(video, shape => shape.Reordered), Portrait: Is(video, shape => shape.Portrait));
        var (report, session) = await Players.PlayAsync(player, run, assignment, framesPerSecond);
        var referer = player is Rig.Players.GStreamer ? source.AbsoluteUri : Players.RefererOf(player, run);
        // A request that was redirected across origins says "Origin: null". Chromium's own player sometimes goes on reading at the
        // address that it was once redirected to, and then names the page: the gateway was not asked, and counts nothing.
        var page = referer.TrimEnd('/');
        await nginx.LoggedAsync(Cdn);
        var served = nginx.LogOf(Cdn).Where(request =>
            request.Referer.Equals(referer, StringComparison.Ordinal) && !request.Origin.Equals(page, StringComparison.Ordinal)).ToArray();
        if (session.Length == 0) throw new InvalidOperationException($"{player} told no session: {report}");
        using var json = JsonDocument.Parse(await Gateway.Api.GetStringAsync($"api/sessions/{session}"));
        return new Play(report with { ContentFramesPerSecond = framesPerSecond }, session, served, json.RootElement.Clone());
    }

    private static bool Is(string video, Func<ContentShape, bool> such) => ContentShape.Known.Any(shape => such(shape) && shape.Name.Equals(video, StringComparison.Ordinal));

    private static string Timestamp(double seconds) => TimeSpan.FromSeconds(seconds).ToString(@"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture);

    [GeneratedRegex("#EXT-X-MEDIA:.*URI=\"(?<uri>[^\"]+)\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UriAttribute();
}
