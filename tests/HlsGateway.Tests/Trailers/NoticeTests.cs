using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Dapper;
using HlsGateway.Catalogue;
using HlsGateway.Database;
using HlsGateway.Subtitles;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit.Abstractions;

namespace HlsGateway.Tests.Trailers;

/// <summary>Two gateways over one PostgreSQL: what an editor changes at one, the other hears.</summary>
[Collection(OnPostgres.Name)]
public sealed class NoticeTests(PostgresFixture postgres, ITestOutputHelper output)
{
    [Fact]
    public async Task A_swap_and_an_edit_of_captions_reach_another_gateway_with_the_commit()
    {
        GatewayHost.Database.Value = postgres.NewDatabase();
        await using var one = await GatewayHost.StartAsync();
        await using var other = await GatewayHost.StartAsync();
        var notices = other.Services.GetRequiredService<ChangeNotices>();
        await Eventually.IsTrueAsync(() => notices.Listening, "the other gateway listens");
        using var api = one.Api("editor");
        var (library, captions) = (other.Services.GetRequiredService<TrailerLibrary>(), other.Services.GetRequiredService<SubtitleIndex>());

        var (swaps, edits) = (new List<double>(), new List<double>());
        for (var k = 0; k < 20; k++)
        {
            var heard = notices.Heard;
            await SwapAsync(api, $"swap-{k}");
            swaps.Add(await SeenAsync(() => Glob(library) == $"swap-{k}"));
            using (var put = await api.PutAsync($"api/videos/v{k}/subtitles/en", new StringContent("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n")))
                put.EnsureSuccessStatusCode();
            edits.Add(await SeenAsync(() => !captions.Tracks($"v{k}").IsEmpty));
            await Eventually.IsTrueAsync(() => notices.Heard - heard >= 2, "both were heard");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"behind the answer: swap {Median(swaps):0.0} ms (longest {swaps.Max():0.0}), captions {Median(edits):0.0} ms (longest {edits.Max():0.0})"));
        Assert.InRange(Median(swaps), 0, 1000);
        Assert.InRange(Median(edits), 0, 1000);
    }

    [Fact]
    public async Task A_published_video_is_heard_of_with_the_commit()
    {
        GatewayHost.Database.Value = postgres.NewDatabase();
        await using var one = await GatewayHost.StartAsync();
        await using var other = await GatewayHost.StartAsync();
        var notices = other.Services.GetRequiredService<ChangeNotices>();
        await Eventually.IsTrueAsync(() => notices.Listening, "the other gateway listens");
        var heard = notices.Heard;
        await one.Services.GetRequiredService<CatalogueStore>().PublishAsync(
            new Publication("v", "r1", TimeSpan.FromSeconds(8), [], [], null, null), (_, _) => Task.FromResult(true), CancellationToken.None);
        await Eventually.IsTrueAsync(() => notices.Heard > heard, "a notice comes");
        await Eventually.IsTrueAsync(() => other.Services.GetRequiredService<PublishedVideos>().TryGet("v", out _), "the other gateway knows the video");
    }

    [Fact]
    public async Task A_lost_connection_costs_the_interval_of_polling_and_is_made_again()
    {
        var database = postgres.NewDatabase();
        GatewayHost.Database.Value = database;
        await using var one = await GatewayHost.StartAsync();
        await using var other = await GatewayHost.StartAsync();
        var notices = other.Services.GetRequiredService<ChangeNotices>();
        await Eventually.IsTrueAsync(() => notices.Listening && one.Services.GetRequiredService<ChangeNotices>().Listening, "both listen");
        using var api = one.Api("editor");
        var library = other.Services.GetRequiredService<TrailerLibrary>();
        await SwapAsync(api, "before");
        await SeenAsync(() => Glob(library) == "before");

        var again = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        notices.Connecting = () => again.Task;
        await using (var admin = new NpgsqlConnection(database))
            Assert.Equal(2, await admin.ExecuteScalarAsync<long>(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name = @notices", new { notices = CatalogueDatabase.NoticesName }));
        await Eventually.IsTrueAsync(() => !notices.Listening, "the connection is lost");
        var heard = notices.Heard;
        await SwapAsync(api, "meanwhile");
        var polled = await SeenAsync(() => Glob(library) == "meanwhile");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"by polling: {polled:0} ms"));
        Assert.Equal((false, heard), (notices.Listening, notices.Heard));

        again.SetResult();
        await Eventually.IsTrueAsync(() => notices.Listening, "the connection is made again");
        await SwapAsync(api, "after");
        await Eventually.IsTrueAsync(() => notices.Heard > heard && Glob(library) == "after", "notices come again");
    }

    [Fact]
    public async Task Without_PostgreSQL_nobody_listens_and_changes_are_found_by_looking()
    {
        await using var host = await GatewayHost.StartAsync();
        var notices = host.Services.GetRequiredService<ChangeNotices>();
        using var api = host.Api("editor");
        await SwapAsync(api, "alone");
        Assert.Equal("alone", Glob(host.Services.GetRequiredService<TrailerLibrary>()));
        Assert.Equal((false, 0L), (notices.Listening, notices.Heard));
    }

    private static string? Glob(TrailerLibrary library) => library.Snapshot.Active is [var line, ..] ? line.Videos : null;

    private static async Task SwapAsync(HttpClient api, string videos)
    {
        using var answer = await api.PutAsJsonAsync("api/trailers/active", new { trailer = (string?)null, videos });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<double> SeenAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(90), "not seen within 90 seconds");
            await Task.Delay(1);
        }

        return clock.Elapsed.TotalMilliseconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
