using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HlsGateway.Catalogue;
using HlsGateway.Jobs;
using HlsGateway.Storage;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Catalogue;

public sealed class RestoreTests : RestoreContract;

[Collection("ledger-postgres")]
public sealed class PostgresRestoreTests(LedgerPostgres postgres) : RestoreContract
{
    protected override Task<string> DatabaseAsync() => postgres.NewDatabaseAsync();
}

/// <summary>A deletion is undone whole, while it can be, and never over something else.</summary>
public abstract class RestoreContract : IAsyncLifetime
{
    private GatewayHost host = null!;
    private HttpClient uploader = null!;

    /// <summary>Connection string of the ledger; empty for the embedded one.</summary>
    protected virtual Task<string> DatabaseAsync() => Task.FromResult("");

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:Ledger"] = await DatabaseAsync(),
            ["Gateway:Sessions:Lifetime"] = "02:00:00",
        });
        uploader = host.Api("uploader");
        await PublishAsync("r1");
    }

    public async Task DisposeAsync()
    {
        uploader.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task A_deleted_video_comes_back_as_it_was()
    {
        using (var editor = host.Api("editor"))
        using (var captions = new StringContent("WEBVTT\n\n00:01.000 --> 00:02.000\nHallo\n", Encoding.UTF8, "text/vtt"))
            (await editor.PutAsync(Rel("api/videos/a%2Fv/subtitles/de"), captions)).EnsureSuccessStatusCode();
        var (told, playlist) = (await uploader.GetStringAsync(Rel("api/videos/a%2Fv")), await MasterAsync());
        Assert.Contains("LANGUAGE=\"de\"", playlist, StringComparison.Ordinal);

        using var deleted = await uploader.DeleteAsync(Rel("api/videos/a%2Fv"));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        var until = DateTimeOffset.Parse(deleted.Headers.GetValues("Restorable-Until").Single(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(until, DateTimeOffset.UtcNow.AddMinutes(60), DateTimeOffset.UtcNow.AddMinutes(121));
        using (var gone = await uploader.GetAsync(Rel("api/videos/a%2Fv")))
            Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);

        using var restored = await RestoreAsync("a%2Fv");
        Assert.Equal(HttpStatusCode.OK, restored.StatusCode);
        Assert.Equal(told, await restored.Content.ReadAsStringAsync());
        Assert.Equal(told, await uploader.GetStringAsync(Rel("api/videos/a%2Fv")));
        Assert.Contains("LANGUAGE=\"de\"", await MasterAsync(), StringComparison.Ordinal);
        using var analyst = host.Api("analyst");
        var changes = (await analyst.GetFromJsonAsync<JsonElement>(Rel("api/changes?video=a%2Fv"))).GetProperty("changes").EnumerateArray()
            .Where(change => change.GetProperty("kind").GetString() == "revision").Select(change => (change.GetProperty("before").GetString(), change.GetProperty("after").GetString()));
        Assert.Equal([(null, "r1"), ("r1", null), (null, "r1")], changes);
    }

    [Fact]
    public async Task What_was_never_there_is_not_brought_back()
    {
        await AssertRefusedAsync("never", HttpStatusCode.NotFound, "no-video");
        using var analyst = host.Api("analyst");
        using var forbidden = await analyst.PostAsync(Rel("api/videos/a%2Fv/restore"), null);
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
    }

    [Fact]
    public async Task Nothing_is_brought_back_over_what_has_the_id_now()
    {
        await AssertRefusedAsync("a%2Fv", HttpStatusCode.Conflict, "video-taken");
        (await uploader.DeleteAsync(Rel("api/videos/a%2Fv"))).EnsureSuccessStatusCode();
        var jobs = host.Services.GetRequiredService<JobTable>();
        await jobs.AddAsync("a/v", "uploads/none", 1, new Actor("uploader"), CancellationToken.None);
        await AssertRefusedAsync("a%2Fv", HttpStatusCode.Conflict, "video-taken");
        (await uploader.DeleteAsync(Rel("api/videos/a%2Fv"))).EnsureSuccessStatusCode();
        using (var restored = await RestoreAsync("a%2Fv"))
            Assert.Equal(HttpStatusCode.OK, restored.StatusCode);

        (await uploader.DeleteAsync(Rel("api/videos/a%2Fv"))).EnsureSuccessStatusCode();
        await PublishAsync("r2");
        await AssertRefusedAsync("a%2Fv", HttpStatusCode.Conflict, "video-taken");
    }

    [Fact]
    public async Task After_its_time_it_is_gone()
    {
        (await uploader.DeleteAsync(Rel("api/videos/a%2Fv"))).EnsureSuccessStatusCode();
        var deleted = host.Services.GetRequiredService<DeletedVideos>();
        Assert.Equal(Restored.TooLate, await deleted.RestoreAsync("a/v", TimeSpan.Zero, Actor.System, CancellationToken.None));
        await using (var connection = await host.Services.GetRequiredService<HlsGateway.Database.CatalogueDatabase>().OpenAsync(CancellationToken.None))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE video SET deleted_at = deleted_at - 7200001 WHERE video = 'a/v'";
            await command.ExecuteNonQueryAsync();
        }
        await AssertRefusedAsync("a%2Fv", HttpStatusCode.Gone, "video-gone");
    }

    private Task<HttpResponseMessage> RestoreAsync(string video) => uploader.PostAsync(Rel($"api/videos/{video}/restore"), null);

    private async Task AssertRefusedAsync(string video, HttpStatusCode status, string slug)
    {
        using var answer = await RestoreAsync(video);
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains($"/problems/{slug}\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private Task<string> MasterAsync() => host.Client.GetStringAsync(Rel("watch/a/v/playlist.m3u8"));

    private async Task PublishAsync(string revision)
    {
        var prefix = PublishedVideo.Prefix("a/v", revision);
        await host.Services.GetRequiredService<BlobStore>().PutAsync(
            $"{prefix}playlist.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500,RESOLUTION=64x36,CODECS=\"avc1.42c00a\"\nlow/video.m3u8\n"u8.ToArray(), CancellationToken.None);
        Assert.True(await host.Services.GetRequiredService<CatalogueStore>().PublishAsync(
            new Publication("a/v", revision, TimeSpan.FromSeconds(24), ImmutableArray<PublishedRendition>.Empty, [], null, null), (_, _) => Task.FromResult(true), CancellationToken.None));
    }

    private static Uri Rel(string path) => new(path, UriKind.Relative);
}
