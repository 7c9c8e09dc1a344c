using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using HlsGateway.Jobs;
using HlsGateway.Storage;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Transcoding;

public sealed class RetryTests : RetryContract;

[Collection("ledger-postgres")]
public sealed class PostgresRetryTests(LedgerPostgres postgres) : RetryContract
{
    protected override Task<string> DatabaseAsync() => postgres.NewDatabaseAsync();
}

/// <summary>An upload that failed is queued once more for whoever asks, where that can help.</summary>
public abstract class RetryContract : IAsyncLifetime
{
    private const string Upload = "uploads/retried";
    private GatewayHost host = null!;
    private HttpClient uploader = null!;
    private JobTable jobs = null!;

    /// <summary>Connection string of the ledger; empty for the embedded one.</summary>
    protected virtual Task<string> DatabaseAsync() => Task.FromResult("");

    public async Task InitializeAsync()
    {
        // No worker here: the tests are the worker.
        host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = await DatabaseAsync(), ["Gateway:Roles:0"] = "gateway" });
        uploader = host.Api("uploader");
        jobs = host.Services.GetRequiredService<JobTable>();
        await host.Services.GetRequiredService<BlobStore>().PutAsync(Upload, "film"u8.ToArray(), CancellationToken.None);
        await jobs.AddAsync("a/v", Upload, 4, Actor.System, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        uploader.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task What_failed_and_may_be_retried_is_queued_once_more_as_a_new_job_each_time()
    {
        var first = await FailAsync(retryable: true);
        Assert.True((await ViewAsync()).GetProperty("can_retry").GetBoolean());
        using (var answer = await RetryAsync())
        {
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            Assert.Equal("/api/videos/a%2Fv", answer.Headers.Location?.OriginalString);
            var told = await answer.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal(("queued", JsonValueKind.Null, false), (told.GetProperty("status").GetString(), told.GetProperty("error").ValueKind, told.GetProperty("can_retry").GetBoolean()));
        }
        // It waits: once is enough.
        await AssertRefusedAsync("a%2Fv", HttpStatusCode.Conflict, "nothing-to-retry");
        var second = await FailAsync(retryable: true);
        Assert.Equal((Upload, 1, false), (second.UploadKey, second.Attempt, second.Again));
        Assert.NotEqual(first.Id, second.Id);
        Assert.NotEqual(Actor.System, second.By);
        using var again = await RetryAsync();
        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        Assert.Null(await jobs.ClaimAsync(JobKind.Captions, "test", CancellationToken.None));
    }

    [Fact]
    public async Task What_did_not_fail_was_refused_or_is_no_longer_kept_is_not_tried_again()
    {
        await AssertRefusedAsync("a%2Fv", HttpStatusCode.Conflict, "nothing-to-retry");
        await AssertRefusedAsync("never", HttpStatusCode.NotFound, "no-video");
        await FailAsync(retryable: false);
        Assert.False((await ViewAsync()).GetProperty("can_retry").GetBoolean());
        await AssertRefusedAsync("a%2Fv", HttpStatusCode.Conflict, "nothing-to-retry");

        await jobs.AddAsync("a/v", "uploads/gone", 4, Actor.System, CancellationToken.None);
        await FailAsync(retryable: true);
        await AssertRefusedAsync("a%2Fv", HttpStatusCode.Conflict, "nothing-to-retry");
        Assert.Equal("failed", (await ViewAsync()).GetProperty("status").GetString());
        foreach (var role in (string[])["analyst", "editor"])
        {
            using var other = host.Api(role);
            using var forbidden = await other.PostAsync(new Uri("api/videos/a%2Fv/retry", UriKind.Relative), null);
            Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
        }
    }

    [Fact]
    public async Task Whoever_follows_hears_how_an_upload_gets_on_and_how_it_ends()
    {
        using var analyst = host.Api("analyst");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        using var answer = await analyst.GetAsync(new Uri("api/live?video=a%2Fv", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, patience.Token);
        await jobs.AddAsync("another", "uploads/another", 4, Actor.System, CancellationToken.None);
        var told = new List<string>();
        ClaimedJob? job = null;
        await foreach (var item in SseParser.Create(await answer.Content.ReadAsStreamAsync(patience.Token)).EnumerateAsync(patience.Token))
        {
            if (item.EventType != "job")
                continue;
            var now = JsonSerializer.Deserialize<JsonElement>(item.Data);
            Assert.Equal("a/v", now.GetProperty("video").GetString());
            told.Add($"{now.GetProperty("status").GetString()} {now.GetProperty("progress").GetDouble()}");
            if (told.Count == 1)
                job = await jobs.ClaimAsync(JobKind.Video, "test", CancellationToken.None);
            else if (told.Count == 2)
                Assert.True(await jobs.ReportAsync(job!, new JobStep("transcoding", 0.426, 10), CancellationToken.None));
            else if (told.Count == 3)
                await jobs.FailAsync(job!, "For the test.", CancellationToken.None);
            // While a job runs, the time that it still needs moves too.
            if (now.GetProperty("status").GetString() == "failed")
                break;
        }
        Assert.Equal(["queued 0", "probing 0", "transcoding 0.42", "failed 0.42"], told.Distinct());
    }

    private async Task<ClaimedJob> FailAsync(bool retryable)
    {
        var job = await jobs.ClaimAsync(JobKind.Video, "test", CancellationToken.None) ?? throw new InvalidOperationException("There is no job.");
        await jobs.FailAsync(job, "For the test.", CancellationToken.None, retryable);
        return job;
    }

    private Task<JsonElement> ViewAsync() => uploader.GetFromJsonAsync<JsonElement>(new Uri("api/videos/a%2Fv", UriKind.Relative));

    private Task<HttpResponseMessage> RetryAsync(string video = "a%2Fv") => uploader.PostAsync(new Uri($"api/videos/{video}/retry", UriKind.Relative), null);

    private async Task AssertRefusedAsync(string video, HttpStatusCode status, string slug)
    {
        using var answer = await RetryAsync(video);
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains($"/problems/{slug}\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
