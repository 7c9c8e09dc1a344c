using System.Net.Http.Headers;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Hosting;

/// <summary>
/// The real program, on Kestrel and a loopback port of its own, with an empty data directory that goes when the host goes.
/// Every role has a token that is its name and <c>-token-for-tests</c>.
/// </summary>
public sealed class GatewayHost : IAsyncDisposable
{
    private readonly Factory factory;
    private readonly bool ownsData;

    private GatewayHost(Factory factory, string dataDirectory, bool ownsData)
    {
        this.factory = factory;
        this.ownsData = ownsData;
        DataDirectory = dataDirectory;
        Address = factory.ClientOptions.BaseAddress;
        Client = NewClient(null);
    }

    /// <summary>The PostgreSQL database of every host that the current test starts; null: each data directory has a file of its own.</summary>
    internal static AsyncLocal<string?> Database { get; } = new();

    /// <summary>Whether each host that the current test starts has the fast lane; null: as it comes.</summary>
    internal static AsyncLocal<bool?> FastLane { get; } = new();

    /// <summary>Ends with a slash.</summary>
    public Uri Address { get; }

    public string DataDirectory { get; }

    public IServiceProvider Services => factory.Services;

    /// <summary>A player: no token, follows no redirect, decompresses nothing.</summary>
    public HttpClient Client { get; }

    public static string TokenOf(string role) => $"{role}-token-for-tests";

    /// <param name="origin">Becomes the only destination of the cluster <c>origin</c>.</param>
    /// <param name="settings">Configuration keys as in appsettings.json; they win over everything else.</param>
    /// <param name="configure">Replaces services, for instance the TimeProvider.</param>
    /// <param name="dataDirectory">Kept when the host goes; null makes a fresh one.</param>
    public static async Task<GatewayHost> StartAsync(
        LoopbackOrigin? origin = null, IReadOnlyDictionary<string, string>? settings = null,
        Action<IServiceCollection>? configure = null, string? dataDirectory = null)
    {
        var data = dataDirectory ?? Directory.CreateTempSubdirectory("hlsgateway-test-").FullName;
        var all = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["Gateway:DataDirectory"] = data,
            ["urls"] = "http://127.0.0.1:0",
            // A busy test machine's disk takes longer than the 50 ms that a viewer is kept for; a test of counts is not about that.
            ["Ledger:CommitTimeout"] = "00:00:10",
            ["Ledger:ReportTimeout"] = "00:00:30",
            // Requests at times that are written into tests stay, whenever they run.
            ["Ledger:EventRetention"] = "3650.00:00:00",
            ["Ledger:EmptySessionRetention"] = "00:00:00",
            // Else each host would probe and decode the trailer that ships.
            ["Trailers:Folder"] = "",
        };
        string[] roles = ["analyst", "editor", "uploader", "admin"];
        for (var i = 0; i < roles.Length; i++)
        {
            all[$"Gateway:ApiTokens:{i}:Token"] = TokenOf(roles[i]);
            all[$"Gateway:ApiTokens:{i}:Role"] = roles[i];
        }
        if (Database.Value is { } database) all["ConnectionStrings:Ledger"] = database;
        if (FastLane.Value is { } lane) all["Gateway:FastLane"] = lane ? "true" : "false";
        if (origin is not null) all["ReverseProxy:Clusters:origin:Destinations:d1:Address"] = origin.Address.AbsoluteUri;
        foreach (var (key, value) in settings ?? new Dictionary<string, string>(StringComparer.Ordinal)) all[key] = value;

        var factory = new Factory(all, configure);
        try
        {
            // Not UseKestrel(0): the port would be set while the program is on its way to its own start, and now and then too late.
            factory.UseKestrel();
            await Task.Run(factory.StartServer);
            return new GatewayHost(factory, data, dataDirectory is null);
        }
        catch
        {
            await factory.DisposeAsync();
            throw;
        }
    }

    /// <summary>Once all health checks have come to an end in time: on a busy machine the first of them takes longer than a load balancer waits.</summary>
    public Task ReadyAsync() => Eventually.IsTrueAsync(async () =>
    {
        using var answer = await Client.GetAsync(new Uri("/healthz/ready", UriKind.Relative));
        return answer.IsSuccessStatusCode;
    }, "the gateway is ready");

    /// <summary>A client of the JSON API with the token of <paramref name="role"/>.</summary>
    public HttpClient Api(string role = "admin") => NewClient(TokenOf(role));

    /// <summary>As <see cref="Client"/>, or with any token.</summary>
    public HttpClient NewClient(string? token)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, Expect100ContinueTimeout = TimeSpan.FromSeconds(60) })
        {
            BaseAddress = Address,
            Timeout = TimeSpan.FromSeconds(60),
        };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await factory.DisposeAsync();
        if (ownsData) TemporaryFolder.Delete(DataDirectory);
    }

    private sealed class Factory(IReadOnlyDictionary<string, string> settings, Action<IServiceCollection>? configure)
        : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment("Production");
            builder.UseContentRoot(Repository.Root);
            foreach (var (key, value) in settings) builder.UseSetting(key, value);
            if (configure is not null) builder.ConfigureTestServices(configure);
        }
    }
}
