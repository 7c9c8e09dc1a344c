using System.Net;
using System.Text;
using System.Text.Json;
using HlsGateway.Content;
using HlsGateway.Media;
using HlsGateway.Tests.Captioning;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Trailers;
using HlsGateway.Tests.Transcoding;
using HlsGateway.Trailers;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Media;

/// <summary>
/// Programs that were broken into, inside their box, through the real host: each job ends with a reason, and nothing of the gateway's own
/// becomes an object that can be fetched.
/// </summary>
public sealed class HostileOutputTests(FfmpegFixture media, TrailerWorkshop workshop) : IClassFixture<FfmpegFixture>, IClassFixture<TrailerWorkshop>
{
    /// <summary>What ffmpeg leaves in place of a video's files, and the reason that the editor reads.</summary>
    private static readonly (string Trick, string Reason)[] Videos =
    [
        ("rm poster.jpg; ln -s /proc/self/environ poster.jpg", "left a symbolic link as 'poster.jpg'"),
        ("rm storyboard.jpg; ln -s ../../session.key storyboard.jpg", "left a symbolic link as 'storyboard.jpg'"),
        ("rm poster.jpg; ln -s source.mp4 poster.jpg", "left a symbolic link as 'poster.jpg'"),
        ("rm poster.jpg; ln -s /dev/zero poster.jpg", "left a symbolic link as 'poster.jpg'"),
        ("rm poster.jpg; ln source.mp4 poster.jpg", "left a file with several names as "),
        ("rm poster.jpg; mkfifo poster.jpg", "left a pipe as 'poster.jpg'"),
        ("rm poster.jpg; mkdir poster.jpg", "left a folder as 'poster.jpg'"),
        ("rm poster.jpg", "did not write 'poster.jpg'"),
        ("truncate -s 20M poster.jpg", "wrote 20971520 bytes to 'poster.jpg'"),
        ("rm source.mp4; ln -s /proc/self/environ source.mp4", "left a symbolic link as 'source.mp4'"),
        ("rm source.mp4; mkfifo source.mp4", "left a pipe as 'source.mp4'"),
        ("rm samples.raw; ln -s /dev/zero samples.raw", "left a symbolic link as 'samples.raw'"),
        ("rm samples.raw; mkfifo samples.raw", "left a pipe as 'samples.raw'"),
        ("truncate -s 300M samples.raw", "wrote 314572800 bytes to 'samples.raw'"),
        ("mv 36p real; ln -s real 36p", "instead of a folder as '36p/video.m3u8'"),
        ("rm -r 36p; ln -s / 36p", "instead of a folder as '36p/video.m3u8'"),
        ("rm 36p/video.m3u8; ln -s /etc/passwd 36p/video.m3u8", "left a symbolic link as '36p/video.m3u8'"),
        ("rm 36p/video.m3u8; mkfifo 36p/video.m3u8", "left a pipe as '36p/video.m3u8'"),
        ("head -c 9000000 /dev/zero >>36p/video.m3u8", "bytes to '36p/video.m3u8'"),
        ("rm 36p/video0.ts; ln -s ../../../session.key 36p/video0.ts", "left a symbolic link as '36p/video0.ts'"),
        ("rm 36p/video0.ts; mkfifo 36p/video0.ts", "left a pipe as '36p/video0.ts'"),
        ("sed -i s,video0.ts,/etc/passwd, 36p/video.m3u8", "playlist is not the one"),
        ("sed -i s,video0.ts,../source.mp4, 36p/video.m3u8", "playlist is not the one"),
        ("sed -i s,video0.ts,../../../session.key, 36p/video.m3u8", "playlist is not the one"),
        ("sed -i s,video0.ts,./video0.ts, 36p/video.m3u8", "playlist is not the one"),
        ("cp 36p/video0.ts 36p/video0.jpg; sed -i s,video0.ts,video0.jpg, 36p/video.m3u8", "playlist is not the one"),
        ("cp 36p/video0.ts 36p/video7.ts; sed -i s,video0.ts,video7.ts, 36p/video.m3u8", "playlist is not the one"),
        ("sed -i 's,#EXTINF,#EXT-X-MAP:URI=\"../../../session.key\"\\n#EXTINF,' 36p/video.m3u8", "playlist is not the one"),
        ("sed -i 's/EXTINF:.*/EXTINF:1e300,/' 36p/video.m3u8", "playlist is not the one"),
        ("sed -i 's/EXTINF:.*/EXTINF:NaN,/' 36p/video.m3u8", "playlist is not the one"),
        ("rm caption0.vtt; ln -s /proc/self/environ caption0.vtt", "left a symbolic link as 'caption0.vtt'"),
        ("rm caption0.vtt; mkfifo caption0.vtt", "left a pipe as 'caption0.vtt'"),
        ("rm caption0.vtt; mkdir caption0.vtt", "left a folder as 'caption0.vtt'"),
        ("rm caption0.vtt; ln samples.raw caption0.vtt", "left a file with several names as "),
    ];

