using System.Globalization;
using System.Text;
using System.Text.Json;
using HlsGateway.Players.Tests.Rig;

namespace HlsGateway.Players.Tests;

/// <summary>What is counted of players that fetch a file in byte ranges, and of those that send a Range with everything (rule H2).</summary>
public sealed class RangeTests : IAsyncLifetime
{
    private const string Files = "files";
    private const string Ranges = "ranges";
    private const string Master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360\nvideo.m3u8\n";
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);
    private static readonly ContentShape Shape = ContentShape.Of("ts");
    private readonly string folder = Directory.CreateTempSubdirectory("hlsgateway-ranges-").FullName;
    private Stage stage = null!;

    public async Task InitializeAsync()
    {
        // One Variant Stream: GStreamer opens another output where it changes, and nobody listens to that here.
        var rung = Path.Combine(await TestMedia.MakeAsync(Shape), "360p");
        await CopyAsync(rung, NewFolder(Files));
        await CutIntoRangesAsync(rung, NewFolder(Ranges));
        // nginx does not run as root.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        stage = await Stage.SetAsync((Files, Path.Combine(folder, Files)), (Ranges, Path.Combine(folder, Ranges)));
    }

    public async Task DisposeAsync()
    {
        await stage.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(Files, "gstreamer")]
    [InlineData(Files, "ffmpeg")]
    [InlineData(Ranges, "gstreamer")]
    [InlineData(Ranges, "ffmpeg")]
    public async Task H2_Each_segment_counts_once_whether_it_is_a_file_or_a_range(string video, string player)
    {
        var session = await PlayAsync(video, player);

        var counted = session.GetProperty("trace").EnumerateArray()
            .Where(entry => entry.GetProperty("kind").ValueEquals("content") && entry.GetProperty("counted").GetBoolean())
            .Select(entry => $"{entry.GetProperty("path").GetString()} at {entry.GetProperty("start_seconds").GetDouble()}").ToList();
        Assert.Equal(counted.Distinct(StringComparer.Ordinal), counted);
        Assert.Equal(counted.Count, session.GetProperty("segments_fetched").GetInt32());
        Assert.Equal(ContentShape.Segments, counted.Count);
        Assert.Equal(Shape.Seconds, session.GetProperty("watch_seconds").GetDouble(), 0.01);
        Assert.True(session.GetProperty("completed").GetBoolean());
    }

    /// <summary>As fast as it can, decoding nothing: what is asked for is what counts.</summary>
    private async Task<JsonElement> PlayAsync(string video, string player)
    {
        var address = stage.MasterPlaylist(video).AbsoluteUri;
        await (player == "ffmpeg"
            ? Tool.RunAsync("ffmpeg", ["-nostdin", "-v", "error", "-i", address, "-map", "0:v:0", "-c", "copy", "-f", "null", "-"], Bound)
            : Tool.RunAsync("gst-launch-1.0", ["-q", "souphttpsrc", $"location={address}", "!", "hlsdemux", "!", "fakesink", "sync=false"], Bound));
        using var sessions = JsonDocument.Parse(await stage.Gateway.Api.GetStringAsync($"api/sessions?video={video}"));
        var family = player == "ffmpeg" ? "ffmpeg" : "g_streamer";
        var mine = sessions.RootElement.GetProperty("sessions").EnumerateArray().First(session => session.GetProperty("player").ValueEquals(family));
        using var session = JsonDocument.Parse(await stage.Gateway.Api.GetStringAsync($"api/sessions/{mine.GetProperty("session_id").GetString()}"));
        return session.RootElement.Clone();
    }

    private string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(folder, name)).FullName;

    private static async Task CopyAsync(string rung, string to)
    {
        foreach (var file in Directory.EnumerateFiles(rung)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        await File.WriteAllTextAsync(Path.Combine(to, "playlist.m3u8"), Master);
    }

    /// <summary>The same segments as ranges of one file.</summary>
    private static async Task CutIntoRangesAsync(string rung, string to)
    {
        var playlist = new StringBuilder();
        using var all = new MemoryStream();
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(rung, "video.m3u8")))
        {
            if (line.Length == 0 || line[0] == '#')
            {
                playlist.Append(line.Replace("#EXT-X-VERSION:3", "#EXT-X-VERSION:4", StringComparison.Ordinal)).Append('\n');
                continue;
            }
            var segment = await File.ReadAllBytesAsync(Path.Combine(rung, line));
            playlist.Append(CultureInfo.InvariantCulture, $"#EXT-X-BYTERANGE:{segment.Length}@{all.Length}\nall.ts\n");
            all.Write(segment);
        }
        await File.WriteAllBytesAsync(Path.Combine(to, "all.ts"), all.ToArray());
        await File.WriteAllTextAsync(Path.Combine(to, "video.m3u8"), playlist.ToString());
        await File.WriteAllTextAsync(Path.Combine(to, "playlist.m3u8"), Master);
    }
}
