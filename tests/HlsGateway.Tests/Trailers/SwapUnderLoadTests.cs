using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using HlsGateway.Playback;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace HlsGateway.Tests.Trailers;

/// <summary>An editor swaps while viewers come: two gateways over one database and store, each session served by both.</summary>
public sealed class SwapUnderLoadTests(TrailerWorkshop workshop, ITestOutputHelper output) : IClassFixture<TrailerWorkshop>
{
    private const int Swaps = 50;
    private const int RequestsPerSecond = 500;
    private const int RequestsPerSession = 8;
    private const string Captions = "WEBVTT\n\n00:00.500 --> 00:01.500\nHello\n";

    [Fact]
    public async Task S4_Fifty_swaps_under_load_mix_no_session_and_a_rollback_restores_the_former_bytes()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "show", ["-r", "25"], []);
        origin.Serve("show/playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000\nv.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=800000\nv.m3u8?low\n");
        await using var one = await StartAsync(origin, null);
        await using var other = await StartAsync(origin, one);
        using var api = one.Api("editor");
        foreach (var (name, seconds) in new[] { ("a", 2.0), ("b", 3.0) })
        {
            using var upload = await api.PutAsync($"api/trailers/{name}", new ByteArrayContent(await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: seconds))));
            upload.EnsureSuccessStatusCode();
        }
        using (var captions = await api.PutAsync("api/videos/show/subtitles/en", new StringContent(Captions)))
            Assert.True(captions.IsSuccessStatusCode, await captions.Content.ReadAsStringAsync());

        // Both copies are made before the clock runs.
        foreach (var name in new[] { "b", "a" })
        {
            await ActivateAsync(api, name);
            foreach (var host in new[] { one, other })
                await Eventually.IsTrueAsync(async () => (await PlayAsync(host, host)).Trailer == IdOf(host, name), $"sessions get {name}");
        }
        var first = await PlayAsync(one, other);

        var sessions = new ConcurrentBag<Played>();
        using var over = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();
        var viewers = Task.Run(() => WatchAsync(one, other, sessions, over.Token));
        var seen = new List<double>();
        for (var k = 0; k < Swaps; k++)
        {
            var name = k % 2 == 0 ? "b" : "a";
            await ActivateAsync(api, name);
            var swapped = Stopwatch.GetTimestamp();
            if (k % 5 == 4)
            {
                await Eventually.IsTrueAsync(async () => (await PlayAsync(other, one)).Trailer == IdOf(one, name), "the other gateway swapped", TimeSpan.FromSeconds(10));
                seen.Add(Stopwatch.GetElapsedTime(swapped).TotalMilliseconds);
            }
            else
            {
                await Task.Delay(TimeSpan.FromSeconds(15.0 / Swaps));
            }
        }
        await over.CancelAsync();
        await viewers;
        var rate = sessions.Count * RequestsPerSession / clock.Elapsed.TotalSeconds;

        var trailers = sessions.CountBy(s => s.Trailer).ToDictionary();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{sessions.Count} sessions, {rate:0} requests/s of {RequestsPerSecond} over {clock.Elapsed.TotalSeconds:0.0} s, {Swaps} swaps; the other gateway's new sessions saw a swap after {seen.Order().ElementAt(seen.Count / 2):0} ms (median), {seen.Max():0} ms (longest)"));
        Assert.Empty(sessions.Select(s => s.Fault).OfType<string>().Distinct());
        Assert.Equal(new[] { IdOf(one, "a"), IdOf(one, "b") }.Order(), trailers.Keys.Order());
        Assert.All(trailers.Values, count => Assert.True(count > 10));
        Assert.InRange(seen.Order().ElementAt(seen.Count / 2), 0, 1000);

        await ActivateAsync(api, "b");
        Assert.NotEqual(first.Bytes, (await PlayAsync(one, one)).Bytes);
        using (var undone = await api.PostAsync("api/trailers/rollback", null))
            undone.EnsureSuccessStatusCode();
        Assert.Equal(first.Bytes, (await PlayAsync(one, one)).Bytes);
    }

    /// <param name="Bytes">All of the session's playlists, with its token blotted out.</param>
    private sealed record Played(uint Trailer, string Bytes, string? Fault);

    private static async Task WatchAsync(GatewayHost one, GatewayHost other, ConcurrentBag<Played> sessions, CancellationToken over)
    {
        var clock = Stopwatch.StartNew();
        var running = new List<Task>();
        for (var k = 0; !over.IsCancellationRequested; k++)
        {
            var due = TimeSpan.FromSeconds((double)k * RequestsPerSession / RequestsPerSecond) - clock.Elapsed;
            if (due > TimeSpan.Zero)
                await Task.Delay(due, CancellationToken.None);
            running.RemoveAll(t => t.IsCompletedSuccessfully);
            // A machine that cannot keep up is not flooded.
            if (running.Count >= 64)
                await Task.WhenAny(running);
            var (master, children) = k % 2 == 0 ? (one, other) : (other, one);
            running.Add(Task.Run(async () => sessions.Add(await PlayAsync(master, children)), CancellationToken.None));
        }
        await Task.WhenAll(running);
    }

    /// <summary>Eight requests: the Master Playlist from one gateway, its Renditions from another, and all of it again the other way round.</summary>
    private static async Task<Played> PlayAsync(GatewayHost master, GatewayHost children)
    {
        var text = await master.Client.GetStringAsync("watch/show/playlist.m3u8");
        var uris = Viewer.Uris(text).Concat(text.Split('"').Where(part => part.StartsWith("subtitles/", StringComparison.Ordinal))).ToArray();
        var token = Viewer.SessionOf(new Uri(master.Address, "watch/show/" + uris[0]));
        var trailer = Pinned(token);
        var renditions = new List<string>();
        foreach (var uri in uris)
            renditions.Add(await children.Client.GetStringAsync("watch/show/" + uri));

        string? fault = uris.Length == 3 ? null : $"{uris.Length} playlists";
        if (await children.Client.GetStringAsync($"watch/show/playlist.m3u8?session_id={token}") != text)
            fault = "another Master Playlist when asked again";
        for (var k = 0; k < uris.Length; k++)
        {
            if (await master.Client.GetStringAsync("watch/show/" + uris[k]) != renditions[k])
                fault = "other bytes when asked again";
        }
        var label = trailer == 0 ? null : master.Services.GetRequiredService<TrailerLibrary>().ById(trailer)?.Label;
        foreach (var rendition in renditions)
        {
            var tail = rendition.IndexOf("#EXT-X-DISCONTINUITY\n", StringComparison.Ordinal) is var at and >= 0 ? rendition[at..] : "";
            if (tail.Length > 0 != (label is not null))
                fault = "a Rendition with a trailer beside one without";
            else if (label is not null && !tail.Contains($"~t/{label}/", StringComparison.Ordinal) && !tail.Contains(label[0] == 'a' ? "#EXTINF:2,\n../subtitles/en/trailer/" : "#EXTINF:3,\n../subtitles/en/trailer/", StringComparison.Ordinal))
                fault = "another trailer than the one pinned: " + tail;
        }
        return new Played(trailer, (text + string.Concat(renditions)).Replace(token, "", StringComparison.Ordinal), fault);
    }

    private static uint Pinned(string token) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(System.Buffers.Text.Base64Url.DecodeFromUtf8(Encoding.ASCII.GetBytes(token)).AsSpan(17, 4));

    private static uint IdOf(GatewayHost host, string name) => host.Services.GetRequiredService<TrailerLibrary>().Snapshot.Find(name)?.Id ?? 1;

    private static async Task ActivateAsync(HttpClient api, string name)
    {
        using var answer = await api.PutAsJsonAsync("api/trailers/active", new { trailer = name });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<GatewayHost> StartAsync(LoopbackOrigin origin, GatewayHost? beside)
    {
        var data = Directory.CreateDirectory(workshop[Guid.NewGuid().ToString("n")]).FullName;
        if (beside is not null)
        {
            Directory.CreateSymbolicLink(Path.Combine(data, "objects"), Path.Combine(beside.DataDirectory, "objects"));
            File.CreateSymbolicLink(Path.Combine(data, "catalogue.db"), Path.Combine(beside.DataDirectory, "catalogue.db"));
        }
        return await GatewayHost.StartAsync(origin, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Trailers:Folder"] = "",
            ["Gateway:Sessions:Keys:0"] = "a key of forty bytes that two hosts share",
        }, dataDirectory: data);
    }
}
