using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HlsGateway.Players.Tests.Rig;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>The way from a file to a counted view in the other browser engine.</summary>
[Collection(StudioStage.Name)]
public sealed class FirefoxTests(StudioStage stage)
{
    private const string Video = "in-firefox";
    private const int FileSeconds = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private static readonly string Script = Path.Combine(Places.Repository, "tests", "HlsGateway.Players.Tests", "Studio", "firefox.mjs");

    [Fact]
    public async Task A_file_is_uploaded_and_played_to_its_end_in_Firefox_and_counts_as_one_view()
    {
        var folder = Directory.CreateTempSubdirectory("hlsgateway-firefox-");
        try
        {
            // The video has its id from the file's name.
            var file = Path.Combine(folder.FullName, Video + ".mp4");
            File.Copy(await StudioStage.FileAsync(FileSeconds), file);
            var what = JsonSerializer.Serialize(new { studio = stage.Address, token = StudioStage.TokenOf("admin"), file, video = Video, seconds = (int)Patience.TotalSeconds });
            // The script bounds itself, and then ends its browser.
            var (output, _) = await Tool.RunAsync("node", [Script, what], Patience + TimeSpan.FromSeconds(30));
            using var told = JsonDocument.Parse(Encoding.UTF8.GetString(output));
            var played = told.RootElement;
            Assert.Empty(played.GetProperty("errors").EnumerateArray().Select(error => error.GetString()));
            Assert.True(played.GetProperty("ended").GetBoolean(), $"stopped at {played.GetProperty("time").GetDouble()} s");
            Assert.InRange(played.GetProperty("time").GetDouble(), FileSeconds - 0.5, FileSeconds + 0.5);
            Assert.True(played.GetProperty("frames").GetInt32() > 0, "pictures were decoded");
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        await Until.TrueAsync(async () => await ReportAsync() is var report && report.GetProperty("views").GetInt32() > 0 && report.GetProperty("watch_seconds").GetDouble() > FileSeconds - 0.5, $"{Video} is counted as watched to its end", Patience);
        var report = await ReportAsync();
        Assert.Equal(1, report.GetProperty("views").GetInt32());
        Assert.InRange(report.GetProperty("watch_seconds").GetDouble(), FileSeconds - 0.5, FileSeconds + 0.5);
    }

    private Task<JsonElement> ReportAsync() => stage.Gateway.Api.GetFromJsonAsync<JsonElement>($"api/videos/{Video}/analytics");
}
