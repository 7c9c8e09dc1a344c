using System.Security.Cryptography;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

/// <summary>What one gateway learns of Master Playlists, the others that share its database know.</summary>
[Collection("ledger-postgres")]
public sealed class SharedEntriesTests(LedgerPostgres postgres)
{
    private const string Anonymous = "session_id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    [Fact]
    public async Task A_child_of_a_Master_Playlist_that_another_gateway_served_begins_no_session()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        origin.Serve("ctl/index.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv/video.m3u8\n");
        origin.Serve("ctl/v/video.m3u8", SampleVideo.Media(2));
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:Ledger"] = await postgres.NewDatabaseAsync(),
            ["Gateway:Sessions:Keys:0"] = "a-key-that-both-gateways-share-here",
        };
        await using var one = await GatewayHost.StartAsync(origin, settings);
        await using var other = await GatewayHost.StartAsync(origin, settings);

        await one.Client.GetStringAsync("watch/ctl/index.m3u8");

        await Eventually.IsTrueAsync(() => Task.FromResult(Knows(other)), "the other gateway has heard of it");
        Assert.Contains(Anonymous, await other.Client.GetStringAsync("watch/ctl/v/video.m3u8"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_too_long_for_the_database_does_not_hold_up_the_others()
    {
        // Hashes, for PostgreSQL compresses what repeats itself.
        var deep = string.Join('/', Enumerable.Range(0, 80).Select(n => Convert.ToHexStringLower(SHA256.HashData([(byte)n]))));
        await using var origin = await LoopbackOrigin.StartAsync();
        foreach (var video in (string[])[deep, "ctl"])
            origin.Serve($"{video}/index.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv/video.m3u8\n");
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:Ledger"] = await postgres.NewDatabaseAsync(),
            ["Gateway:Sessions:Keys:0"] = "a-key-that-both-gateways-share-here",
        };
        await using var one = await GatewayHost.StartAsync(origin, settings);
        await using var other = await GatewayHost.StartAsync(origin, settings);

        await one.Client.GetStringAsync($"watch/{deep}/index.m3u8");
        await one.Client.GetStringAsync("watch/ctl/index.m3u8");

        await Eventually.IsTrueAsync(() => Task.FromResult(Knows(other)), "the other gateway has heard of the short one");
    }

    private static bool Knows(GatewayHost host) =>
        ((HlsGateway.Content.EntryNames)host.Services.GetService(typeof(HlsGateway.Content.EntryNames))!).Of("ctl").Count == 1;
}
