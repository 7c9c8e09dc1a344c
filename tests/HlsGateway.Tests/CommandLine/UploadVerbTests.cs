using System.Text.Json;
using HlsGateway.CommandLine;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Transcoding;

namespace HlsGateway.Tests.CommandLine;

/// <summary><c>hlsgateway transcode</c> and <c>hlsgateway import</c> as processes of their own.</summary>
public sealed class UploadVerbTests(FfmpegFixture media) : IClassFixture<FfmpegFixture>
{
    private static readonly (string, string)[] Quick = [("Transcode__Preset", "ultrafast"), ("Transcode__Ladder__0", "90"), ("Transcode__MaxDuration", "00:00:05")];

    private readonly string folder = Directory.CreateDirectory(Path.Combine(media.Root, Guid.NewGuid().ToString("n"))).FullName;

    [Fact]
    public async Task A_file_goes_to_a_running_gateway_and_can_be_watched_when_the_command_ends()
    {
        await using var host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Transcode:Preset"] = "ultrafast",
            ["Transcode:Ladder:0"] = "90",
        });
        (string, string)[] there = [("HLSGATEWAY_URL", host.Address.AbsoluteUri), ("HLSGATEWAY_TOKEN", GatewayHost.TokenOf("uploader"))];
        var (code, output, errors) = await Child.RunAsync(["transcode", await ClipAsync("a.mp4"), "--id", "a/b"], there);
        Assert.True(code == ExitCode.Done, errors);
        Assert.StartsWith("a/b: uploading ", errors, StringComparison.Ordinal);
        Assert.EndsWith("a/b: ready 100 %\n", errors, StringComparison.Ordinal);
        Assert.Equal($"a/b: ready, 1 s, {host.Address.AbsoluteUri}watch/a/b/playlist.m3u8\n", output);
        Assert.StartsWith("#EXTM3U", await host.Client.GetStringAsync(new Uri("watch/a/b/playlist.m3u8", UriKind.Relative)), StringComparison.Ordinal);

        (code, _, errors) = await Child.RunAsync(["transcode", await ClipAsync("a.mp4"), "--id", "a", "--token", "not-a-token"], there);
        Assert.Equal(ExitCode.Unreachable, code);
        Assert.Contains("does not take the token (401)", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_goes_to_a_data_directory_without_a_gateway_and_a_bad_file_stops_no_other()
    {
        await ClipAsync("My film (1).mp4");
        await ClipAsync("talks/b.mkv");
        await File.WriteAllTextAsync(Path.Combine(folder, "c.mov"), "no video");
        await File.WriteAllTextAsync(Path.Combine(folder, "notes.txt"), "not asked");
        var data = Path.Combine(folder, "data");
        var (code, output, errors) = await Child.RunAsync(["import", folder, "--data", data, "--prefix", "p/", "--json"], Quick);
        Assert.True(code == ExitCode.Failed, errors);
        var videos = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))
            .ToDictionary(video => video.GetProperty("video").GetString()!, video => video.GetProperty("status").GetString(), StringComparer.Ordinal);
        Assert.Equal(new Dictionary<string, string?>(StringComparer.Ordinal) { ["p/My-film-1"] = "ready", ["p/c"] = "refused", ["p/talks/b"] = "ready" }, videos);
        Assert.Contains("p/talks/b: ready 100 %", errors, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(data, "work")));

        // What is there is passed over: nothing is made twice by starting again.
        (code, output, _) = await Child.RunAsync(["import", Path.Combine(folder, "talks"), "--data", data, "--prefix", "p/talks/"], Quick);
        Assert.Equal(ExitCode.Done, code);
        Assert.Equal("p/talks/b: skipped, 1 s\n", output);
    }

    [Fact]
    public async Task Wrong_usage_and_a_gateway_that_is_away_have_their_own_exit_codes_and_say_what_to_do()
    {
        var clip = await ClipAsync("a.mp4");
        foreach (var (arguments, code, says) in (IEnumerable<(string[], int, string)>)[
            (["transcode", "--help"], ExitCode.Done, "transcode <FILE>"),
            (["import", "--help"], ExitCode.Done, "--dry-run"),
            (["transcode", clip], ExitCode.Usage, "--id"),
            (["transcode", clip, "--id", "../x"], ExitCode.Usage, "path segments"),
            (["transcode", clip + "x", "--id", "x"], ExitCode.Usage, "There is no file"),
            (["transcode", clip, "--id", "x", "--url", "ftp://x"], ExitCode.Usage, "http or https"),
            (["transcode", clip, "--id", "x", "--url", "http://127.0.0.1:1", "--token", "some-token"], ExitCode.Unreachable, "cannot be reached")])
        {
            var (ended, output, errors) = await Child.RunAsync(arguments);
            Assert.True(ended == code, $"{string.Join(' ', arguments)} ended with {ended}: {errors}");
            Assert.Contains(says, output + errors, StringComparison.Ordinal);
        }

        var (configured, _, reason) = await Child.RunAsync(["transcode", clip, "--id", "x", "--data", Path.Combine(folder, "d")], ("Transcode__Preset", "instant"));
        Assert.Equal(ExitCode.Usage, configured);
        Assert.Contains("Transcode:Preset", reason, StringComparison.Ordinal);
    }

    private async Task<string> ClipAsync(string name)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, await media.MakeAsync(
            "clip" + Path.GetExtension(name), "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"));
        return path;
    }
}
