using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Transcoding;

namespace HlsGateway.Tests.Captioning;

/// <summary>An upload and what becomes of its automatic captions, through HTTP.</summary>
internal sealed class CaptionedVideo(GatewayHost host, FfmpegFixture media, string id) : IDisposable
{
    private readonly HttpClient api = host.Api();

    private string Master => $"watch/{System.Uri.UnescapeDataString(id)}/playlist.m3u8";

    private string Address => $"api/videos/{id}/subtitles";

    /// <summary>Uploads so many seconds of picture, with a tone of the same length or without any.</summary>
    public async Task UploadAsync(int seconds, bool sound = true)
    {
        string[] tone = sound ? ["-f", "lavfi", "-i", $"sine=d={seconds}", "-c:a", "aac"] : [];
        var file = await media.MakeAsync("a.mp4", ["-f", "lavfi", "-i", $"testsrc2=s=160x90:r=25:d={seconds}", .. tone, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]);
        var before = await RevisionAsync();
        using var accepted = await api.PutAsync(Uri($"api/videos/{id}"), new ByteArrayContent(file));
        Assert.True(accepted.StatusCode == HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        await Eventually.IsTrueAsync(async () => await RevisionAsync() is { } now && now != before, "the upload's revision", TimeSpan.FromSeconds(240));
    }

    public async Task<string?> RevisionAsync()
    {
        using var answer = await api.GetAsync(Uri($"api/videos/{id}"));
        return answer.IsSuccessStatusCode ? (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("revision").GetString() : null;
    }

    /// <summary>Waits until the newest job of the language is as asked.</summary>
    public async Task<JsonElement> JobAsync(Func<JsonElement, bool> wanted, string language = "en")
    {
        var last = default(JsonElement);
        await Eventually.IsTrueAsync(
            async () =>
            {
                last = (await api.GetFromJsonAsync<JsonElement>(Uri($"{Address}/automatic"))).GetProperty("jobs").EnumerateArray().SingleOrDefault(job => job.GetProperty("language").GetString() == language);
                return last.ValueKind == JsonValueKind.Object && wanted(last);
            },
            $"the job, which is {last}", TimeSpan.FromSeconds(240));
        return last;
    }

    public Task<JsonElement> EndAsync(string status, string language = "en") => JobAsync(
        job =>
        {
            var now = job.GetProperty("status").GetString();
            Assert.True(now == status || now is "queued" or "listening", job.ToString());
            return now == status;
        }, language);

    public async Task<int> JobsAsync() => (await api.GetFromJsonAsync<JsonElement>(Uri($"{Address}/automatic"))).GetProperty("jobs").GetArrayLength();

    public Task<HttpResponseMessage> AskAsync(string query = "") => api.PostAsync(Uri($"{Address}/automatic{query}"), null);

    public Task<HttpResponseMessage> CancelAsync(string query = "") => api.DeleteAsync(Uri($"{Address}/automatic{query}"));

    public async Task<string> SlugAsync(string query = "")
    {
        using var answer = await AskAsync(query);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return $"{(int)answer.StatusCode} {problem.GetProperty("type").GetString()!.Split('/')[^1]}";
    }

    public async Task WriteAsync(string text, string query = "", string language = "en")
    {
        using var editor = host.Api("editor");
        using var put = await editor.PutAsync(Uri($"{Address}/{language}{query}"), new StringContent($"WEBVTT\n\n00:00.500 --> 00:02.000\n{text}\n"));
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
    }

    /// <summary>As the API lists it; undefined when it is not there.</summary>
    public async Task<JsonElement> TrackAsync(string language = "en") =>
        (await api.GetFromJsonAsync<JsonElement>(Uri(Address))).GetProperty("tracks").EnumerateArray().SingleOrDefault(track => track.GetProperty("language").GetString() == language);

    public Task<string> MasterAsync() => host.Client.GetStringAsync(Uri(Master));

    /// <summary>All caption text of a new session in one language, as a player fetches it: Master Playlist, captions' playlist, segments.</summary>
    public async Task<string> ServedAsync(string language = "en")
    {
        var line = (await MasterAsync()).Split('\n').SingleOrDefault(line => line.StartsWith("#EXT-X-MEDIA:TYPE=SUBTITLES", StringComparison.Ordinal) && line.Contains($"LANGUAGE=\"{language}\"", StringComparison.Ordinal));
        if (line is null) return "";
        var playlist = new Uri(new Uri(host.Address, Master), line.Split("URI=\"")[1].Split('"')[0]);
        var text = "";
        foreach (var segment in Viewer.Uris(await host.Client.GetStringAsync(playlist))) text += await host.Client.GetStringAsync(new Uri(playlist, segment));
        return text;
    }

    public void Dispose() => api.Dispose();

    private static Uri Uri(string path) => new(path, UriKind.Relative);
}
