using System.Globalization;
using System.Text;
using System.Text.Json;
using HlsGateway.Players.Tests.Rig;

namespace HlsGateway.Players.Tests;

/// <summary>What is counted of players that fetch a file in byte ranges, and of those that send a Range with everything (rule H2).</summary>
public sealed class RangeTests : IAsyncLifetime
{
    private const string Ranges = "ranges";
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);
    private static readonly ContentShape Shape = ContentShape.Of("ts");
    private readonly string folder = Directory.CreateTempSubdirectory("hlsgateway-ranges-").FullName;
    private Stage stage = null!;

    public async Task InitializeAsync()
    {
        var whole = await TestMedia.MakeAsync(Shape);
        await CutIntoRangesAsync(Path.Combine(whole, "360p"));
        // nginx does not run as root.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        stage = await Stage.SetAsync((Shape.Name, whole), (Ranges, folder));
    }

    public async Task DisposeAsync()
    {
        await stage.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("ts", "gstreamer")]
    [InlineData("ts", "ffmpeg")]
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
        Assert.InRange(counted.Count, ContentShape.Segments, 2 * ContentShape.Segments);
        if (video == Ranges) Assert.Equal(ContentShape.Segments, counted.Count);
        Assert.Equal(Shape.Seconds, session.GetProperty("watch_seconds").GetDouble(), 0.01);
        Assert.True(session.GetProperty("completed").GetBoolean());
    }

    /// <summary>
    /// As fast as it can, decoding nothing: what is asked for is what counts. GStreamer is told how fast its line is, for it opens another
    /// output where it changes the Variant Stream, and nobody listens to that here.
    /// </summary>
    private async Task<JsonElement> PlayAsync(string video, string player)
    {
        var address = stage.MasterPlaylist(video).AbsoluteUri;
        await (player == "ffmpeg"
            ? Tool.RunAsync("ffmpeg", ["-nostdin", "-v", "error", "-i", address, "-map", "0:v:0", "-c", "copy", "-f", "null", "-"], Bound)
            : Tool.RunAsync("gst-launch-1.0", ["-q", "souphttpsrc", $"location={address}", "!", "hlsdemux", "connection-speed=100000", "!", "fakesink", "sync=false"], Bound));
        using var sessions = JsonDocument.Parse(await stage.Gateway.Api.GetStringAsync($"api/sessions?video={video}"));
        var family = player == "ffmpeg" ? "ffmpeg" : "g_streamer";
        var mine = sessions.RootElement.GetProperty("sessions").EnumerateArray().First(session => session.GetProperty("player").ValueEquals(family));
        using var session = JsonDocument.Parse(await stage.Gateway.Api.GetStringAsync($"api/sessions/{mine.GetProperty("session_id").GetString()}"));
        return session.RootElement.Clone();
    }

    /// <summary>The same segments as ranges of one file.</summary>
    private async Task CutIntoRangesAsync(string rung)
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
        await File.WriteAllBytesAsync(Path.Combine(folder, "all.ts"), all.ToArray());
        await File.WriteAllTextAsync(Path.Combine(folder, "video.m3u8"), playlist.ToString());
        await File.WriteAllTextAsync(Path.Combine(folder, "playlist.m3u8"), "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360\nvideo.m3u8\n");
    }
}
