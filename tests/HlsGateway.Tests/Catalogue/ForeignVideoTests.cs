using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HlsGateway.Catalogue;
using HlsGateway.Counting;
using HlsGateway.Storage;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Catalogue;

public sealed class ForeignVideoTests : ForeignVideoContract;

[Collection("ledger-postgres")]
public sealed class PostgresForeignVideoTests(LedgerPostgres postgres) : ForeignVideoContract
{
    protected override Task<string> DatabaseAsync() => postgres.NewDatabaseAsync();
}

/// <summary>Videos of other origins stand in the list once somebody watched them.</summary>
public abstract class ForeignVideoContract : IAsyncLifetime
{
    private GatewayHost host = null!;

    /// <summary>Connection string of the ledger; empty for the embedded one.</summary>
    protected virtual Task<string> DatabaseAsync() => Task.FromResult("");

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = await DatabaseAsync() });
        foreach (var name in (string[])["own/a", "own/b", "gone"])
            await PublishAsync(name);
        var outbox = host.Services.GetRequiredService<Outbox>();
        foreach (var name in (string[])["gone", "far/Alps", "far/lake <b>", "near/alps", "own/a"])
            Assert.True(await outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), 0, video: name)));
        using var uploader = host.Api("uploader");
        (await uploader.DeleteAsync(Rel("api/videos/gone"))).EnsureSuccessStatusCode();
        using var analyst = host.Api("analyst");
        await Eventually.IsTrueAsync(async () => (await PagesAsync(analyst, "kind=foreign")).Count == 3, "what was watched is listed");
    }

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task They_come_after_our_own_and_a_deleted_video_of_ours_is_not_among_them()
    {
        using var editor = host.Api("editor");
        Assert.Equal(["own/a", "own/b", "far/Alps", "far/lake <b>", "near/alps"], await PagesAsync(editor, ""));
        Assert.Equal(["own/a", "own/b"], await PagesAsync(editor, "kind=own"));
        Assert.Equal(["far/Alps", "near/alps"], await PagesAsync(editor, "q=ALPS"));
        Assert.Equal(["near/alps"], await PagesAsync(editor, "q=alps%20near"));
        for (var limit = 1; limit < 6; limit++)
            Assert.Equal(["own/a", "own/b", "far/Alps", "far/lake <b>", "near/alps"], await PagesAsync(editor, $"limit={limit}"));
    }

    [Fact]
    public async Task One_tells_what_is_known_of_it()
    {
        using var analyst = host.Api("analyst");
        var video = await analyst.GetFromJsonAsync<JsonElement>(Rel("api/videos/far%2Flake%20%3Cb%3E"));
        Assert.Equal("foreign", video.GetProperty("status").GetString());
        Assert.Equal($"{host.Address}watch/far/lake%20%3Cb%3E/playlist.m3u8", video.GetProperty("playlist_url").GetString());
        Assert.Equal(JsonValueKind.Null, video.GetProperty("poster_url").ValueKind);
        Assert.Equal(4, video.GetProperty("duration_seconds").GetDouble());
        Assert.NotEqual(JsonValueKind.Null, video.GetProperty("created_at").ValueKind);
        foreach (var absent in (string[])["gone", "never"])
        {
            using var answer = await analyst.GetAsync(Rel($"api/videos/{absent}"));
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Peaks_are_told_of_what_is_kept_here_and_of_no_other_origin()
    {
        await host.Services.GetRequiredService<BlobStore>().PutAsync($"{PublishedVideo.Prefix("own/a", "r1")}peaks.json", """{"peaks_per_second":20,"peaks":[0,127,255]}"""u8.ToArray(), CancellationToken.None);
        using var editor = host.Api("editor");
        Assert.Equal("""{"seconds_per_peak":0.05,"peaks":[0,0.498,1]}""", await editor.GetStringAsync(Rel("api/videos/own%2Fa/peaks")));
        foreach (var (video, words) in ((string, string)[])[("own%2Fb", "no sound"), ("near%2Falps", "another origin"), ("never", "no-video")])
        {
            using var answer = await editor.GetAsync(Rel($"api/videos/{video}/peaks"));
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Contains(words, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_uploader_sees_what_is_kept_here_and_nothing_of_what_was_watched()
    {
        using var uploader = host.Api("uploader");
        Assert.Equal(["own/a", "own/b"], await PagesAsync(uploader, ""));
        Assert.Empty(await PagesAsync(uploader, "kind=foreign"));
        using var answer = await uploader.GetAsync(Rel("api/videos/near%2Falps"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("kind=both", "kind")]
    [InlineData("limit=0", "limit")]
    [InlineData("cursor=12", "cursor")]
    public async Task A_wrong_parameter_is_told_by_name(string query, string name)
    {
        using var analyst = host.Api("analyst");
        using var answer = await analyst.GetAsync(Rel($"api/videos?{query}"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"'{name}'", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Ids of all pages, as a client that follows the links reads them.</summary>
    private static async Task<List<string?>> PagesAsync(HttpClient api, string query)
    {
        var videos = new List<string?>();
        for (var next = query; ;)
        {
            using var answer = await api.GetAsync(Rel($"api/videos{(next.Length > 0 ? "?" : "")}{next}"));
            answer.EnsureSuccessStatusCode();
            videos.AddRange(JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.EnumerateArray().Select(video => video.GetProperty("video").GetString()));
            if (!answer.Headers.TryGetValues("Link", out var link)) return videos;
            next = link.Single().Split('>')[0]["<?".Length..];
        }
    }

    private async Task PublishAsync(string video) => Assert.True(await host.Services.GetRequiredService<CatalogueStore>().PublishAsync(
        new Publication(video, "r1", TimeSpan.FromSeconds(24), ImmutableArray<PublishedRendition>.Empty, [], null, null), (_, _) => Task.FromResult(true), CancellationToken.None));

    private static Uri Rel(string path) => new(path, UriKind.Relative);
}
