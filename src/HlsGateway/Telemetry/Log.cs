namespace HlsGateway.Telemetry;

/// <summary>
/// Every event the gateway logs. Ids in blocks: playback 1000, counting 2000, trailers 3000, subtitles 4000, transcoding 5000,
/// storage 6000, catalogue 7000, access 8000, content 9000. Never a token, a key or a client's address.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Warning, "The origin could not be reached for {Path}: {Fault}. {Held} more since the last line.")]
    public static partial void OriginUnreachable(this ILogger log, string path, string fault, long held);

    [LoggerMessage(1002, LogLevel.Error, "A playlist fetch ended in an unexpected way.")]
    public static partial void PlaylistFetchFailed(this ILogger log, Exception fault);

    [LoggerMessage(1003, LogLevel.Warning, "The last good playlist is served in place of a fresh one. {Reason}")]
    public static partial void StalePlaylist(this ILogger log, string reason);

    [LoggerMessage(1004, LogLevel.Warning, "{Count} playlists of {Video} are on hosts that are not listed in Gateway:Origin:AllowedHosts; they play, but are not counted. {Held} more since the last line.")]
    public static partial void PlaylistsLeftAlone(this ILogger log, int count, string video, long held);

    [LoggerMessage(1005, LogLevel.Warning, "A network began more than {Most} sessions within {Window}; further viewers from it play, but are not counted for now (Gateway:Sessions:StartsPerNetwork). {Held} more since the last line.")]
    public static partial void SessionStartsBounded(this ILogger log, int most, TimeSpan window, long held);

    [LoggerMessage(1006, LogLevel.Information, "The origin serves {Path} again.")]
    public static partial void PlaylistRecovered(this ILogger log, string path);

    [LoggerMessage(1007, LogLevel.Warning, "The origin was slow: viewers got the last good playlist of {Path} while a fresh one was on its way. {Held} more since the last line.")]
    public static partial void OriginSlow(this ILogger log, string path, long held);

    [LoggerMessage(1008, LogLevel.Warning, "{Count} URIs of a playlist of {Video} are too long for a path of this gateway, or hold variables that only a player can resolve; they play, but are not counted. {Held} more since the last line.")]
    public static partial void UrisLeftAlone(this ILogger log, int count, string video, long held);

    [LoggerMessage(1009, LogLevel.Warning, "Destination {Destination} of the origin ({Address}) is down: {Reason}")]
    public static partial void OriginDown(this ILogger log, string destination, string address, string reason);

    [LoggerMessage(1010, LogLevel.Information, "Destination {Destination} of the origin answers again.")]
    public static partial void OriginUp(this ILogger log, string destination);

    [LoggerMessage(1011, LogLevel.Warning, "CDN base {Base} is down: {Reason}. Its viewers are sent to the others.")]
    public static partial void CdnDown(this ILogger log, string @base, string reason);

    [LoggerMessage(1012, LogLevel.Information, "CDN base {Base} answers again; its viewers come back.")]
    public static partial void CdnUp(this ILogger log, string @base);

    [LoggerMessage(3001, LogLevel.Information, "Trailer {Label} ({Seconds} s) is in the library.")]
    public static partial void TrailerAdded(this ILogger log, string label, double seconds);

    [LoggerMessage(3002, LogLevel.Warning, "The file {File} cannot be a trailer: {Reason}")]
    public static partial void TrailerRefused(this ILogger log, string file, string reason);

    [LoggerMessage(3003, LogLevel.Warning, "The trailer file {File} could not be read ({Error}); it is tried again.")]
    public static partial void TrailerFileUnreadable(this ILogger log, string file, string error);

    [LoggerMessage(3004, LogLevel.Information, "The copy {Profile} of trailer {Label} was made in {Seconds:0.0} s ({Segments} segments).")]
    public static partial void TrailerCopyMade(this ILogger log, string label, string profile, int segments, double seconds);

    [LoggerMessage(3005, LogLevel.Warning, "The copy {Profile} of trailer {Label} could not be made; videos of that shape play without trailer: {Reason}")]
    public static partial void TrailerCopyFailed(this ILogger log, Exception? error, string label, string profile, string reason);

    [LoggerMessage(3006, LogLevel.Warning, "The trailer library could not be read from the store; videos play without trailer until it can.")]
    public static partial void TrailerLibraryUnreadable(this ILogger log, Exception error);

    [LoggerMessage(3007, LogLevel.Warning, "The active trailer cannot be read or written ({Error}); the one that was active stays active.")]
    public static partial void TrailerStateUnreadable(this ILogger log, string error);

    [LoggerMessage(3008, LogLevel.Warning, "The copies of trailer {Id} could not be read from the store ({Error}); a session may play a Rendition without it. {Held} more since the last line.")]
    public static partial void PinnedTrailerUnreachable(this ILogger log, uint id, string error, long held);

    [LoggerMessage(4000, LogLevel.Information, "The captions of {Video} in {Language} are now {Version}.")]
    public static partial void CaptionsPublished(this ILogger log, string video, string language, string version);

    [LoggerMessage(4001, LogLevel.Information, "The captions of {Video} in {Language} were deleted.")]
    public static partial void CaptionsDeleted(this ILogger log, string video, string language);

    [LoggerMessage(4002, LogLevel.Error, "The stored captions of {Video} in {Language} cannot be read, so viewers get none: line {Line}, {Reason}")]
    public static partial void StoredCaptionsUnreadable(this ILogger log, string video, string language, int line, string reason);

    [LoggerMessage(4003, LogLevel.Warning, "The database does not answer; captions are served as they were read last: {Reason}")]
    public static partial void SubtitleRefreshFailed(this ILogger log, string reason);

    [LoggerMessage(4010, LogLevel.Information, "Job {Job}: automatic captions of {Video} in {Language} are published after {Seconds:0.0} s.")]
    public static partial void AutomaticCaptionsPublished(this ILogger log, string job, string video, string language, double seconds);

    [LoggerMessage(4011, LogLevel.Information, "Job {Job}: automatic captions of {Video} in {Language} were thrown away: {Reason}")]
    public static partial void AutomaticCaptionsDropped(this ILogger log, string job, string video, string language, string reason);

    [LoggerMessage(5000, LogLevel.Information, "ffmpeg runs with isolation {Isolation}.")]
    public static partial void TranscoderIsolation(this ILogger log, Enum isolation);

    [LoggerMessage(5001, LogLevel.Warning, "transcoder not isolated: this machine refuses bubblewrap and network namespaces; docs/operations.md says how to confine the worker from outside.")]
    public static partial void TranscoderNotIsolated(this ILogger log);

    [LoggerMessage(5002, LogLevel.Information, "The machine refuses isolation {Isolation}: {Reason}")]
    public static partial void IsolationRefused(this ILogger log, Enum isolation, string reason);

    [LoggerMessage(5010, LogLevel.Information, "Job {Job} begins, attempt {Attempt}.")]
    public static partial void JobStarted(this ILogger log, string job, int attempt);

    [LoggerMessage(5011, LogLevel.Information, "Job {Job} is published after attempt {Attempt}.")]
    public static partial void JobPublished(this ILogger log, string job, int attempt);

    [LoggerMessage(5012, LogLevel.Warning, "Job {Job} failed: {Reason}")]
    public static partial void JobFailed(this ILogger log, string job, string reason);

    [LoggerMessage(5013, LogLevel.Warning, "Job {Job} no longer belongs to this worker: it was cancelled, or its lease ran out.")]
    public static partial void JobLost(this ILogger log, string job);

    [LoggerMessage(5014, LogLevel.Error, "Job {Job} was put back into the queue after attempt {Attempt}.")]
    public static partial void JobBroken(this ILogger log, Exception e, string job, int attempt);

    [LoggerMessage(5015, LogLevel.Warning, "The table of jobs cannot be read now: {Reason}")]
    public static partial void JobsUnreachable(this ILogger log, string reason);

    [LoggerMessage(5016, LogLevel.Error, "The demo video could not be made.")]
    public static partial void DemoFailed(this ILogger log, Exception e);

    [LoggerMessage(5017, LogLevel.Warning, "Job {Job}: the captions of {Language} in the upload are left out, because the video has the greatest number of tracks that is allowed.")]
    public static partial void CaptionsLeftOut(this ILogger log, string job, string language);

    [LoggerMessage(5018, LogLevel.Warning, "The job folder {Folder} cannot be removed completely; the next start tries again.")]
    public static partial void JobFolderLeft(this ILogger log, string folder);

    [LoggerMessage(5020, LogLevel.Information, "{Count} resumable uploads that nobody continued were removed.")]
    public static partial void PartialUploadsRemoved(this ILogger log, int count);

    [LoggerMessage(5021, LogLevel.Warning, "Old resumable uploads cannot be removed now: {Reason}")]
    public static partial void PartialUploadsUnreadable(this ILogger log, string reason);

    [LoggerMessage(5022, LogLevel.Information, "The objects of {Count} old revisions, ended jobs and unused uploads were removed from the store.")]
    public static partial void ObjectsSwept(this ILogger log, int count);

    [LoggerMessage(5023, LogLevel.Warning, "Unused objects cannot be removed from the store now: {Reason}")]
    public static partial void ObjectsNotSwept(this ILogger log, string reason);

    [LoggerMessage(7001, LogLevel.Warning, "The catalogue cannot be read now; videos stay as they were read last: {Reason}")]
    public static partial void CatalogueUnreadable(this ILogger log, string reason);

    [LoggerMessage(7010, LogLevel.Information, "Changes by other gateways arrive at once (PostgreSQL LISTEN).")]
    public static partial void NoticesHeard(this ILogger log);

    [LoggerMessage(7011, LogLevel.Warning, "The connection that waits for changes by other gateways is lost ({Error}) and is opened again; until then changes are looked for at intervals.")]
    public static partial void NoticesLost(this ILogger log, string error);

    [LoggerMessage(8001, LogLevel.Warning, "The file {File} of the data directory was readable by others; it is now the owner's alone. Make a new token if others use this machine.")]
    public static partial void TokenFileWasReadableByOthers(this ILogger log, string file);

    [LoggerMessage(8002, LogLevel.Warning, "Requests say that a proxy forwarded them (X-Forwarded-For, X-Forwarded-Proto, X-Real-IP, Forwarded), and the proxy is not among Gateway:KnownProxies or sends no X-Forwarded-For: all viewers behind it share its address, so session starts are not bounded by network and wrong tokens are rationed for all together. List the proxy's address there, and let it send X-Forwarded-For. This is logged once.")]
    public static partial void ForwardedHeadersNotBelieved(this ILogger log);

    [LoggerMessage(8003, LogLevel.Warning, "{Check} is {Status}. {Description} {Detail}")]
    public static partial void CheckTroubled(this ILogger log, string check, string status, string description, string detail);

    [LoggerMessage(8004, LogLevel.Information, "{Check} is healthy again.")]
    public static partial void CheckHealthy(this ILogger log, string check);

    [LoggerMessage(8005, LogLevel.Warning, "The tokens in the database cannot be read now; those that were read before still work: {Reason}")]
    public static partial void TokensUnreadable(this ILogger log, string reason);

    [LoggerMessage(8006, LogLevel.Warning, "A check before the start failed, so what it looks at was not checked: {Error}")]
    public static partial void StartCheckFailed(this ILogger log, string error);

    [LoggerMessage(8007, LogLevel.Error, "{Method} {Route} failed, trace_id {TraceId}: {Error}. The stack trace is in the line before.")]
    public static partial void RequestFailed(this ILogger log, string method, string route, string traceId, string error);

    [LoggerMessage(8010, LogLevel.Information, "HlsGateway {Version} has started: roles {Roles}; ledger {Ledger}; store {Store}; at {Urls}.")]
    public static partial void GatewayStarted(this ILogger log, string version, string roles, string ledger, string store, string urls);

    [LoggerMessage(8011, LogLevel.Information, "The gateway stops, once the requests in progress are answered.")]
    public static partial void GatewayStops(this ILogger log);

    [LoggerMessage(8012, LogLevel.Error, "The gateway gave no answer at its own address {Address} within {Seconds} s, so the service manager is not told that it lives.")]
    public static partial void NoSignOfLife(this ILogger log, string address, double seconds);

    [LoggerMessage(9001, LogLevel.Information, "{Video} is measured ({Renditions} Renditions).")]
    public static partial void ContentMeasured(this ILogger log, string video, int renditions);

    [LoggerMessage(9002, LogLevel.Warning, "{Video} could not be measured and plays without trailer for now: {Reason}")]
    public static partial void ContentUnreadable(this ILogger log, Exception? error, string video, string reason);

    [LoggerMessage(9003, LogLevel.Warning, "Measured facts cannot be written or read ({Error}); content is measured again where they are missing.")]
    public static partial void ContentFactsUnreadable(this ILogger log, string error);

    [LoggerMessage(9004, LogLevel.Warning, "The names of Master Playlists cannot be read or written now ({Error}); other gateways may not know them.")]
    public static partial void EntryNamesUnreachable(this ILogger log, string error);

    [LoggerMessage(9005, LogLevel.Error, "The length of {Video} could not be read.")]
    public static partial void ContentLengthUnknown(this ILogger log, Exception fault, string video);
}
