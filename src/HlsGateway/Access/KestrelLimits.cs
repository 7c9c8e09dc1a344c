using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace HlsGateway.Access;

/// <summary>What one client may take of the server, each figure with its reason. <c>Kestrel:Limits:*</c> in the configuration wins.</summary>
internal static class KestrelLimits
{
    public static void Apply(KestrelServerOptions kestrel, IConfiguration configuration)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;

        // A segment URL carries the origin's own query (signed URLs reach 2 KB), a signed opaque path (as much again in base64)
        // and CMCD (1 KB escaped). Twice that; no player sends a longer URL.
        limits.MaxRequestLineSize = 16 * 1024;
        // Kestrel's own defaults, written down because tests hold us to them: browsers send 1 to 3 KB in 20 fields.
        limits.MaxRequestHeadersTotalSize = 32 * 1024;
        limits.MaxRequestHeaderCount = 100;
        // Slow headers hold a connection and its buffers. A phone on a bad link sends its 1 KB well within 15 s.
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        // Between two segments a player waits for its buffer to drain: up to 30 s in hls.js, 50 s in ExoPlayer. Closing earlier
        // costs each of them a TCP handshake (and TLS) per segment; keeping longer lets idle connections pile up.
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);
        // JSON and captions (1 MiB, rule W6) fit. Uploads raise it for their endpoint alone.
        limits.MaxRequestBodySize = 2 * 1024 * 1024;
        // A slow body holds an upload slot and a file. 240 bytes/s is a modem; the grace covers a train in a tunnel.
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(15));
        // A slow reader holds at most MaxResponseBufferSize (64 KB) and is cut when it takes less than a modem would.
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(15));
        // Unlimited by default: the process would run out of file descriptors and be ended.
        limits.MaxConcurrentConnections = Descriptors.Connections;
        // Nothing here speaks WebSocket, and an upgraded connection would escape every limit above.
        limits.MaxConcurrentUpgradedConnections = 0;

        // HTTP/2 (only with TLS). A player needs under ten streams at once; 100 is the least RFC 9113 advises.
        // Kestrel itself closes connections that reset streams faster than it can drain them (CVE-2023-44487).
        limits.Http2.MaxStreamsPerConnection = 100;
        limits.Http2.HeaderTableSize = 4096;
        limits.Http2.MaxRequestHeaderFieldSize = 16 * 1024;
        // Requests are small: 64 KB per stream keeps 100 parallel uploads on one connection below 8 MB.
        limits.Http2.InitialStreamWindowSize = 64 * 1024;
        limits.Http2.InitialConnectionWindowSize = 1024 * 1024;
        // Finds peers that vanished without a FIN, which the keep-alive timeout of HTTP/2 alone does not while streams are open.
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(15);

        configuration.GetSection("Kestrel:Limits").Bind(limits);
    }
}
