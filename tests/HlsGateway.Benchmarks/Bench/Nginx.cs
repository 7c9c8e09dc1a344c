using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>
/// nginx as the peer and as the origin: <c>/redirect/</c> (302, access log), <c>/secure/</c> (the same behind secure_link), <c>/static/</c>, <c>/gz/</c>
/// (gzip_static), and the videos that the gateways read.
/// </summary>
internal sealed class Nginx(Child process, string folder, int port) : IAsyncDisposable
{
    private const string Secret = "a secret of the benchmark";

    public Child Process => process;

    public string Address { get; } = $"http://127.0.0.1:{port}";

    /// <summary>Files below it are served under <c>/static/</c> and <c>/gz/</c>.</summary>
    public string Files { get; } = Path.Combine(folder, "files");

    public static async Task<Nginx> StartAsync(string folder, string name, string cores, int workers)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        var files = Directory.CreateDirectory(Path.Combine(folder, "files")).FullName;
        var port = Machine.FreePort();
        var configuration = Path.Combine(home, "nginx.conf");
        await File.WriteAllTextAsync(configuration, Configuration(home, Path.Combine(folder, "origin"), files, port, workers));
        var program = File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";
        var process = Child.Start(cores, Path.Combine(home, "log"), program, ["-p", home, "-c", configuration]);
        var nginx = new Nginx(process, folder, port);
        using var client = new HttpClient();
        await process.WaitAsync(async () => (await client.GetAsync(new Uri($"{nginx.Address}/up"))).IsSuccessStatusCode);
        if (workers == 1)
            process.Measured = int.Parse((await File.ReadAllTextAsync($"/proc/{process.Id}/task/{process.Id}/children")).Split(' ')[0], CultureInfo.InvariantCulture);
        return nginx;
    }

    /// <summary>A path below <c>/secure/</c> that nginx takes, as secure_link wants it.</summary>
    public static string Secure(string path)
    {
#pragma warning disable CA5351 // secure_link knows MD5 alone.
        var hash = MD5.HashData(Encoding.UTF8.GetBytes($"2147483647{path} {Secret}"));
#pragma warning restore CA5351
        return $"{path}?md5={Convert.ToBase64String(hash).TrimEnd('=').Replace('+', '-').Replace('/', '_')}&expires=2147483647";
    }

    private static string Configuration(string home, string origin, string files, int port, int workers) => $$"""
        daemon off; worker_processes {{workers}}; pid {{home}}/nginx.pid; error_log {{home}}/nginx.err;
        worker_rlimit_nofile 20000;
        events { worker_connections 10000; }
        http {
          types { application/vnd.apple.mpegurl m3u8; text/vtt vtt; }
          log_format counted '$msec $request_uri $status';
          keepalive_requests 1000000000;
          access_log off;
          client_body_temp_path {{home}}/body; proxy_temp_path {{home}}/proxy; fastcgi_temp_path {{home}}/fastcgi; uwsgi_temp_path {{home}}/uwsgi; scgi_temp_path {{home}}/scgi;
          server {
            listen 127.0.0.1:{{port}} backlog=8192;
            location = /up { return 204; }
            location ^~ /redirect/ { access_log {{home}}/access.log counted; return 302 https://cdn.example.com$uri; }
            location ^~ /secure/ {
              access_log {{home}}/access.log counted;
              secure_link $arg_md5,$arg_expires;
              secure_link_md5 "$secure_link_expires$uri {{Secret}}";
              if ($secure_link = "") { return 403; }
              if ($secure_link = "0") { return 410; }
              return 302 https://cdn.example.com$uri;
            }
            location ^~ /static/ { alias {{files}}/; }
            location ^~ /gz/ { gzip_static on; alias {{files}}/; }
            root {{origin}};
            location ~ ^/cold/[0-9]+/(.*)$ { try_files /v/$1 =404; }
            location ~ \.ts$ { try_files /segment.ts =404; }
          }
        }
        """;

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
