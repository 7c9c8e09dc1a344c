using HlsGateway.Access;
using HlsGateway.Telemetry;
using Microsoft.Net.Http.Headers;

namespace HlsGateway.Storage;

/// <summary>
/// <c>GET|HEAD /media/{key}</c>: the disk store's public objects, where no CDN stands in front. Objects never change, so
/// every cache may keep them; any page may read them (a redirect across origins arrives with <c>Origin: null</c>).
/// </summary>
internal static class MediaEndpoint
{
    public static IResult Get(string? key, HttpContext context, BlobStore store)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        SecurityHeaders.Confine(context.Response);
        if (context.Request.Method == HttpMethods.Options)
        {
            headers.AccessControlAllowMethods = "GET, HEAD, OPTIONS";
            headers.AccessControlAllowHeaders = "Range";
            headers.AccessControlMaxAge = "86400";
            return TypedResults.NoContent();
        }

        if (store is not DiskStore disk || key is null || !BlobKey.IsValid(key) || !BlobStore.IsPublic(key) || !File.Exists(disk.PathOf(key)))
        {
            headers.CacheControl = "no-store";
            return Problems.Of(Problem.NoObject, "The address comes from a redirect of the gateway; ask for the playlist again.");
        }

        headers.CacheControl = "public, max-age=31536000, immutable";
        headers.AccessControlExposeHeaders = "Content-Length, Content-Range, ETag";
        headers["Timing-Allow-Origin"] = "*";
        var file = new FileInfo(disk.PathOf(key));
        var tag = new EntityTagHeaderValue($"\"{file.Length:x}-{file.LastWriteTimeUtc.Ticks:x}\"");
        return TypedResults.PhysicalFile(file.FullName, BlobKey.ContentType(key), lastModified: new DateTimeOffset(file.LastWriteTimeUtc), entityTag: tag, enableRangeProcessing: true);
    }
}
