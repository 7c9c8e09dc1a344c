using System.Net;
using System.Net.Sockets;
using HlsGateway.Starting;
using HlsGateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace HlsGateway.Tests.Starting;

/// <summary>What the configuration names and the machine does not have is told before anything starts, each in one line with what to do.</summary>
public sealed class WrongMachineTests
{
    [Fact]
    public async Task A_right_start_has_no_fault() => Assert.Empty(await FaultsAsync());

    [Theory]
    [InlineData("Transcode:FfmpegPath", "/no/such/ffmpeg", "Transcode:FfmpegPath is '/no/such/ffmpeg'; there is no such program. Install ffmpeg")]
    [InlineData("Transcode:FfprobePath", "/usr/bin/false", "Transcode:FfprobePath is '/usr/bin/false'; asked for its version it ends with 1.")]
    [InlineData("Transcode:FfprobePath", "/etc/passwd", "Transcode:FfprobePath is '/etc/passwd'; the file cannot be run")]
    [InlineData("Gateway:DataDirectory", "/dev/null/data", "Gateway:DataDirectory is '/dev/null/data'; nothing can be written there")]
    [InlineData("urls", "nowhere", "urls is 'nowhere'; it must be one address")]
    [InlineData("urls", "http://192.0.2.1:8080", "urls is 'http://192.0.2.1:8080'; the machine has no such address.")]
    [InlineData("ConnectionStrings:Ledger", "hush", "ConnectionStrings:Ledger is no PostgreSQL connection string (its value is not shown)")]
    [InlineData("ConnectionStrings:Ledger", "Database=hush", "ConnectionStrings:Ledger names no host")]
    [InlineData("ReverseProxy:Clusters:orgin:Destinations:d1:Address", "http://127.0.0.1/", "ReverseProxy:Clusters:orgin is a cluster that is not used; the origin's cluster is called origin")]
    [InlineData("ReverseProxy:Clusters:origin:Destinations:d1:Address", "origin.example.com", "Destinations:d1:Address is 'origin.example.com'; it must be an absolute http or https URL")]
    [InlineData("ReverseProxy:Clusters:origin:Destinations:d1:Host", "origin.example.com", "Destinations:d1:Address is not set")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "OTEL_EXPORTER_OTLP_ENDPOINT is 'collector:4317'; it must be an http or https URL")]
    public async Task What_is_not_there_or_cannot_be_used_is_told(string key, string value, string expected)
    {
        var fault = Assert.Single(await FaultsAsync((key, value)));
        Assert.Contains(expected, fault.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", fault.Text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Text);
    }

    [Fact]
    public async Task A_process_that_makes_no_videos_needs_no_ffmpeg() =>
        Assert.Empty(await FaultsAsync(("Transcode:FfmpegPath", "/no/such/ffmpeg"), ("Gateway:Roles:0", "gateway")));

    [Fact]
    public async Task A_port_that_somebody_has_is_told_with_another()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}";
        Assert.StartsWith($"urls is '{address}'; another process listens there.", Assert.Single(await FaultsAsync(("urls", address))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_that_a_gateway_counts_in_is_told_with_the_process_and_what_to_do()
    {
        using var data = new TemporaryFolder();
        await using var first = await GatewayHost.StartAsync(dataDirectory: data.Path);
        var fault = Assert.Single(await FaultsAsync(("Gateway:DataDirectory", data.Path)));
        Assert.StartsWith($"The ledger is in use by process {Environment.ProcessId}, which holds {data.Path}/ledger.lock. Stop that process, or", fault.Text, StringComparison.Ordinal);
        // A worker beside it counts nothing.
        Assert.Empty(await FaultsAsync(("Gateway:DataDirectory", data.Path), ("Gateway:Roles:0", "worker")));
    }

    [Fact]
    public async Task A_trailer_that_is_called_nearly_as_one_in_the_folder_is_told_and_one_like_none_may_still_come()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "outro.mp4"), "");
        Assert.Empty(await FaultsAsync(("Trailers:Folder", folder.Path), ("Trailers:Active", "outro")));
        Assert.Empty(await FaultsAsync(("Trailers:Folder", folder.Path), ("Trailers:Active", "brand")));
        Assert.EndsWith("Did you mean outro?", Assert.Single(await FaultsAsync(("Trailers:Folder", folder.Path), ("Trailers:Active", "outor"))).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, "NoSuchBucket", "Storage:S3:Bucket is 'media'; the store has no such bucket.")]
    [InlineData(403, "SignatureDoesNotMatch", "Storage:S3:AccessKey and Storage:S3:SecretKey: the store does not take them (SignatureDoesNotMatch).")]
    [InlineData(403, "AccessDenied", "Storage:S3:AccessKey may not write and delete in the bucket 'media' (AccessDenied).")]
    public async Task A_store_that_refuses_is_told_with_the_key_to_set(int status, string code, string expected)
    {
        await using var store = await LoopbackOrigin.StartAsync();
        store.AnswerEverything(async context =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (status, "application/xml");
            await context.Response.WriteAsync($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message></Error>");
        });
        var fault = Assert.Single(await FaultsAsync(Bucket(store.Address.AbsoluteUri.TrimEnd('/'))));
        Assert.StartsWith(expected, fault.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", fault.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_and_a_database_that_are_away_keep_nobody_from_starting() =>
        Assert.Empty(await FaultsAsync([.. Bucket("http://127.0.0.1:1"), ("ConnectionStrings:Ledger", "Host=127.0.0.1;Port=1;Username=a;Password=b"), ("Trailers:Active", "outro")]));

    [Fact]
    public async Task A_check_that_fails_itself_is_one_warning_and_keeps_nobody_from_starting()
    {
        var log = new LogLines();
        await using var host = await GatewayHost.StartAsync(configure: services =>
        {
            log.AddTo(services);
            services.AddStartCheck<FailingCheck>();
        });
        var line = Assert.Single(log.Troubles, line => line.Id == 8006);
        Assert.Equal("HlsGateway.Starting.StartCheck: A check before the start failed, so what it looks at was not checked: NotSupportedException: no such thing ", line.Text);
    }

    [Fact]
    public async Task A_check_that_cannot_be_made_because_of_a_wrong_start_tells_what_is_wrong()
    {
        var failure = await Assert.ThrowsAnyAsync<WrongStartException>(() => GatewayHost.StartAsync(configure: services => services.AddStartCheck<RefusingCheck>()));
        Assert.Equal("Some:Key is wrong.", Assert.Single(failure.Faults).Text);
    }

    private sealed class FailingCheck : IStartCheck
    {
        public Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct) => throw new NotSupportedException("no such thing");
    }

    private sealed class RefusingCheck : IStartCheck
    {
        public RefusingCheck() => throw new WrongStartException([new("Some:Key", "Some:Key is wrong.")]);

        public Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<StartFault>>([]);
    }

    [Fact]
    public async Task Wrong_names_wrong_values_and_a_wrong_machine_come_at_once()
    {
        var faults = await FaultsAsync(("Trailers:Activ", "outro"), ("Transcode:Lease", "soon"), ("Ledger:QueueLimit", "-1"), ("Gateway:DataDirectory", "/dev/null/data"), ("urls", "nowhere"));
        Assert.Equal(["Gateway:DataDirectory", "Ledger:QueueLimit", "Trailers:Activ", "Transcode:Lease", "urls"], faults.Select(fault => fault.Key).Order(StringComparer.Ordinal));
    }

    private static (string, string)[] Bucket(string endpoint) =>
        [("Storage:Kind", "S3"), ("Storage:S3:Endpoint", endpoint), ("Storage:S3:Bucket", "media"), ("Storage:S3:ForcePathStyle", "true"), ("Storage:S3:AccessKey", "hush-access"), ("Storage:S3:SecretKey", "hush-secret")];

    private static async Task<IReadOnlyList<StartFault>> FaultsAsync(params (string Key, string Value)[] settings)
    {
        using var data = new TemporaryFolder();
        string[] usual = [$"--contentRoot={Repository.Root}", "--environment=Production", "--urls=http://127.0.0.1:0", $"--Gateway:DataDirectory={data.Path}", "--Trailers:Folder="];
        await using var app = Program.Compose([.. usual, .. settings.Select(pair => $"--{pair.Key}={pair.Value}")]).Build();
        return await StartCheck.RunAsync(app.Services, CancellationToken.None);
    }
}
