using System.Net;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Transcoding;

namespace HlsGateway.Tests.Captioning;

public sealed class AutomaticCaptionsTests(FfmpegFixture media) : AutomaticCaptionsContract(null, media);

[Collection(OnPostgres.Name)]
public sealed class AutomaticCaptionsOnPostgresTests(PostgresFixture postgres, FfmpegFixture media) : AutomaticCaptionsContract(postgres.NewDatabase(), media);

/// <summary>From an upload's sound to cues in a player's segments, by a program that is started for real.</summary>
public abstract class AutomaticCaptionsContract(string? postgres, FfmpegFixture media) : IClassFixture<FfmpegFixture>, IDisposable
{
    private readonly Clock clock = new();

    public void Dispose()
    {
        clock.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Each_upload_gets_captions_of_its_own_sound_marked_as_a_machines_in_the_segments_they_belong_to()
    {
        await using var host = await StartAsync();
        using var video = new CaptionedVideo(host, media, "did:plc:a%2Fclip");
        await video.UploadAsync(6);
        var job = await video.EndAsync("ready");
        Assert.Equal((1.0, 1L, JsonValueKind.Null), (job.GetProperty("progress").GetDouble(), job.GetProperty("attempts").GetInt64(), job.GetProperty("error").ValueKind));
        Assert.Equal(await video.RevisionAsync(), job.GetProperty("revision").GetString());
        var track = await video.TrackAsync();
        Assert.Equal((true, "automatic", 6), (track.GetProperty("machine").GetBoolean(), track.GetProperty("actor").GetString(), track.GetProperty("cues").GetInt32()));

        await Eventually.IsTrueAsync(async () => (await video.ServedAsync()).Length > 0, "captions in a new session");
        var line = (await video.MasterAsync()).Split('\n').Single(line => line.Contains("TYPE=SUBTITLES", StringComparison.Ordinal));
        Assert.Contains("NAME=\"English (automatic)\"", line, StringComparison.Ordinal);
        Assert.Matches("CHARACTERISTICS=\"[^\"]*public.machine-generated", line);
        var segments = (await video.ServedAsync()).Split("WEBVTT\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, segments.Length);
        Assert.Contains("00:00:03.000 --> 00:00:03.900\nsecond 3 of 6 in en at 16000 Hz", segments[0], StringComparison.Ordinal);
        Assert.Contains("00:00:05.000 --> 00:00:05.900\nsecond 5 of 6 in en at 16000 Hz", segments[1], StringComparison.Ordinal);

        await video.UploadAsync(4);
        await Eventually.IsTrueAsync(async () => (await video.ServedAsync()).Contains("second 3 of 4 in en", StringComparison.Ordinal), "captions of the second sound");

        // What was written down from the sound is not left to a picture without it.
        await video.UploadAsync(2, sound: false);
        await Eventually.IsTrueAsync(async () => (await video.ServedAsync()).Length == 0, "no captions of the former sound");
        Assert.Equal("409 no-sound", await video.SlugAsync());
        Assert.Equal(1, await video.JobsAsync());
    }

    [Fact]
    public async Task An_editors_words_are_never_replaced_also_when_they_come_while_the_program_listens()
    {
        await using var host = await StartAsync();
        using var video = new CaptionedVideo(host, media, "clip");
        clock.Do("hold");
        await video.UploadAsync(6);
        // It has written cues up to 2.9 s of 6, and waits.
        var halfway = await video.JobAsync(job => job.GetProperty("progress").GetDouble() > 0.5);
        Assert.Equal("listening", halfway.GetProperty("status").GetString());
        Assert.Equal(0.1 + (0.9 * 2.9 / 6), halfway.GetProperty("progress").GetDouble(), 0.01);
        await video.WriteAsync("by hand");
        clock.LetGo();
        Assert.Contains("captions that a person wrote", (await video.EndAsync("cancelled")).GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("\nby hand\n", await video.ServedAsync(), StringComparison.Ordinal);
        Assert.Equal("409 captions-by-hand", await video.SlugAsync());

        // Another language is another track.
        using (var accepted = await video.AskAsync("?language=PT-br")) Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        await video.EndAsync("ready", "pt-BR");
        Assert.Contains("in pt-BR", await EventuallyServedAsync(video, "pt-BR", "second 5"), StringComparison.Ordinal);

        // Whoever edits them makes them their own: neither name nor mark stays, and no program writes them again.
        await video.WriteAsync("corrigido", language: "pt-BR");
        var track = await video.TrackAsync("pt-BR");
        Assert.Equal((false, "Português (Brasil)", "editor"), (track.GetProperty("machine").GetBoolean(), track.GetProperty("name").GetString(), track.GetProperty("actor").GetString()));
        Assert.Equal("409 captions-by-hand", await video.SlugAsync("?language=pt-BR"));
        await video.UploadAsync(2);
        Assert.Contains("corrigido", await EventuallyServedAsync(video, "pt-BR", "corrigido"), StringComparison.Ordinal);
        Assert.Contains("by hand", await video.ServedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_killed_while_its_program_listens_is_followed_by_another_and_a_job_can_be_ended()
    {
        var settings = Settings();
        settings["Gateway:Roles:0"] = "gateway";
        await using var host = await GatewayHost.StartAsync(settings: settings);
        using var video = new CaptionedVideo(host, media, "clip");
        settings["Gateway:Roles:0"] = "worker";
        clock.Do("hold");
        await using (var worker = await GatewayProcess.StartAsync(host.DataDirectory, settings: settings))
        {
            await video.UploadAsync(6);
            await video.JobAsync(job => job.GetProperty("progress").GetDouble() > 0.5);
            Assert.NotEmpty(clock.Running());
            await worker.KillAsync();
            Assert.Equal(137, worker.ExitCode);
        }

        await Eventually.IsTrueAsync(() => !clock.Running().Any(), "the program died with its worker");
        Assert.Equal("", await video.ServedAsync());
        await using (await GatewayProcess.StartAsync(host.DataDirectory, settings: settings))
        {
            await video.JobAsync(job => job.GetProperty("attempts").GetInt64() == 2 && job.GetProperty("progress").GetDouble() > 0.5);
            clock.LetGo();
            Assert.Equal(2, (await video.EndAsync("ready")).GetProperty("attempts").GetInt64());
            Assert.Contains("second 5 of 6", await EventuallyServedAsync(video, "en", "second 5"), StringComparison.Ordinal);

            // Asked for again, a machine's own track may be written anew; whoever asks twice gets the same job.
            clock.Do("hang");
            using (var first = await video.AskAsync()) Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
            await Eventually.IsTrueAsync(() => clock.Running().Any(), "the program runs");
            using (var second = await video.AskAsync())
            using (var body = JsonDocument.Parse(await second.Content.ReadAsStringAsync())) Assert.Equal("listening", body.RootElement.GetProperty("status").GetString());
            using (var ended = await video.CancelAsync()) Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
            await video.EndAsync("cancelled");
            await Eventually.IsTrueAsync(() => !clock.Running().Any(), "the program is killed");
            using (var ended = await video.CancelAsync()) Assert.Equal(HttpStatusCode.NotFound, ended.StatusCode);
            Assert.Contains("second 5 of 6", await video.ServedAsync(), StringComparison.Ordinal);
        }
    }

    private Task<GatewayHost> StartAsync() => GatewayHost.StartAsync(settings: Settings());

    private Dictionary<string, string> Settings()
    {
        var settings = clock.Settings;
        if (postgres is not null) settings["ConnectionStrings:Ledger"] = postgres;
        return settings;
    }

    private static async Task<string> EventuallyServedAsync(CaptionedVideo video, string language, string text) => await Eventually.GetAsync(
        async () => await video.ServedAsync(language) is var served && served.Contains(text, StringComparison.Ordinal) ? served : null, $"{text} is served");
}