    private static Dictionary<string, string> Settings => new(StringComparer.Ordinal)
    {
        ["Transcode:Preset"] = "ultrafast",
        ["Transcode:Ladder:0"] = "36",
        ["Transcode:MaxDuration"] = "00:00:30",
    };

    [Fact]
    public async Task A_video_whose_encoder_leaves_something_else_fails_with_a_reason_and_nothing_becomes_public()
    {
        using var ffmpeg = new HostileProgram("ffmpeg");
        var settings = Settings;
        settings["Transcode:FfmpegPath"] = ffmpeg.Path;
        await using var host = await GatewayHost.StartAsync(settings: settings);
        await IsolatesAsync(host);
        using var api = host.Api();
        var clip = await ClipAsync();
        foreach (var (trick, reason) in Videos)
        {
            ffmpeg.Do(trick);
            await FailsAsync(host, api, clip, trick, reason);
        }

        // What it leaves beside its results changes nothing; neither does a playlist's line that is nobody's name.
        ffmpeg.Do("ln -s / root; mkfifo pipe 36p/video9.ts.tmp; ln -s /etc/passwd 36p/video1.ts; sed -i 's|#EXTINF|#EXT-X-KEY:METHOD=AES-128,URI=\"https://example.invalid/k\"\\n#EXTINF|' 36p/video.m3u8");
        using (var accepted = await api.PutAsync(new Uri("api/videos/good", UriKind.Relative), new ByteArrayContent(clip))) Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var good = await UploadTests.EndAsync(api, "good");
        Assert.True(good.GetProperty("status").GetString() == "ready", good.ToString());
        var playlist = Directory.EnumerateFiles(Path.Combine(host.DataDirectory, "objects", "videos", "good"), "video.m3u8", SearchOption.AllDirectories).Single();
        Assert.Matches(
            "^#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXTINF:1.0[0-9]{5},\nvideo0.ts\n#EXT-X-ENDLIST\n$",
            await File.ReadAllTextAsync(playlist));
    }

    [Fact]
    public async Task In_fmp4_the_initialization_section_is_the_one_that_was_due()
    {
        using var ffmpeg = new HostileProgram("ffmpeg");
        var settings = Settings;
        settings["Transcode:FfmpegPath"] = ffmpeg.Path;
        settings["Transcode:Container"] = "fmp4";
        await using var host = await GatewayHost.StartAsync(settings: settings);
        using var api = host.Api();
        var clip = await ClipAsync();
        foreach (var (trick, reason) in (IEnumerable<(string, string)>)
            [
                ("rm 36p/init.mp4; ln -s ../../../session.key 36p/init.mp4", "left a symbolic link as '36p/init.mp4'"),
                ("rm 36p/init.mp4; mkfifo 36p/init.mp4", "left a pipe as '36p/init.mp4'"),
                ("sed -i s,init.mp4,../../../session.key, 36p/video.m3u8", "playlist is not the one"),
                ("sed -i /MAP/d 36p/video.m3u8", "playlist is not the one"),
            ])
        {
            ffmpeg.Do(trick);
            await FailsAsync(host, api, clip, trick, reason);
        }
    }

    [Fact]
    public async Task A_probe_that_prepares_the_places_of_what_comes_next_changes_nothing_outside_its_folder()
    {
        using var ffprobe = new HostileProgram("ffprobe");
        var settings = Settings;
        settings["Transcode:FfprobePath"] = ffprobe.Path;
        await using var host = await GatewayHost.StartAsync(settings: settings);
        await IsolatesAsync(host);
        using var api = host.Api();
        var objects = Path.Combine(host.DataDirectory, "objects");
        var mode = File.GetUnixFileMode(objects);
        var clip = await ClipAsync();
        foreach (var (trick, reason) in (IEnumerable<(string, string)>)
            [
                ($"ln -s {objects} 36p", "left something as '36p'"),
                ("mkdir 36p", "left something as '36p'"),
                ("mkfifo 36p", "left something as '36p'"),
            ])
        {
            ffprobe.Do(trick);
            await FailsAsync(host, api, clip, trick, reason);
            Assert.Equal(mode, File.GetUnixFileMode(objects));
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"streams\":{}}")]
    [InlineData("{\"streams\":[1]}")]
    [InlineData("{\"streams\":[{\"codec_type\":\"video\",\"index\":0,\"time_base\":\"9223372036854775807/1\",\"disposition\":[]}],\"packets\":[{\"stream_index\":0,\"pts\":9223372036854775807,\"flags\":\"K\"}]}")]
    [InlineData("{\"format\":7,\"streams\":[{\"codec_type\":\"video\",\"tags\":3,\"side_data_list\":[{\"rotation\":1e300}]}]}")]
    public async Task A_probe_whose_answer_is_none_refuses_the_upload(string json)
    {
        using var ffprobe = new HostileProgram("true");
        var settings = Settings;
        settings["Transcode:FfprobePath"] = ffprobe.Path;
        await using var host = await GatewayHost.StartAsync(settings: settings);
        using var api = host.Api();
        ffprobe.Do($"cat <<'END'\n{json}\nEND");
        using var refused = await api.PutAsync(new Uri("api/videos/v", UriKind.Relative), new ByteArrayContent("anything"u8.ToArray()));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
    }

