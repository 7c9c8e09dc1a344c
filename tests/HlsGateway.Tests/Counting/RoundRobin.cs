using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Counting;

/// <summary>The real nginx in front of several servers: each request goes to the next of them.</summary>
internal sealed class RoundRobin : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("hlsgateway-nginx-");
    private readonly Process nginx;

    private RoundRobin(IEnumerable<Uri> servers, int port)
    {
        Address = new Uri($"http://127.0.0.1:{port}/");
        var path = folder.FullName;
        File.WriteAllText(Path.Combine(path, "nginx.conf"), $$"""
            daemon off; worker_processes 1; pid {{path}}/nginx.pid; error_log {{path}}/nginx.err;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_body_temp_path {{path}}/body; proxy_temp_path {{path}}/proxy; fastcgi_temp_path {{path}}/f; uwsgi_temp_path {{path}}/u; scgi_temp_path {{path}}/s;
              upstream gateways { {{string.Concat(servers.Select(server => $"server 127.0.0.1:{server.Port};"))}} keepalive 32; }
              server {
                listen 127.0.0.1:{{port}};
                location / { proxy_pass http://gateways; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_next_upstream off; }
              }
            }
            """);
        var program = File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";
        nginx = Process.Start(new ProcessStartInfo(program, ["-p", path, "-c", Path.Combine(path, "nginx.conf")]) { UseShellExecute = false, RedirectStandardError = true })!;
    }

    public Uri Address { get; }

    public static async Task<RoundRobin> StartAsync(IEnumerable<Uri> servers)
    {
        var balancer = new RoundRobin(servers, FreePorts.Take());
        await Eventually.IsTrueAsync(
            async () =>
            {
                Assert.False(balancer.nginx.HasExited, "nginx has ended");
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    await socket.ConnectAsync(IPAddress.Loopback, balancer.Address.Port);
                    return true;
                }
                catch (SocketException)
                {
                    return false;
                }
            }, "nginx listens");
        return balancer;
    }

    public HttpClient NewPlayer() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };

    public void Dispose()
    {
        if (!nginx.HasExited) nginx.Kill(entireProcessTree: true);
        nginx.WaitForExit();
        nginx.Dispose();
        folder.Delete(recursive: true);
    }
}
