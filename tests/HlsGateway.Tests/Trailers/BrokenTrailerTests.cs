using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Trailers;

/// <summary>Files that cannot be a trailer, by both ways into the library, while a good trailer is on and viewers watch.</summary>
public sealed class BrokenTrailerTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>, IAsyncLifetime
{
    private const int MaxBytes = 2_000_000;

    private LoopbackOrigin origin = default!;
    private GatewayHost host = default!;
    private HttpClient api = default!;
    private string drop = "";

    public async Task InitializeAsync()
    {
        drop = Directory.CreateDirectory(workshop[Guid.NewGuid().ToString("n")]).FullName;
        origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "show", ["-r", "25"], []);
        host = await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Trailers:Folder"] = drop,
            ["Trailers:ScanInterval"] = "00:00:00.050",
            ["Trailers:Active"] = "brand",
            ["Trailers:MaxSeconds"] = "3",
            ["Trailers:MaxBytes"] = $"{MaxBytes}",
        });
        api = host.Api("editor");
        using var good = await api.PutAsync("api/trailers/brand", new ByteArrayContent(await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: 2))));
        good.EnsureSuccessStatusCode();
        await Eventually.IsTrueAsync(async () => (await PlaylistsAsync(null)).Text.Contains("~t/brand@", StringComparison.Ordinal), "a session gets the trailer");
    }

    public async Task DisposeAsync()
    {
        api.Dispose();
        await host.DisposeAsync();
        await origin.DisposeAsync();
    }

    [Fact]
    public async Task None_reaches_a_viewer_and_the_editor_is_told_why_in_one_sentence()
    {
        var running = await PlaylistsAsync(null);
        foreach (var (what, bytes, why) in await FilesAsync())
        {
            using var put = new HttpRequestMessage(HttpMethod.Put, "api/trailers/brand") { Content = new ByteArrayContent(bytes) };
            // A refusal comes before the body is read; a client that is still sending might lose it.
            put.Headers.ExpectContinue = true;
            using var answer = await api.SendAsync(put);
            var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
            Assert.True(answer.StatusCode == (what == "too big" ? HttpStatusCode.RequestEntityTooLarge : HttpStatusCode.UnprocessableEntity), $"{what}: {(int)answer.StatusCode} {problem}");
            Assert.EndsWith("/problems/trailer-refused", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
            IsOneSentence(what, problem.GetProperty("detail").GetString()!, why);
            Assert.Single(host.Services.GetRequiredService<TrailerLibrary>().Snapshot.Versions);
            Assert.Equal(running, await PlaylistsAsync(running.Token));
            Assert.Equal(running.Text, (await PlaylistsAsync(null)).Text);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(host.DataDirectory, "work")));
    }

    [Fact]
    public async Task A_file_put_into_the_folder_is_refused_with_the_same_sentence_until_it_is_gone_or_good()
    {
        var running = await PlaylistsAsync(null);
        var files = await FilesAsync();
        for (var k = 0; k < files.Count; k++) await File.WriteAllBytesAsync(Path.Combine(drop, $"brand{k}.mp4"), files[k].Bytes);
        // Under the name of the trailer that is on, too: it must not take its place.
        await File.WriteAllBytesAsync(Path.Combine(drop, "brand.mp4"), files[0].Bytes);
        var refused = await RefusedAsync(files.Count + 1);
        for (var k = 0; k < files.Count; k++) IsOneSentence(files[k].What, refused[$"brand{k}.mp4"], files[k].Why);
        IsOneSentence(files[0].What, refused["brand.mp4"], files[0].Why);
        Assert.Single(host.Services.GetRequiredService<TrailerLibrary>().Snapshot.Versions);
        Assert.Equal(running, await PlaylistsAsync(running.Token));
        Assert.Equal(running.Text, (await PlaylistsAsync(null)).Text);

        for (var k = 0; k < files.Count; k++) File.Delete(Path.Combine(drop, $"brand{k}.mp4"));
        Assert.Equal(["brand.mp4"], (await RefusedAsync(1)).Keys);
        File.Copy(await workshop.SourceAsync(seconds: 3), Path.Combine(drop, "brand.mp4"), overwrite: true);
        await RefusedAsync(0);
        await Eventually.IsTrueAsync(async () => (await PlaylistsAsync(null)).Text is var now && now != running.Text && now.Contains("~t/brand@", StringComparison.Ordinal), "a new session gets the good one");
        Assert.Equal(running, await PlaylistsAsync(running.Token));
    }

    private async Task<List<(string What, byte[] Bytes, string Why)>> FilesAsync()
    {
        var good = await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: 2));
        var fast = await MakeAsync("fast.mp4", "-i", await workshop.SourceAsync(seconds: 2), "-c", "copy", "-movflags", "+faststart");
        var damaged = good.ToArray();
        var media = damaged.AsSpan().IndexOf("mdat"u8);
        var length = BinaryPrimitives.ReadInt32BigEndian(damaged.AsSpan(media - 4));
        new Random(1).NextBytes(damaged.AsSpan(media + (length / 2), length / 8));
        string[] picture = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.2"];
        string[] tone = ["-f", "lavfi", "-i", "sine=d=2"];
        return
        [
            ("empty", [], "empty"),
            ("text", Encoding.UTF8.GetBytes("not a video\n"), "cannot be read as a video"),
            ("playlist", Encoding.UTF8.GetBytes("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"), "cannot be read as a video"),
            ("script", Encoding.UTF8.GetBytes("ffconcat version 1.0\nfile /etc/passwd\n"), "cannot be read as a video"),
            ("archive", [.. "PK\u0003\u0004"u8, .. new byte[2000]], "cannot be read as a video"),
            ("cut short, index behind", good[..(good.Length / 2)], "cannot be read as a video"),
            ("cut short, index in front", fast[..(fast.Length / 2)], "damaged"),
            ("damaged frames", damaged, "damaged"),
            ("sound alone", await MakeAsync("sound.m4a", [.. tone, "-c:a", "aac"]), "picture"),
            ("sound with a cover", await MakeAsync("cover.m4a", [.. tone, .. picture, "-map", "0", "-map", "1", "-c:a", "aac", "-c:v", "mjpeg", "-frames:v", "1", "-disposition:v:0", "attached_pic"]), ""),
            ("picture alone", await MakeAsync("still.png", [.. picture, "-frames:v", "1"]), "cannot be read as a video"),
            ("one frame", await MakeAsync("frame.mp4", [.. picture, "-frames:v", "1", "-c:v", "libx264", "-pix_fmt", "yuv420p"]), "shorter"),
            ("HDR", await MakeAsync("hdr.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-color_trc", "smpte2084", "-color_primaries", "bt2020", "-colorspace", "bt2020nc"), "HDR"),
            ("too long", await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: 5)), "Trailers:MaxSeconds"),
            ("too big", [.. good, .. new byte[MaxBytes]], "Trailers:MaxBytes"),
        ];
    }

    private async Task<byte[]> MakeAsync(string name, params string[] arguments)
    {
        var file = workshop[name];
        await TrailerWorkshop.RunAsync("ffmpeg", ["-v", "error", "-y", .. arguments, file]);
        return await File.ReadAllBytesAsync(file);
    }

    private async Task<Dictionary<string, string>> RefusedAsync(int count)
    {
        var refused = new Dictionary<string, string>(StringComparer.Ordinal);
        await Eventually.IsTrueAsync(
            async () =>
            {
                refused = (await api.GetFromJsonAsync<JsonElement>("api/trailers")).GetProperty("refused").EnumerateArray()
                    .ToDictionary(one => one.GetProperty("file").GetString()!, one => one.GetProperty("reason").GetString()!, StringComparer.Ordinal);
                return refused.Count == count;
            },
            $"{count} files are refused", TimeSpan.FromSeconds(60));
        return refused;
    }

    private static void IsOneSentence(string what, string said, string why)
    {
        Assert.Contains(why, said, StringComparison.Ordinal);
        Assert.True(said.Length is > 10 and < 200 && said.EndsWith('.') && !said.Any(char.IsControl) && !said[..^1].Contains(". ", StringComparison.Ordinal), $"{what}: {said}");
        Assert.DoesNotMatch("/job|/tmp|source:|file:|0x", said);
    }

    /// <summary>A session's Master and Media Playlist, token blotted out.</summary>
    private async Task<(string Token, string Text)> PlaylistsAsync(string? token)
    {
        var master = await host.Client.GetStringAsync($"watch/show/playlist.m3u8{(token is null ? "" : "?session_id=" + token)}");
        var media = new Uri(new Uri(host.Address, "watch/show/"), Viewer.Uris(master).Single());
        token = Viewer.SessionOf(media);
        return (token, (master + await host.Client.GetStringAsync(media)).Replace(token, "", StringComparison.Ordinal));
    }
}