    [Fact]
    public async Task A_sound_that_is_none_costs_the_captions_and_a_program_hears_no_other_file()
    {
        using var ffmpeg = new HostileProgram("ffmpeg");
        using var clock = new Clock();
        var settings = clock.Settings;
        settings["Transcode:FfmpegPath"] = ffmpeg.Path;
        await using var host = await GatewayHost.StartAsync(settings: settings);
        await IsolatesAsync(host);
        using var video = new CaptionedVideo(host, media, "clip");
        ffmpeg.Do("[ \"$last\" != sound.wav ] || { rm sound.wav; ln -s /proc/self/environ sound.wav; }");
        await video.UploadAsync(1);
        await SilentAsync(video, "left a symbolic link as 'sound.wav'");
        foreach (var (trick, reason) in (IEnumerable<(string, string)>)
            [
                ("ln -s ../../session.key sound.wav", "left a symbolic link as 'sound.wav'"),
                ("ln -s source sound.wav", "left a symbolic link as 'sound.wav'"),
                ("echo x >other; ln other sound.wav", "left a file with several names as 'sound.wav'"),
                ("mkfifo sound.wav", "left a pipe as 'sound.wav'"),
                ("mkdir sound.wav", "left a folder as 'sound.wav'"),
                ("true", "did not write 'sound.wav'"),
            ])
        {
            ffmpeg.Do($"[ \"$last\" != sound.wav ] || {{ rm sound.wav; {trick}; }}");
            using (var accepted = await video.AskAsync()) Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
            await SilentAsync(video, reason);
        }

        Assert.Contains("#EXT-X-STREAM-INF", await video.MasterAsync(), StringComparison.Ordinal);
        await NothingSecretAsync(host);
    }

    public static TheoryData<string, string, string> Trailers => new()
    {
        { "ts", "rm 1.ts; ln -s CANARY 1.ts", "left a symbolic link as '1.ts'" },
        { "ts", "rm 1.ts; ln -s 0.ts 1.ts", "left a symbolic link as '1.ts'" },
        { "ts", "rm 1.ts; ln 0.ts 1.ts", "left a file with several names as '0.ts'" },
        { "ts", "rm 0.ts; mkfifo 0.ts", "left a pipe as '0.ts'" },
        { "ts", "rm 0.ts; mkdir 0.ts", "left a folder as '0.ts'" },
        { "ts", "rm 0.ts", "The copy has only 0 of " },
        { "ts", "truncate -s 200M 0.ts", "wrote 209715200 bytes to '0.ts'" },
        { "ts", "head -c 1880 /dev/zero >0.ts", "" },
        { "fmp4", "rm init.mp4; ln -s CANARY init.mp4", "left a symbolic link as 'init.mp4'" },
        { "fmp4", "rm init.mp4; mkfifo init.mp4", "left a pipe as 'init.mp4'" },
        { "aac", "rm audio.aac; ln -s CANARY audio.aac", "left a symbolic link as 'audio.aac'" },
        { "aac", "rm audio.aac; mkfifo audio.aac", "left a pipe as 'audio.aac'" },
    };

