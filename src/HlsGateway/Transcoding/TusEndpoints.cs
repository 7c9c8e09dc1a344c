using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using HlsGateway.Access;
using HlsGateway.Media;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HlsGateway.Transcoding;

/// <summary>
/// tus 1.0.0 at <c>/api/uploads</c>, for uploads that survive a broken connection: POST with <c>Upload-Length</c> and <c>Upload-Metadata: video …</c>
/// begins one, PATCH adds bytes, HEAD tells how many are here, DELETE ends it. The last byte puts the video into the queue as a raw
/// PUT does; a refusal is the answer to the PATCH that brought it.
/// </summary>
internal static class TusEndpoints
{
    private const string Part = "application/offset+octet-stream";

    public static void MapTus(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/uploads").RequireAuthorization(Roles.Uploader).WithTags("Uploads").AddEndpointFilter(SpeakAsync);
        group.MapMethods("/", ["OPTIONS"], Discover).WithName("discoverUploads").WithSummary("Which parts of tus 1.0 are supported.")
            .GivesHeaders(TusHeaders.Resumable, "Tus-Version", "Tus-Extension", "Tus-Checksum-Algorithm", "Tus-Max-Size");
        group.MapMethods("/{id}", ["OPTIONS"], Discover).ExcludeFromDescription();
        group.MapPost("/", Create).WithName("createUpload").WithSummary("Begins a resumable upload (tus 1.0).")
            .NeedsHeaders(TusHeaders.Resumable, TusHeaders.Length, TusHeaders.Metadata).Produces(201).GivesHeaders("Location", TusHeaders.Resumable, TusHeaders.Offset, TusHeaders.Expires)
            .ProducesProblems(Problem.TusVersion, Problem.Concatenation, Problem.UploadLength, Problem.UploadMetadata, Problem.VideoId, Problem.Empty, Problem.TooLarge, Problem.NoRoom);
        group.MapMethods("/{id}", ["HEAD"], HeadAsync).WithName("getUploadOffset").WithSummary("How many bytes of a resumable upload are here.")
            .WithDescription("Ends a request that still writes to the upload. Where all bytes are here and the video was not queued yet, it is queued now; then it may be refused as by the last PATCH. Refusals have no body: HEAD never has.")
            .NeedsHeaders(TusHeaders.Resumable).Produces(200).GivesHeaders(TusHeaders.Resumable, TusHeaders.Offset, TusHeaders.Length, TusHeaders.Metadata, TusHeaders.Expires, "Content-Location")
            .ProducesProblems(Problem.TusVersion, Problem.NoSuchUpload, Problem.Unreadable);
        group.MapPatch("/{id}", PatchAsync).WithName("appendToUpload").WithSummary("Adds bytes to a resumable upload; the last ones queue the video.")
            .NeedsHeaders(TusHeaders.Resumable, TusHeaders.Offset).TakesHeaders(TusHeaders.Checksum).TakesBytes("The next bytes of the file.", Part)
            .Produces(204).GivesHeaders(TusHeaders.Resumable, TusHeaders.Offset, TusHeaders.Expires, "Content-Location")
            .ProducesProblems(Problem.TusVersion, Problem.MediaType, Problem.UploadOffset, Problem.UploadChecksum, Problem.Busy, Problem.NoSuchUpload, Problem.Offset, Problem.UploadLengthExceeded,
                Problem.Checksum, Problem.Interrupted, Problem.Unreadable, Problem.NoVideoStream, Problem.TooLong, Problem.TooManyPixels, Problem.TooFewPixels, Problem.TooManyStreams);
        group.MapDelete("/{id}", DeleteAsync).WithName("deleteUpload").WithSummary("Ends a resumable upload and removes its bytes.")
            .NeedsHeaders(TusHeaders.Resumable).Produces(204).GivesHeaders(TusHeaders.Resumable).ProducesProblems(Problem.TusVersion, Problem.NoSuchUpload);
        // For proxies that block PATCH, the protocol puts the real method in a header.
        group.MapPost("/{id}", (string id, HttpContext context, PartialUploads uploads, UploadIntake intake, Sandbox sandbox, CancellationToken ct) =>
            context.Request.Headers["X-HTTP-Method-Override"].ToString() switch
            {
                "PATCH" => PatchAsync(id, context, uploads, intake, sandbox, ct),
                "DELETE" => DeleteAsync(id, context, uploads, ct),
                _ => Task.FromResult<IResult>(Problems.Of(Problem.Method, "Send PATCH, or X-HTTP-Method-Override: PATCH.")),
            }).ExcludeFromDescription();
    }

