using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using HlsGateway.Access;
using HlsGateway.Storage;
using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Model;

namespace HlsGateway.Playback;

/// <summary>What an origin answered. Exactly one of <see cref="Body"/>, <see cref="NotModified"/> and <see cref="Failure"/> is set.</summary>
internal sealed class OriginAnswer
{
    public byte[]? Body { get; init; }

    public bool NotModified { get; init; }

    public OriginFailure? Failure { get; init; }

    /// <summary>What the origin answered; 0 where it did not.</summary>
    public int Status { get; init; }

    /// <summary>The URL that answered.</summary>
    public string Url { get; init; } = "";

    public string? ETag { get; init; }

    public DateTimeOffset? LastModified { get; init; }

    public TimeSpan? MaxAge { get; init; }
}

/// <summary>
/// Reads one bounded file from the origin: from the cluster's healthy destinations in turn, from our own store, or from an allowed
/// host. Bounded in bytes (also after decompression) and in time; redirects are returned, not followed.
/// </summary>
internal sealed class OriginFetcher(
    OriginCluster cluster, OriginTrouble trouble, GuardedClient guarded, BlobStore store, IOptions<OriginOptions> options, TimeProvider time, ILogger<OriginFetcher> log)
{
    // Requests for made-up names while an origin is down must not write a log line each.
    private readonly LogPace pace = new(time, TimeSpan.FromSeconds(10));

    /// <summary>Names that somebody makes up are fetched too, each on a connection of its own: there are only so many descriptors.</summary>
    private static readonly SemaphoreSlim Turns = new(Descriptors.Fetches);

    /// <param name="known">What is revalidated; null asks for the whole file.</param>
    public async Task<OriginAnswer> ReadAsync(OriginTarget target, long maxBytes, OriginPlaylist? known, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(options.Value.Timeout, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        var taken = false;
        try
        {
            await Turns.WaitAsync(bound.Token);
            taken = true;
            return target.Kind switch
            {
                OriginKind.Store => await ReadStoreAsync(target.Locator, maxBytes, bound.Token),
                OriginKind.Foreign when guarded.Allows(target.Locator) => await SendAsync(guarded.Client, target.Locator, maxBytes, known, bound.Token),
                OriginKind.Foreign => Fail(StatusCodes.Status502BadGateway, Problem.OriginNotAllowed, "The playlist is on a host that is not listed in Gateway:Origin:AllowedHosts."),
                _ => await ReadClusterAsync(target.Locator, maxBytes, known, deadline.Token, bound.Token),
            };
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return Fail(StatusCodes.Status504GatewayTimeout, Problem.OriginTimeout, $"The origin did not answer {PathOf(target)} within {options.Value.Timeout.TotalSeconds:0.#} s.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            return Unreachable(target, OriginReason.Of(e));
        }
        finally
        {
            if (taken)
                Turns.Release();
        }
    }

    private async Task<OriginAnswer> ReadClusterAsync(string locator, long maxBytes, OriginPlaylist? known, CancellationToken deadline, CancellationToken ct)
    {
        if (cluster.State is not { } state)
            return Fail(StatusCodes.Status404NotFound, Problem.UnknownVideo, "No video is published under this path, and no origin is configured (ReverseProxy:Clusters:origin).");

        var tried = new List<DestinationState>();
        OriginAnswer? last = null;
        // A destination that fails is asked once; the next healthy one takes over, so that one dead mirror stops no playback.
        while (cluster.Choose(tried) is { } destination)
        {
            tried.Add(destination);
            try
            {
                last = await SendAsync(state.Model.HttpClient, UrlOn(destination, locator), maxBytes, known, ct);
                if (last.Status >= StatusCodes.Status500InternalServerError)
                    trouble.Failed(destination, OriginReason.OfStatus(last.Status));
                else
                    trouble.Answered(destination);
                if (last.Failure is not { Status: not StatusCodes.Status404NotFound })
                    return last;
            }
            catch (OperationCanceledException) when (deadline.IsCancellationRequested)
            {
                trouble.Failed(destination, OriginReason.OfTimeout(options.Value.Timeout));
                throw;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
            {
                var reason = OriginReason.Of(e);
                trouble.Failed(destination, reason);
                last = Unreachable(new(OriginKind.Cluster, locator), reason);
            }

            cluster.ReportFailure(destination);
        }

        return last ?? Fail(StatusCodes.Status502BadGateway, Problem.OriginUnreachable, "No destination of the origin is available.");
    }

    private OriginAnswer Unreachable(OriginTarget target, OriginReason reason)
    {
        if (pace.TryTake(out var held))
            log.OriginUnreachable(PathOf(target), reason.Detail, held);
        return Fail(StatusCodes.Status502BadGateway, Problem.OriginUnreachable, $"The origin could not be reached for {PathOf(target)}: {reason.Words}.");
    }

    internal static string UrlOn(DestinationState destination, string locator)
    {
        var address = OriginCluster.AddressOf(destination);
        return locator.StartsWith('/') ? new Uri(address).GetLeftPart(UriPartial.Authority) + locator : address + locator;
    }

    private async Task<OriginAnswer> ReadStoreAsync(string key, long maxBytes, CancellationToken ct)
    {
        await using var stream = await store.OpenAsync(key, ct);
        if (stream is null)
            return Fail(StatusCodes.Status404NotFound, Problem.UnknownPlaylist, "The video has no such playlist.");
        var body = await ReadBoundedAsync(stream, maxBytes, ct);
        return body is null ? TooLarge("/" + key, maxBytes) : new OriginAnswer { Body = body, Url = StoreUrl(key) };
    }

    /// <summary>Objects of our own store resolve their URIs against a host that cannot exist (RFC 6761).</summary>
    internal static string StoreUrl(string key) => "http://store.invalid/" + key;

    private static async Task<OriginAnswer> SendAsync(HttpMessageInvoker client, string url, long maxBytes, OriginPlaylist? known, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, WireUrl.Of(url))
        {
            Version = HttpVersion.Version11,
        };
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        if (known?.ETag is { } etag)
            request.Headers.TryAddWithoutValidation("If-None-Match", etag);
        else if (known?.LastModified is { } modified)
            request.Headers.IfModifiedSince = modified;

        using var response = await client.SendAsync(request, ct);
        var path = new Uri(url).AbsolutePath;
        if (response.StatusCode == HttpStatusCode.NotModified && known is not null)
            return new OriginAnswer { NotModified = true, Url = url, MaxAge = response.Headers.CacheControl?.MaxAge };
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            return Fail(StatusCodes.Status404NotFound, Problem.UnknownPlaylist, $"The origin has no {path}.");
        if (response.StatusCode != HttpStatusCode.OK)
            return Fail(StatusCodes.Status502BadGateway, Problem.OriginError, $"The origin answered {(int)response.StatusCode} for {path}.", (int)response.StatusCode);
        if (response.Content.Headers.ContentLength > maxBytes)
            return TooLarge(path, maxBytes);

        await using var raw = await response.Content.ReadAsStreamAsync(ct);
        var encoding = response.Content.Headers.ContentEncoding;
        if (encoding.Count > 1 || (encoding.Count == 1 && encoding.First() is not ("gzip" or "identity")))
            return Fail(StatusCodes.Status502BadGateway, Problem.OriginError, $"The origin encoded {path} with a Content-Encoding that was not asked for.");
        await using var decoded = encoding.Contains("gzip") ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        var body = await ReadBoundedAsync(decoded, maxBytes, ct);
        return body is null
            ? TooLarge(path, maxBytes)
            : new OriginAnswer
            {
                Body = body,
                Url = url,
                ETag = response.Headers.TryGetValues("ETag", out var tags) ? tags.FirstOrDefault() : null,
                LastModified = response.Content.Headers.LastModified,
                MaxAge = response.Headers.CacheControl is { NoStore: false } control ? control.NoCache ? TimeSpan.Zero : control.MaxAge : null,
            };
    }

    private static async Task<byte[]?> ReadBoundedAsync(Stream stream, long maxBytes, CancellationToken ct)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[64 << 10];
        int read;
        while ((read = await stream.ReadAsync(chunk, ct)) > 0)
        {
            if (buffer.Length + read > maxBytes)
                return null;
            buffer.Write(chunk, 0, read);
        }

        return buffer.ToArray();
    }

    private static OriginAnswer TooLarge(string path, long maxBytes) =>
        Fail(StatusCodes.Status502BadGateway, Problem.OriginTooLarge, $"The origin's {path} is larger than {maxBytes} bytes.");

    private static OriginAnswer Fail(int status, Problem problem, string detail, int answered = 0) => new() { Failure = new(status, problem, detail), Status = answered };

    internal static string PathOf(OriginTarget target) => target.Kind switch
    {
        OriginKind.Foreign => new Uri(target.Locator).AbsolutePath,
        _ => "/" + target.Locator.TrimStart('/').Split('?')[0],
    };
}