    [Theory]
    [MemberData(nameof(Trailers))]
    public async Task A_trailer_copy_that_is_something_else_is_not_made_and_nothing_is_written_through_it(string container, string trick, string reason)
    {
        var (encoder, ffmpeg, canary) = await TrailersAsync();
        using (ffmpeg)
        {
            // Not in the run that measures the loudness and writes nothing.
            ffmpeg.Do($"[ \"$last\" = - ] || {{ {trick.Replace("CANARY", canary, StringComparison.Ordinal)}; }}");
            var failure = await Assert.ThrowsAnyAsync<Exception>(() => EncodeAsync(encoder, container));
            Assert.True(failure is SandboxException or ConditioningException, failure.ToString());
            Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        }

        Assert.Equal("as it was", await File.ReadAllTextAsync(canary));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(canary));
    }

    [Fact]
    public async Task A_trailer_copy_is_written_where_its_encoder_prepared_nothing()
    {
        var (encoder, ffmpeg, canary) = await TrailersAsync();
        using (ffmpeg)
        {
            ffmpeg.Do($"ln -sf {canary} 0.aac; ln -sf {canary} 1.aac");
            using var copy = await EncodeAsync(encoder, "aac");
            foreach (var file in copy.Files)
            {
                await using var content = copy.Open(file);
                Assert.True(content.Length > 100);
            }
        }

        Assert.Equal("as it was", await File.ReadAllTextAsync(canary));
    }

    private async Task<(TrailerEncoder Encoder, HostileProgram Ffmpeg, string Canary)> TrailersAsync()
    {
        var ffmpeg = new HostileProgram("ffmpeg");
        var canary = workshop[Path.GetRandomFileName()];
        await File.WriteAllTextAsync(canary, "as it was");
        File.SetUnixFileMode(canary, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var options = new MediaOptions { WorkDirectory = workshop["work"], FfmpegPath = ffmpeg.Path };
        return (new TrailerEncoder(FfmpegFixture.New(options, workshop[""]), Options.Create(new TrailersOptions())), ffmpeg, canary);
    }

    private async Task<EncodedCopy> EncodeAsync(TrailerEncoder encoder, string container)
    {
        var file = await workshop.SourceAsync(seconds: 4);
        // With a delay: such a copy is moved back, and so written anew.
        var shape = container == "aac" ? new RenditionShape("aac", 0, 0, "", "", 48000, 2)
            : new RenditionShape(container, 64, 36, "25/1", "high", 48000, 2) { Delay = container == "ts" ? 2 : 0 };
        await using var content = File.OpenRead(file);
        return await encoder.EncodeAsync(TrailerWorkshop.Version("brand", file, 4000, audio: true), shape, content, CancellationToken.None);
    }

    /// <summary>A second of picture, sound and a caption.</summary>
    private Task<byte[]> ClipAsync() => media.MakeCaptionedAsync();

    private static async Task FailsAsync(GatewayHost host, HttpClient api, byte[] clip, string trick, string reason)
    {
        using (var accepted = await api.PutAsync(new Uri("api/videos/v", UriKind.Relative), new ByteArrayContent(clip)))
            Assert.True(accepted.StatusCode == HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        var video = await UploadTests.EndAsync(api, "v");
        Assert.True(video.GetProperty("status").GetString() == "failed", $"{trick}: {video}");
        Assert.True(video.GetProperty("error").GetString()!.Contains(reason, StringComparison.Ordinal), $"{trick}: {video}");
        await Eventually.IsTrueAsync(() => !Directory.EnumerateFileSystemEntries(Path.Combine(host.DataDirectory, "work")).Any(), "no job folder is left");
        await Eventually.IsTrueAsync(() => !Objects(host).Any(file => file.Contains("/videos/", StringComparison.Ordinal)), "no object of the video is left");
        await NothingSecretAsync(host);
        using var nothing = await host.Client.GetAsync(new Uri("watch/v/playlist.m3u8", UriKind.Relative));
        Assert.NotEqual(HttpStatusCode.OK, nothing.StatusCode);
    }

    private static async Task SilentAsync(CaptionedVideo video, string reason)
    {
        var job = await video.EndAsync("failed");
        Assert.True(job.GetProperty("error").GetString()!.Contains(reason, StringComparison.Ordinal), $"{job}");
        Assert.Equal(JsonValueKind.Undefined, (await video.TrackAsync()).ValueKind);
    }

    /// <summary>No object holds the signing key, the environment or a file of the machine.</summary>
    private static async Task NothingSecretAsync(GatewayHost host)
    {
        var key = await File.ReadAllBytesAsync(Path.Combine(host.DataDirectory, "session.key"));
        Assert.True(key.Length >= 16);
        foreach (var file in Objects(host))
        {
            var bytes = await File.ReadAllBytesAsync(file);
            foreach (var secret in (byte[][])[key, Encoding.UTF8.GetBytes("PATH=/"), Encoding.UTF8.GetBytes("root:x:0")])
                Assert.True(bytes.AsSpan().IndexOf(secret) < 0, file);
        }
    }

    private static IEnumerable<string> Objects(GatewayHost host) => Directory.EnumerateFiles(Path.Combine(host.DataDirectory, "objects"), "*", SearchOption.AllDirectories);

    private static async Task IsolatesAsync(GatewayHost host) =>
        Assert.Equal(IsolationKind.Bubblewrap, (await ((Sandbox)host.Services.GetService(typeof(Sandbox))!).ConfinementAsync()).Kind);
}
