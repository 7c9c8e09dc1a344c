using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>One request that a site answered, as nginx logged it.</summary>
/// <param name="Referer">Empty when the client sent none.</param>
internal sealed record ServedRequest(string Method, string Path, string Query, string Referer, string Origin, string Range, int Status);

/// <param name="Cors">Every answer says that any page may read it.</param>
/// <param name="Folders">Path prefixes that end with a slash, and the folders behind them.</param>
internal sealed record Site(string Name, bool Cors, params (string Prefix, string Folder)[] Folders);

/// <summary>Sites of static files, each on a loopback port of its own: the foreign origin, the CDN, the pages. One nginx, in a folder of its own.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    private string PidFile => Path.Combine(folder, "nginx.pid");

    private readonly Process process;
    private readonly string folder;
    private readonly Dictionary<string, Uri> addresses;

    private Nginx(Process process, string folder, Dictionary<string, Uri> addresses)
    {
        this.process = process;
        this.folder = folder;
        this.addresses = addresses;
    }

    /// <summary>Ends with a slash.</summary>
    public Uri AddressOf(string site) => addresses[site];

    /// <summary>What was answered before this call is in the log when the task ends: one process answers in order.</summary>
    public async Task LoggedAsync(string site)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri(AddressOf(site), "logged"));
    }

    /// <summary>What the site has answered so far.</summary>
    public IReadOnlyList<ServedRequest> LogOf(string site)
    {
        using var file = new FileStream(Path.Combine(folder, site + ".log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var lines = new StreamReader(file);
        var log = new List<ServedRequest>();
        while (lines.ReadLine() is { } line) log.Add(JsonSerializer.Deserialize<ServedRequest>(line, JsonSerializerOptions.Web)!);
        return log;
    }

    public static async Task<Nginx> StartAsync(params Site[] sites)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await StartOnceAsync(sites);
            }
            catch (InvalidOperationException taken) when (attempt < Ports.Attempts && taken.Message.Contains("Address already in use", StringComparison.Ordinal))
            {
                // Between the look for a free port and the start, somebody else took it: with other ports, then.
            }
        }
    }

    private static async Task<Nginx> StartOnceAsync(Site[] sites)
    {
        var folder = Directory.CreateTempSubdirectory("hlsgateway-nginx-").FullName;
        var addresses = sites.ToDictionary(site => site.Name, _ => new Uri($"http://127.0.0.1:{Ports.Free()}/"), StringComparer.Ordinal);
        var configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration, Configuration(folder, sites, addresses));
        var program = File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";
        var process = Process.Start(new ProcessStartInfo(program, ["-p", folder, "-c", configuration, "-e", Path.Combine(folder, "error.log")]) { UseShellExecute = false })!;
        var nginx = new Nginx(process, folder, addresses);
        try
        {
            await Until.TrueAsync(() => Task.FromResult(nginx.Listens()), "nginx listens", TimeSpan.FromMinutes(1));
            return nginx;
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>It writes its number once it has every port: that somebody answers there would not tell that it is this one.</summary>
    private bool Listens()
    {
        if (process.HasExited) throw new InvalidOperationException($"nginx ended with {process.ExitCode}: {File.ReadAllText(Path.Combine(folder, "error.log"))}");
        return File.Exists(PidFile) && new FileInfo(PidFile).Length > 0;
    }

    private static string Configuration(string folder, IEnumerable<Site> sites, Dictionary<string, Uri> addresses)
    {
        // One process, so that it reads with the rights of whoever starts the test; no caching, since the log is the tally.
        var text = new StringBuilder($$"""
            daemon off;
            master_process off;
            pid {{folder}}/nginx.pid;
            events { worker_connections 512; }
            http {
              types {
                text/html html; text/javascript js mjs; text/css css; application/vnd.apple.mpegurl m3u8; video/mp2t ts;
                video/iso.segment m4s; video/mp4 mp4; text/vtt vtt; audio/aac aac; image/svg+xml svg; application/xhtml+xml xhtml;
              }
              charset utf-8;
              access_log off;
              client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy; fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi; scgi_temp_path {{folder}}/scgi;
              log_format tally escape=json '{"method":"$request_method","path":"$uri","query":"$args","referer":"$http_referer",'
                '"origin":"$http_origin","range":"$http_range","status":$status}';

            """);
        foreach (var site in sites)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"  server {{ listen 127.0.0.1:{addresses[site.Name].Port}; access_log {folder}/{site.Name}.log tally;\n");
            text.Append("    add_header Cache-Control no-store always;\n");
            // A page that sends headers of its own asks first, also behind a redirect.
            if (site.Cors) text.Append("    add_header Access-Control-Allow-Origin * always;\n    add_header Access-Control-Allow-Headers * always;\n    if ($request_method = OPTIONS) { return 204; }\n");
            foreach (var (prefix, root) in site.Folders) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"    location {prefix} {{ alias {root}/; }}\n");
            text.Append("  }\n");
        }
        return text.Append("}\n").ToString();
    }
}
