using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace HlsGateway.Tests.Trailers;

/// <summary>An editor swaps while viewers come: two gateways over one database and store, each session served by both.</summary>
public sealed class SwapUnderLoadTests(TrailerWorkshop workshop, ITestOutputHelper output) : IClassFixture<TrailerWorkshop>
{
    private const int Swaps = 50;
    private const int RequestsPerSession = 10;

    /// <summary>What viewers ask for; a machine that is slower answers the same number in more time.</summary>
    private const int RequestsPerSecond = 550;

    /// <summary>Answered between two swaps: what 500 a second make in 15 s, over all swaps.</summary>
    private const int RequestsPerSwap = 500 * 15 / Swaps;
    private const string Captions = "WEBVTT\n\n00:00.500 --> 00:01.500\nHello\n";

    [Fact]
    public async Task S4_Fifty_swaps_under_load_mix_no_session_and_a_rollback_restores_the_former_bytes()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        await workshop.ServeAsync(origin, "show", ["-r", "25"], ["-an"]);
        await workshop.ServeAsync(origin, "show/sound", [], ["-vn"]);
        origin.Serve(
            "show/playlist.m3u8",
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,URI=\"sound/v.m3u8\"\n" +
            "#EXT-X-STREAM-INF:BANDWIDTH=900000,AUDIO=\"a\"\nv.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=800000,AUDIO=\"a\"\nv.m3u8?low\n");
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

        // All copies are made before the clock runs, those too whose timestamps go on where the content ends.
        foreach (var name in new[] { "b", "a" })
        {
            await ActivateAsync(api, name);
            foreach (var host in new[] { one, other })
                await Eventually.IsTrueAsync(async () => await PlayAsync(host, host) is var played && played.Trailer == IdOf(host, name) && ContinuingCopyTests.GoesOn(played.Bytes), $"sessions get {name}");
        }
        var first = await PlayAsync(one, other);

        var sessions = new ConcurrentBag<Played>();
        using var over = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();
        var viewers = Task.Run(() => WatchAsync(one, other, sessions, over.Token));
        var seen = new List<double>();
        var library = other.Services.GetRequiredService<TrailerLibrary>();
        for (var k = 0; k < Swaps; k++)
        {
            var name = k % 2 == 0 ? "b" : "a";
            await ActivateAsync(api, name);
            var swapped = Stopwatch.GetTimestamp();
            if (k % 5 == 4)
            {
                // Not by a request: where the load is all that the machine can do, it would wait behind those of the viewers.
                await Eventually.IsTrueAsync(() => library.ActiveFor("show")?.Id == IdOf(one, name), "the other gateway swapped");
                seen.Add(Stopwatch.GetElapsedTime(swapped).TotalMilliseconds);
                await Eventually.IsTrueAsync(async () => (await PlayAsync(other, one)).Trailer == IdOf(one, name), "the other gateway's new sessions swapped");
            }

            var enough = (k + 1) * RequestsPerSwap;
            await Eventually.IsTrueAsync(() => sessions.Count * RequestsPerSession >= enough, "viewers are answered", TimeSpan.FromSeconds(60));
        }
        await over.CancelAsync();
        await viewers;
        var answered = sessions.Count * RequestsPerSession;
        var lasted = clock.Elapsed.TotalSeconds;

        var trailers = sessions.CountBy(s => s.Trailer).ToDictionary();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{sessions.Count} sessions, {answered} requests answered in {lasted:0.0} s ({answered / lasted:0}/s, asked for {RequestsPerSecond}/s), {Swaps} swaps; the other gateway saw a swap after {seen.Order().ElementAt(seen.Count / 2):0} ms (median), {seen.Max():0} ms (longest)"));
        Assert.Empty(sessions.Select(s => s.Fault).OfType<string>().Distinct());
        Assert.Equal(new[] { IdOf(one, "a"), IdOf(one, "b") }.Order(), trailers.Keys.Order());
        Assert.All(trailers.Values, count => Assert.True(count > 10));
        Assert.InRange(answered, Swaps * RequestsPerSwap, int.MaxValue);
        Assert.InRange(seen.Order().ElementAt(seen.Count / 2), 0, 1000);

        // All swaps later, whoever comes back to a session finds what it began with, at either gateway.
        var playlists = 0;
        foreach (var (session, at) in sessions.Select((session, k) => (session, k % 2 == 0 ? one : other)))
        {
            foreach (var (path, bytes) in session.Playlists)
            {
                Assert.Equal(bytes, await at.Client.GetStringAsync(path));
                playlists++;
            }
        }
        output.WriteLine($"{playlists} playlists of {sessions.Count} sessions are the same bytes after the last swap");
        Assert.Equal(sessions.Count * RequestsPerSession / 2, playlists);

        await ActivateAsync(api, "b");
        Assert.NotEqual(first.Bytes, (await PlayAsync(one, one)).Bytes);
        using (var undone = await api.PostAsync("api/trailers/rollback", null))
            undone.EnsureSuccessStatusCode();
        Assert.Equal(first.Bytes, (await PlayAsync(one, one)).Bytes);
    }

    /// <param name="Bytes">All of the session's playlists, with its token blotted out.</param>
    /// <param name="Playlists">Path and bytes of each.</param>
    private sealed record Played(uint Trailer, string Bytes, string? Fault, IReadOnlyList<(string Path, string Bytes)> Playlists);

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

    /// <summary>Ten requests: the Master Playlist from one gateway, its Renditions from another, and all of it again the other way round.</summary>
    private static async Task<Played> PlayAsync(GatewayHost master, GatewayHost children)
    {
        var text = await master.Client.GetStringAsync("watch/show/playlist.m3u8");
        var uris = Viewer.Uris(text).Concat(text.Split('"').Where(part => part.Contains(".m3u8?", StringComparison.Ordinal) && !part.Contains('\n', StringComparison.Ordinal))).ToArray();
        var token = Viewer.SessionOf(new Uri(master.Address, "watch/show/" + uris[0]));
        var trailer = Pinned(token);
        var renditions = new List<string>();
        foreach (var uri in uris)
            renditions.Add(await children.Client.GetStringAsync("watch/show/" + uri));

        string? fault = uris.Length == 4 ? null : $"{uris.Length} playlists";
        var again = $"watch/show/playlist.m3u8?session_id={token}";
        if (await children.Client.GetStringAsync(again) != text)
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
        return new Played(trailer, (text + string.Concat(renditions)).Replace(token, "", StringComparison.Ordinal), fault,
            [(again, text), .. uris.Zip(renditions, (uri, bytes) => ("watch/show/" + uri, bytes))]);
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
