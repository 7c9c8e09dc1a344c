namespace HlsGateway.Telemetry;

/// <summary>Videos and what uploads must be, in one request or over tus.</summary>
internal sealed partial class Problem
{
    public static Problem BadVideo { get; } = new("bad-video", 400, "This is not the id of a video",
        "A video is named by the path between /watch/ and /playlist.m3u8. The text cannot be such a path.",
        "Write the id as it stands in the playlist's URL. Its slashes may be written / or %2F. They must be %2F where the last part could be read as a call, as in films/analytics.");

    public static Problem Busy { get; } = new("busy", 409, "Another request writes to this upload",
        "Two requests cannot append to one upload at the same time.",
        "Wait until the other request ends. Or send HEAD, which ends it, and continue at the offset that HEAD returns.");

    public static Problem Checksum { get; } = new("checksum", 460, "The bytes do not match the checksum",
        "The bytes that arrived do not match Upload-Checksum. They were not kept.",
        "Send the same bytes again.");

    public static Problem Concatenation { get; } = new("concatenation", 400, "Joining uploads is not supported",
        "The tus extension that joins several uploads into one (Upload-Concat) is not supported.",
        "Send the file in one upload; it may come in as many PATCH requests as you like.");

    public static Problem Empty { get; } = new("empty", 400, "The body is empty",
        "An upload was expected, and no bytes arrived.",
        "Send the bytes of the file as the body, as curl -T does.");

    public static Problem Interrupted { get; } = new("interrupted", 409, "The upload was interrupted",
        "The connection ended, or a HEAD of the same upload ended it, before all bytes arrived. The bytes that arrived are kept.",
        "Send HEAD to learn how many bytes arrived, and continue from there.");

    public static Problem NoFile { get; } = new("no-file", 404, "This file is not kept",
        "A video has a source once it is ready, and its original where Transcode:KeepOriginal was on when it was uploaded.",
        "GET /api/videos/{video} shows in 'source' and 'original' which files are kept.");

    public static Problem NoObject { get; } = new("no-object", 404, "There is no such object",
        "The store has no public object of this name: it was never there, or its video was deleted.",
        "The address comes from a redirect of the gateway. Request the playlist again.");

    public static Problem NoRoom { get; } = new("quota", 413, "There is no room for another unfinished upload",
        "Unfinished uploads use space on the gateway's disk, so their number and size are limited.",
        "Wait until other uploads are done, finish or DELETE unfinished ones, or ask the operator to raise Transcode:MaxPartialBytes and Transcode:MaxPartialUploads.");

    public static Problem NoSuchUpload { get; } = new("no-such-upload", 404, "There is no such upload",
        "The upload was finished, was ended, has expired, or was begun with another token.",
        "Begin a new one with POST /api/uploads.");

    public static Problem NoVideo { get; } = new("no-video", 404, "There is no such video",
        "No video of this id is kept here.",
        "GET /api/videos lists the videos kept here. Videos on another origin need no upload; they are listed once somebody has watched them.");

    public static Problem NoVideoStream { get; } = new("no-video-stream", 422, "The file has no moving picture",
        "The file has only sound or a cover picture.",
        "Send a file with a video stream.");

    public static Problem Offset { get; } = new("offset", 409, "The offset does not match the upload",
        "Upload-Offset differs from the number of bytes received so far. The answer's Upload-Offset gives that number.",
        "Continue from there.");

    public static Problem TooFewPixels { get; } = new("too-few-pixels", 422, "The picture is too small",
        "The picture has fewer than 16 pixels on one side.",
        "Send a larger picture.");

    public static Problem TooLong { get; } = new("too-long", 422, "The video is too long",
        "The video is longer than uploads may be.",
        "Cut it, or ask the operator to raise Transcode:MaxDuration. GET /api/limits shows the limit.");

    public static Problem TooManyPixels { get; } = new("too-many-pixels", 422, "The picture is too large",
        "The longer side of the picture has more pixels than uploads may have.",
        "Scale it down, or ask the operator to raise Transcode:MaxSide. GET /api/limits shows the limit.");

    public static Problem TooManyStreams { get; } = new("too-many-streams", 422, "The file has too many tracks",
        "The file has more than 32 video, sound and text tracks.",
        "Save it with one video track and one sound track.");

    public static Problem TusVersion { get; } = new("tus-version", 412, "This version of tus is not supported",
        "The header Tus-Resumable is missing or names another version than 1.0.0.",
        "Send 'Tus-Resumable: 1.0.0', or the whole file with PUT /api/videos/{video}.");

    public static Problem Unreadable { get; } = new("unreadable", 422, "The file cannot be read as video",
        "ffprobe finds no video in the file: it is of another kind, cut off, damaged or encrypted.",
        "Send a video file: MP4, MOV, MKV, WebM, AVI, MPEG-TS, MPEG-PS, FLV or Ogg, whole and not encrypted.");

    public static Problem UploadChecksum { get; } = new("upload-checksum", 400, "The checksum cannot be read",
        "Upload-Checksum must be the name of a supported algorithm, a space, and a digest in base64.",
        "OPTIONS /api/uploads lists the algorithms in Tus-Checksum-Algorithm.");

    public static Problem UploadLength { get; } = new("upload-length", 400, "The upload's length is missing",
        "A tus upload must give its number of bytes when it begins. Giving it later (Upload-Defer-Length) is not supported.",
        "Send Upload-Length with the file's bytes as a decimal number.");

    public static Problem UploadLengthExceeded { get; } = new("upload-length-exceeded", 413, "There are more bytes than the upload's length",
        "More bytes arrived than were announced when the upload began.",
        "Send no more than Upload-Length, or begin a new upload.");

    public static Problem UploadMetadata { get; } = new("upload-metadata", 400, "The upload does not say which video it is",
        "The key 'video' of Upload-Metadata is missing or is not in base64.",
        "Send Upload-Metadata with the key 'video' and the video's id in base64.");

    public static Problem UploadOffset { get; } = new("upload-offset", 400, "The offset is missing",
        "A PATCH must say with Upload-Offset where its bytes belong.",
        "Send Upload-Offset with the number of bytes received so far; HEAD returns it.");

    public static Problem VideoId { get; } = new("video-id", 400, "This cannot be a video's id",
        "Ids of uploads are parts of paths, so not every text is allowed.",
        "Use one to eight path segments of letters, digits and . _ : @ + -; none may begin with a dot, be 'subtitles' or end in .m3u8.");

    public static Problem NothingToRetry { get; } = new("nothing-to-retry", 409, "There is no upload to try again",
        "The last upload of this video did not fail, its file was refused for what it is, or it failed so long ago that its file is no longer kept.",
        "Read 'error' of GET /api/videos/{video}, and upload the file again.");

    public static Problem VideoGone { get; } = new("video-gone", 410, "This video can no longer be brought back",
        "It was deleted longer ago than a deletion can be undone: its objects are removed, or may be at any moment.",
        "Upload it again. The header 'Restorable-Until' of a deletion says how long it can be undone.");

    public static Problem VideoTaken { get; } = new("video-taken", 409, "The id of the deleted video has a video",
        "The video was brought back already, or a later upload has its id.",
        "GET /api/videos/{video} shows what stands there now.");
}
