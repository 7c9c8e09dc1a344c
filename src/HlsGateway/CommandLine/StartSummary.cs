using HlsGateway.Access;
using HlsGateway.Counting;
using HlsGateway.Demo;
using HlsGateway.Storage;
using HlsGateway.Telemetry;
using HlsGateway.Tokens;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HlsGateway.CommandLine;

/// <summary>What a gateway tells once it listens: which version with which roles, where it keeps things, where it is, and what to do next.</summary>
internal static class StartSummary
{
    public static void TellStartAndEnd(this WebApplication app)
    {
        var lifetime = app.Lifetime;
        lifetime.ApplicationStarted.Register(() => TellStart(app));
        // What could not start, such as where another process has the port, is stopped too, when its parts are gone: nothing of it has to be told.
        lifetime.ApplicationStopping.Register(() =>
        {
            if (lifetime.ApplicationStarted.IsCancellationRequested)
                Log(app).GatewayStops();
        });
    }

    private static void TellStart(WebApplication app)
    {
        var gateway = Of<GatewayOptions>(app);
        var roles = string.Join(", ", gateway.Roles.Length == 0 ? GatewayOptions.AllRoles : gateway.Roles.Select(role => role.ToLowerInvariant()));
        var data = gateway.DataPath(app.Environment);
        var ledger = LedgerOf(app.Configuration.GetConnectionString("Ledger"), data);
        var store = StoreOf(Of<StorageOptions>(app), data);
        var urls = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.ToArray() ?? [];
        Note(Path.Combine(data, Outbox.LockFile), string.Join(", ", urls));
        var lines = app.Services.GetRequiredService<StartLines>();
        if (!lines.AreWritten)
        {
            Log(app).GatewayStarted(ProgramVersion.Text, roles, ledger, store, string.Join(", ", urls));
            return;
        }

        lines.Write(
            $"""
            HlsGateway {ProgramVersion.Text}
              Roles       {roles}
              Ledger      {ledger}
              Store       {store}
              URLs        {string.Join(", ", urls)}
            """);
        var url = urls.FirstOrDefault()?.Replace("[::]", "127.0.0.1", StringComparison.Ordinal).Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal) ?? "";
        var site = gateway.PublicUrl.Length > 0 ? gateway.PublicUrl.TrimEnd('/') : url;
        if (gateway.Has("studio"))
            TellStudio(lines, $"{site}/studio", app.Services.GetRequiredService<LoginLink>());
        // The demo tells these itself, once there is something to see.
        if (Of<DemoOptions>(app).Enabled)
            return;
        var tokens = Of<AccessOptions>(app).ApiTokens.Length;
        lines.Write($"  API token   {(tokens > 0 ? $"{tokens} in Gateway:ApiTokens" : Path.Combine(data, TokenTable.FileName))}");
        lines.Write($"  Next        hlsgateway {(gateway.Has("gateway") ? "transcode FILE --id NAME" : "health")} --url {url}");
    }

    /// <summary>As the first token, the link is for the terminal that started the gateway: no file or journal keeps it.</summary>
    private static void TellStudio(StartLines lines, string studio, LoginLink link)
    {
        var code = Console.IsOutputRedirected && Console.IsErrorRedirected ? null : link.Make();
        lines.Write($"  Studio      {studio}{(code is null || Console.IsOutputRedirected ? "" : $"/enter?code={code}  (signs you in, once)")}");
        if (code is not null && Console.IsOutputRedirected)
            Console.Error.WriteLine($"Studio, signs you in once within a quarter of an hour: {studio}/enter?code={code}");
    }

    /// <summary>A second start on the same data directory then says where the first one is.</summary>
    private static void Note(string file, string addresses)
    {
        try
        {
            if (File.Exists(file))
                LedgerLock.NoteAddresses(file, addresses);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk: the second start names the process alone.
        }
    }

    private static string LedgerOf(string? connection, string data)
    {
        if (string.IsNullOrEmpty(connection))
            return $"SQLite, {Path.Combine(data, "ledger.db")}";
        var postgres = new NpgsqlConnectionStringBuilder(connection);
        return $"PostgreSQL, {postgres.Database} at {postgres.Host}:{postgres.Port}; outbox {Path.Combine(data, "ledger.db")}";
    }

    private static string StoreOf(StorageOptions storage, string data) => storage.Kind == StorageKind.S3
        ? $"S3, bucket {storage.S3.Bucket}{(storage.S3.Endpoint.Length > 0 ? $" at {storage.S3.Endpoint}" : "")}"
        : $"files, {Path.Combine(data, "objects")}";

    private static T Of<T>(WebApplication app) where T : class => app.Services.GetRequiredService<IOptions<T>>().Value;

    private static ILogger Log(WebApplication app) => app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("HlsGateway.Start");
}
