using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Captioning;
using HlsGateway.Media;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Transcoding;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Captioning;

/// <summary>What a program that fails, lies, hangs or pries costs: its own captions, and nothing else.</summary>
public sealed class CaptionTroubleTests(FfmpegFixture media) : IClassFixture<FfmpegFixture>, IDisposable
{
    private readonly Clock clock = new();

    public void Dispose() => clock.Dispose();

    [Fact]
    public async Task Whatever_the_program_does_the_video_plays_and_the_job_says_why_there_are_no_captions()
    {
        await using var host = await GatewayHost.StartAsync(settings: clock.Settings);
        using var ended = new Outcomes(host);
        using var video = new CaptionedVideo(host, media, "clip");
        clock.Do("fail");
        await video.UploadAsync(2);
        await FailsAsync(video, "fail", "The program that writes captions failed: no such model");
        await PlaysAsync(host, video);

        foreach (var (mode, reason) in (IEnumerable<(string, string)>)
            [
                ("broken", "The program's captions cannot be used: line 3: "),
                ("nothing", "The program's captions cannot be used: "),
                ("endless", "The program's captions cannot be used: The file is larger than 1 MiB."),
            ])
        {
            await AskAsync(video, mode);
            await FailsAsync(video, mode, reason);
        }

        Assert.Equal("degraded", (await CheckAsync(host)).GetProperty("status").GetString());
        Assert.Equal("several automatic captions in a row failed", (await CheckAsync(host)).GetProperty("description").GetString());
        // What the program said is for those who may read it.
        Assert.Equal(JsonValueKind.Null, (await CheckAsync(host)).GetProperty("data").ValueKind);
        using var analyst = host.Api("analyst");
        var data = (await CheckAsync(host, analyst)).GetProperty("data");
        Assert.Equal(4, data.GetProperty("failures").GetInt32());
        Assert.Contains("captions cannot be used", data.GetProperty("detail").GetString(), StringComparison.Ordinal);

        // 30 MB of complaints neither block it nor are kept.
        await AskAsync(video, "chatty");
        await video.EndAsync("ready");
        Assert.True((await video.TrackAsync()).GetProperty("machine").GetBoolean());
        await Eventually.IsTrueAsync(async () => (await CheckAsync(host)).GetProperty("status").GetString() == "healthy", "health after a success");
        await Eventually.IsTrueAsync(() => ended.All.Count == 5, "five ends");
        Assert.Equal(["failed", "failed", "failed", "failed", "published"], ended.All);
        await PlaysAsync(host, video);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(host.DataDirectory, "work")));
    }

    [Fact]
    public async Task The_program_sees_its_sound_and_its_folders_and_changes_nothing()
    {
        await using var host = await GatewayHost.StartAsync(settings: clock.Settings);
        Assert.Equal(IsolationKind.Bubblewrap, (await host.Services.GetRequiredService<Sandbox>().ConfinementAsync()).Kind);
        var forbidden = Path.Combine(host.DataDirectory, "catalogue.db");
        Assert.True(File.Exists(forbidden));
        clock.Write("forbidden", forbidden);
        clock.Do("escape");
        using var video = new CaptionedVideo(host, media, "clip");
        await video.UploadAsync(2);
        await video.EndAsync("ready");
        Assert.Equal(2, (await video.TrackAsync()).GetProperty("cues").GetInt32());
    }

    [Fact]
    public async Task A_program_that_hangs_is_killed_at_the_deadline_with_all_that_it_has_started()
    {
        var settings = clock.Settings;
        settings["Subtitles:Automatic:Deadline"] = "00:00:01";
        await using var host = await GatewayHost.StartAsync(settings: settings);
        using var video = new CaptionedVideo(host, media, "clip");
        clock.Do("hang");
        await video.UploadAsync(1);
        await FailsAsync(video, "hang", "The program that writes captions failed: stopped after ");
        Assert.Empty(clock.Running());
        await PlaysAsync(host, video);
    }

    [Fact]
    public async Task Without_a_program_nothing_is_asked_of_anybody_and_a_request_says_what_to_set()
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["Transcode:Preset"] = "ultrafast", ["Transcode:Ladder:0"] = "90" });
        using var video = new CaptionedVideo(host, media, "clip");
        await video.UploadAsync(1);
        Assert.Equal(0, await video.JobsAsync());
        Assert.Equal("409 no-automatic-captions", await video.SlugAsync());
    }

    [Fact]
    public async Task Captions_are_written_for_uploads_that_are_there_and_on_demand_only_where_that_is_set()
    {
        var settings = clock.Settings;
        settings["Subtitles:Automatic:OnPublish"] = "false";
        // As docs/operations.md calls a recogniser that writes a file.
        string[] words = ["-c", "\"$3/clock\" \"$3\" \"$1\" \"$2\" >captions.vtt && cat captions.vtt", "captions", "{audio}", "{language}", clock.Folder];
        settings["Subtitles:Automatic:Command"] = "/bin/sh";
        for (var i = 0; i < words.Length; i++) settings[$"Subtitles:Automatic:Arguments:{i}"] = words[i];
        settings["Subtitles:Automatic:Language"] = "de";
        settings["Subtitles:Automatic:Name"] = "{language}, maschinell";
        await using var host = await GatewayHost.StartAsync(settings: settings);
        using var none = new CaptionedVideo(host, media, "foreign");
        Assert.Equal("404 no-video", await none.SlugAsync());
        Assert.Equal("400 bad-language", await none.SlugAsync("?language=e"));
        using var video = new CaptionedVideo(host, media, "clip");
        await video.UploadAsync(1);
        Assert.Equal(0, await video.JobsAsync());
        using (var accepted = await video.AskAsync()) Assert.Equal((HttpStatusCode.Accepted, "/api/videos/clip/subtitles/automatic"), (accepted.StatusCode, accepted.Headers.Location?.ToString()));
        await video.EndAsync("ready", "de");
        Assert.Equal("Deutsch, maschinell", (await video.TrackAsync("de")).GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("Command", "/no/such/program", "Subtitles:Automatic:Command is '/no/such/program'; there is no such program.")]
    [InlineData("Command", "no-such-program", "Subtitles:Automatic:Command is 'no-such-program'; there is no such program.")]
    [InlineData("Arguments:0", "--fast", "Subtitles:Automatic:Arguments do not contain {audio}")]
    [InlineData("ReadableFolders:0", "models", "Subtitles:Automatic:ReadableFolders:0 is 'models'; it must be the absolute path")]
    [InlineData("ReadableFolders:0", "/no/such/folder", "Subtitles:Automatic:ReadableFolders:0 is '/no/such/folder'; it must be the absolute path")]
    [InlineData("ReadableFolders:0", "/", "Subtitles:Automatic:ReadableFolders:0 is '/'; the data directory holds keys")]
    [InlineData("Language", "english_GB", "Subtitles:Automatic:Language is 'english_GB'")]
    [InlineData("Name", "a\"b", "Subtitles:Automatic:Name must have")]
    [InlineData("Deadline", "00:00:00", "Subtitles:Automatic:Deadline must be")]
    [InlineData("MemoryBytes", "1000", "Subtitles:Automatic:MemoryBytes must be")]
    [InlineData("Concurrency", "0", "Subtitles:Automatic:Concurrency must be")]
    public void A_wrong_option_is_named_with_its_key_and_the_reason(string key, string value, string said)
    {
        var given = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Subtitles:Automatic:Command"] = "sh", [$"Subtitles:Automatic:{key}"] = value };
        var options = new ConfigurationBuilder().AddInMemoryCollection(given).Build().GetSection(SubtitlesOptions.Section).Get<SubtitlesOptions>()!;
        Assert.StartsWith(said, Validate(options).FailureMessage, StringComparison.Ordinal);
        // A gateway that runs no jobs needs neither program nor model.
        Assert.Equal(key is not ("Command" or "ReadableFolders:0"), Validate(options, "gateway").Failed);
    }

    [Fact]
    public async Task A_wrong_option_stops_the_start()
    {
        var failure = await Assert.ThrowsAnyAsync<WrongStartException>(() => GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Subtitles:Automatic:Command"] = "/no/such/program",
        }));
        Assert.Contains("Subtitles:Automatic:Command", failure.Message, StringComparison.Ordinal);
    }

    private static ValidateOptionsResult Validate(SubtitlesOptions options, params string[] roles) => new AutomaticCaptionsOptionsValidator(
        Options.Create(new GatewayOptions { Roles = roles }), new HostingEnvironment { ContentRootPath = "/srv/gateway" }).Validate(null, options);

    [Fact]
    public void The_sound_is_taken_out_as_recognisers_want_it_with_its_first_sample_at_the_pictures_0() => Assert.EndsWith(
        "-i file:source -map 0:a:0 -af aresample=16000:async=1:first_pts=0 -ac 1 -c:a pcm_s16le -t 21600 -map_metadata -1 -bitexact -f wav sound.wav",
        string.Join(' ', SpeechArguments.Extract), StringComparison.Ordinal);

    [Fact]
    public async Task Sound_that_begins_late_keeps_its_place_in_time()
    {
        var late = await media.MakeAsync("late.mkv", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=3", "-itsoffset", "2", "-f", "lavfi", "-i", "sine=d=1", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac");
        using var folder = media.Sandbox.OpenFolder();
        using (var content = new MemoryStream(late)) await folder.AddAsync(SpeechArguments.Source, content, CancellationToken.None);
        Assert.True((await media.Ffmpeg.RunAsync(new FfmpegJob(folder, SpeechArguments.Extract, TimeSpan.FromSeconds(30)), CancellationToken.None)).Succeeded);
        var wave = await File.ReadAllBytesAsync(Path.Combine(folder.Path, SpeechArguments.Sound));
        Assert.Equal("RIFF"u8, wave.AsSpan(0, 4));
        Assert.Equal("data"u8, wave.AsSpan(36, 4));
        Assert.InRange(SpeechArguments.Length(wave.Length).TotalSeconds, 2.95, 3.15);
        var samples = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, short>(wave.AsSpan(44));
        Assert.InRange(samples[..(int)(1.9 * SpeechArguments.SampleRate)].ToArray().Max(sample => Math.Abs((int)sample)), 0, 50);
        Assert.True(samples[(int)(2.1 * SpeechArguments.SampleRate)..].ToArray().Max(sample => Math.Abs((int)sample)) > 1000);
    }

    private async Task AskAsync(CaptionedVideo video, string mode)
    {
        clock.Do(mode);
        using var accepted = await video.AskAsync();
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
    }

    private static async Task FailsAsync(CaptionedVideo video, string mode, string reason)
    {
        var job = await video.EndAsync("failed");
        Assert.True(job.GetProperty("error").GetString()!.StartsWith(reason, StringComparison.Ordinal), $"{mode}: {job}");
        Assert.Equal(JsonValueKind.Undefined, (await video.TrackAsync()).ValueKind);
    }

    private static async Task PlaysAsync(GatewayHost host, CaptionedVideo video)
    {
        using var api = host.Api();
        var view = await api.GetFromJsonAsync<JsonElement>(new Uri("api/videos/clip", UriKind.Relative));
        Assert.Equal(("ready", JsonValueKind.Null), (view.GetProperty("status").GetString(), view.GetProperty("error").ValueKind));
        Assert.Contains("#EXT-X-STREAM-INF", await video.MasterAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Found, await (await Viewer.StartAsync(host.Client, "clip")).FetchAsync(0));
    }

    private static async Task<JsonElement> CheckAsync(GatewayHost host, HttpClient? client = null) =>
        (await (client ?? host.Client).GetFromJsonAsync<JsonElement>(new Uri("healthz/ready", UriKind.Relative))).GetProperty("checks").EnumerateArray()
        .Single(check => check.GetProperty("name").GetString() == "automatic_captions");

    /// <summary>The outcomes that one host's meter has counted, in order.</summary>
    private sealed class Outcomes : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly List<string> all = [];

        public Outcomes(GatewayHost host)
        {
            var factory = host.Services.GetRequiredService<IMeterFactory>();
            listener.InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Scope == factory && instrument.Name == "hlsgateway.captions.automatic") own.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
            {
                lock (all) all.Add((string)tags[0].Value!);
            });
            _ = host.Services.GetRequiredService<GatewayMetrics>();
            listener.Start();
        }

        public IReadOnlyList<string> All
        {
            get
            {
                lock (all) return [.. all];
            }
        }

        public void Dispose() => listener.Dispose();
    }
}