    /// <summary>Every answer names the version; a client of another one is told so (412).</summary>
    private static async ValueTask<object?> SpeakAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        var headers = context.Response.Headers;
        headers[TusHeaders.Resumable] = TusHeaders.Version;
        headers.CacheControl = "no-store";
        if (HttpMethods.IsOptions(context.Request.Method) || context.Request.Headers[TusHeaders.Resumable] == TusHeaders.Version)
            return await next(invocation);
        headers["Tus-Version"] = TusHeaders.Version;
        return Problems.Of(Problem.TusVersion, "Send 'Tus-Resumable: 1.0.0', or the whole file with PUT /api/videos/{video}.");
    }

    private static NoContent Discover(HttpContext context, UploadIntake intake)
    {
        var headers = context.Response.Headers;
        headers["Tus-Version"] = TusHeaders.Version;
        headers["Tus-Extension"] = TusHeaders.Extensions;
        headers["Tus-Checksum-Algorithm"] = TusHeaders.Algorithms;
        headers["Tus-Max-Size"] = intake.MaxBytes.ToString(CultureInfo.InvariantCulture);
        return TypedResults.NoContent();
    }

    private static IResult Create(HttpContext context, PartialUploads uploads, UploadIntake intake)
    {
        var request = context.Request;
        if (request.Headers.ContainsKey("Upload-Concat"))
            return Problems.Of(Problem.Concatenation, "Send the file in one upload; PATCH it in as many parts as you like.");
        if (TusHeaders.Number(request, TusHeaders.Length) is not { } length)
            return Problems.Of(Problem.UploadLength, "Send Upload-Length with the file's bytes as a decimal number; Upload-Defer-Length is not supported.");
        if (TusHeaders.ReadMetadata(request) is not { } metadata || !metadata.TryGetValue("video", out var video))
            return Problems.Of(Problem.UploadMetadata, "Send Upload-Metadata with the key 'video' and the video's id in base64.");
        if (intake.Check(video, length) is { } refusal)
            return refusal.Answer();
        if (uploads.Create(video, length, Owners(context)[0], out var upload) == Room.None)
            return UploadIntake.NoRoom.Answer();
        Tell(context, uploads, upload);
        return TypedResults.Created($"{request.PathBase}/api/uploads/{upload.Id}");
    }

    private static async Task<IResult> HeadAsync(string id, HttpContext context, PartialUploads uploads, UploadIntake intake, Sandbox sandbox, CancellationToken ct)
    {
        if (uploads.Find(id, Owners(context)) is null)
            return NotOurs();
        using var alone = await uploads.LockAsync(id, insist: true, ct);
        if (uploads.Find(id, Owners(context)) is not { } upload)
            return NotOurs();
        // All bytes arrived, but the step after the last one was interrupted, and no client would send another byte.
        if (!upload.Queued && uploads.OffsetOf(upload) == upload.Length && await FinishAsync(upload, uploads, intake, sandbox, Actor.Of(context.User), ct) is { } refusal)
            return refusal.Answer();
        if (uploads.Find(id, upload.Owner) is not { } now)
            return NotOurs();
        Tell(context, uploads, now);
        context.Response.Headers[TusHeaders.Length] = now.Length.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers[TusHeaders.Metadata] = $"video {Convert.ToBase64String(Encoding.UTF8.GetBytes(now.Video))}";
        return TypedResults.Ok();
    }

    private static async Task<IResult> PatchAsync(string id, HttpContext context, PartialUploads uploads, UploadIntake intake, Sandbox sandbox, CancellationToken ct)
    {
        var request = context.Request;
        if (uploads.Find(id, Owners(context)) is null)
            return NotOurs();
        if (request.ContentType != Part)
            return Problems.Of(Problem.MediaType, $"Send 'Content-Type: {Part}'.");
        if (TusHeaders.Number(request, TusHeaders.Offset) is not { } offset)
            return Problems.Of(Problem.UploadOffset, "Send Upload-Offset with the number of bytes received so far; HEAD returns it.");
        Checksum? checksum = null;
        if (request.Headers.ContainsKey(TusHeaders.Checksum))
        {
            if (!TusHeaders.TryReadChecksum(request.Headers[TusHeaders.Checksum].ToString(), out var algorithm, out var digest))
                return Problems.Of(Problem.UploadChecksum, $"Send one of {TusHeaders.Algorithms}, a space and the digest in base64.");
            checksum = new Checksum(algorithm, digest);
        }

        using var alone = await uploads.LockAsync(id, insist: false, ct);
        if (alone is null)
            return Problems.Of(Problem.Busy, "Wait for it to end, or ask with HEAD, which ends it, and go on at the offset that it tells.");
        if (uploads.Find(id, Owners(context)) is not { } upload)
            return NotOurs();
        var here = uploads.OffsetOf(upload);
        if (offset != here)
        {
            Tell(context, uploads, upload);
            return Problems.Of(Problem.Offset, string.Create(CultureInfo.InvariantCulture, $"{here} bytes are here. Go on from there."));
        }

        var room = upload.Length - here;
        if (request.ContentLength > room)
            return TooMuch(upload);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = room;
        if (!upload.Queued && await AppendAsync(uploads.FileOf(upload), here, request.Body, checksum, upload, intake, alone.Stopping, ct) is { } refused)
        {
            if (refused is ProblemHttpResult { StatusCode: StatusCodes.Status422UnprocessableEntity })
                uploads.Remove(id);
            return refused;
        }

        if (!upload.Queued && uploads.OffsetOf(upload) == upload.Length && await FinishAsync(upload, uploads, intake, sandbox, Actor.Of(context.User), ct) is { } refusal)
            return refusal.Answer();
        Tell(context, uploads, uploads.Find(id, upload.Owner) ?? upload);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, PartialUploads uploads, CancellationToken ct)
    {
        if (uploads.Find(id, Owners(context)) is null)
            return NotOurs();
        using var alone = await uploads.LockAsync(id, insist: true, ct);
        uploads.Remove(id);
        return TypedResults.NoContent();
    }

    /// <summary>
    /// Keeps every byte that came, however the connection ends, unless a checksum covers bytes that did not come. Stops with 422 once the
    /// first bytes tell that the film is too long.
    /// </summary>
    private static async Task<IResult?> AppendAsync(
        string file, long from, Stream body, Checksum? checksum, PartialUpload upload, UploadIntake intake, CancellationToken stopping, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, ct);
        await using var part = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 0, FileOptions.Asynchronous);
        part.Position = from;
        var looked = from >= Mp4Front.Bytes;
        using var hash = checksum is null ? null : IncrementalHash.CreateHash(checksum.Algorithm);
        var buffer = new byte[1 << 16];
        IResult? refused = null;
        try
        {
            int read;
            while ((read = await body.ReadAsync(buffer, either.Token)) > 0)
            {
                hash?.AppendData(buffer, 0, read);
                await part.WriteAsync(buffer.AsMemory(0, read), CancellationToken.None);
                // Bytes that have a checksum are not looked at before they are known to be right.
                if (hash is null && LookOnce() is { } early)
                    return early;
            }

            if (hash is not null && !CryptographicOperations.FixedTimeEquals(hash.GetHashAndReset(), checksum?.Digest))
                refused = Problems.Of(Problem.Checksum, "They were thrown away. Send them again.");
            else if (LookOnce() is { } late)
                return late;
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            refused = TooMuch(upload);
        }
        catch (Exception e) when (e is OperationCanceledException or BadHttpRequestException or IOException { InnerException: not null } or Microsoft.AspNetCore.Connections.ConnectionResetException)
        {
            // Usually the client is gone and this answer is not read.
            refused = Problems.Of(Problem.Interrupted, "Send HEAD to learn how many bytes arrived, and continue from there.");
            if (checksum is null)
                from = part.Position;
        }

        if (refused is not null)
            part.SetLength(from);
        part.Flush(flushToDisk: true);
        return refused;

        IResult? LookOnce()
        {
            if (looked || part.Position < Mp4Front.Bytes)
                return null;
            looked = true;
            var front = new byte[Mp4Front.Bytes];
            return intake.CheckFront(front.AsSpan(0, RandomAccess.Read(part.SafeFileHandle, front, 0)))?.Answer();
        }
    }

    /// <summary>The part stays until the video is queued, so that a client resends nothing after the store was unavailable.</summary>
    private static async Task<UploadRefusal?> FinishAsync(PartialUpload upload, PartialUploads uploads, UploadIntake intake, Sandbox sandbox, Actor by, CancellationToken ct)
    {
        using var folder = sandbox.OpenFolder();
        await folder.LinkAsync(EncodeArguments.Input, uploads.FileOf(upload), ct);
        var refusal = await intake.TakeAsync(upload.Video, folder, by, ct);
        if (refusal is null)
            uploads.MarkQueued(upload);
        else
            uploads.Remove(upload.Id);
        return refusal;
    }

    private static void Tell(HttpContext context, PartialUploads uploads, PartialUpload upload)
    {
        var headers = context.Response.Headers;
        headers[TusHeaders.Offset] = uploads.OffsetOf(upload).ToString(CultureInfo.InvariantCulture);
        headers[TusHeaders.Expires] = uploads.ExpiresAt(upload).ToString("R", CultureInfo.InvariantCulture);
        if (upload.Queued)
            headers.ContentLocation = $"{context.Request.PathBase}/api/videos/{Uri.EscapeDataString(upload.Video)}";
    }

    /// <summary>
    /// Digests of whose an upload can be: the name of the caller's token, so that a new token for the same name goes on with it, then the token itself,
    /// to which belong the uploads of tokens without a name and those that older versions began. No token begins with what the digest of a name begins with.
    /// </summary>
    private static string[] Owners(HttpContext context)
    {
        var token = Digest(context.Request.Headers.Authorization.ToString());
        return context.User.FindFirst(ClaimTypes.NameIdentifier) is { } name ? [Digest($"name {name.Value}"), token] : [token];
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static ProblemHttpResult NotOurs() => Problems.Of(Problem.NoSuchUpload, "It was finished, ended or has expired, or another token began it. Begin a new one with POST /api/uploads.");

    private static ProblemHttpResult TooMuch(PartialUpload upload) => Problems.Of(Problem.UploadLengthExceeded, string.Create(CultureInfo.InvariantCulture, $"{upload.Length} bytes were announced. Send no more, or begin a new upload."));

    private sealed record Checksum(HashAlgorithmName Algorithm, byte[] Digest);
}
