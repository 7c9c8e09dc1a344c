namespace HlsGateway.Telemetry;

/// <summary>Videos and what uploads must be, in one request or over tus.</summary>
internal sealed partial class Problem
{
    public static Problem BadVideo { get; } = new("bad-video", 400, "This is not the id of a video",
        "A video is named by the path between /watch/ and /playlist.m3u8. The text cannot be such a path.",
        "Write the id as it stands in the playlist's URL. Its slashes may be escaped (%2F) or not; they must be where its end could be taken for a call, as in films/analytics.");

    public static Problem Busy { get; } = new("busy", 409, "Another request writes to this upload",
        "Two requests cannot append to one upload at the same time.",
        "Wait for the other to end, or ask with HEAD, which ends it, and go on at the offset that HEAD tells.");

    public static Problem Checksum { get; } = new("checksum", 460, "The bytes are not those of the checksum",
        "The bytes that came differ from those for which the client computed Upload-Checksum. They were thrown away.",
        "Send the same bytes again.");

    public static Problem Concatenation { get; } = new("concatenation", 400, "Uploads are not put together here",
        "The tus extension that joins several uploads to one (Upload-Concat) is not offered.",
        "Send the file in one upload; it may come in as many PATCH requests as you like.");

    public static Problem Empty { get; } = new("empty", 400, "The body is empty",
        "An upload was expected, and no byte came.",
        "Send the bytes of the file as the body, as curl -T does.");

    public static Problem Interrupted { get; } = new("interrupted", 409, "The upload was interrupted",
        "The connection ended, or a HEAD of the same upload ended it, before all bytes were here. What came is kept.",
        "Ask with HEAD how many bytes are here, and go on from there.");

    public static Problem NoFile { get; } = new("no-file", 404, "This file is not kept",
        "A video has a source once it is ready, and its original where Transcode:KeepOriginal was on when it was uploaded.",
        "GET /api/videos/{video} tells with 'source' and 'original' which files are kept.");

    public static Problem NoObject { get; } = new("no-object", 404, "There is no such object",
        "The store has no public object of this name: it was never there, or its video was deleted.",
        "The address comes from a redirect of the gateway. Ask for the playlist again.");

    public static Problem NoRoom { get; } = new("quota", 413, "There is no room for another unfinished upload",
        "Uploads that are not finished take room on the gateway's disk, and their number and bytes are bounded.",
        "Wait until other uploads are done, finish or DELETE unfinished ones, or let the operator raise Transcode:MaxPartialBytes and Transcode:MaxPartialUploads.");

    public static Problem NoSuchUpload { get; } = new("no-such-upload", 404, "There is no such upload",
        "The upload was finished, was ended, has expired, or was begun with another token.",
        "Begin a new one with POST /api/uploads.");

    public static Problem NoVideo { get; } = new("no-video", 404, "There is no such video",
        "No video of this id is kept here.",
        "GET /api/videos lists the videos kept here. Videos of other origins need no upload and stand in no list.");

    public static Problem NoVideoStream { get; } = new("no-video-stream", 422, "The file has no moving picture",
        "The file has sound or a cover picture alone.",
        "Send a file with a video stream.");

    public static Problem Offset { get; } = new("offset", 409, "The offset is not where this upload stands",
        "Upload-Offset differs from the number of bytes that are here. The answer's Upload-Offset tells that number.",
        "Go on from there.");

    public static Problem TooFewPixels { get; } = new("too-few-pixels", 422, "The picture is too small",
        "The picture has fewer than 16 pixels on one side.",
        "Send a larger picture.");

    public static Problem TooLong { get; } = new("too-long", 422, "The video is too long",
        "The video runs longer than uploads may.",
        "Cut it, or let the operator raise Transcode:MaxDuration. GET /api/limits tells the limit.");

    public static Problem TooManyPixels { get; } = new("too-many-pixels", 422, "The picture is too large",
        "The longer side of the picture has more pixels than uploads may.",
        "Scale it down, or let the operator raise Transcode:MaxSide. GET /api/limits tells the limit.");

    public static Problem TooManyStreams { get; } = new("too-many-streams", 422, "The file has too many tracks",
        "The file holds more than 32 pictures, sounds and texts.",
        "Save it with one picture and one sound track.");

    public static Problem TusVersion { get; } = new("tus-version", 412, "This version of tus is not spoken here",
        "The header Tus-Resumable is missing or names another version than 1.0.0.",
        "Send 'Tus-Resumable: 1.0.0', or the whole file with PUT /api/videos/{video}.");

    public static Problem Unreadable { get; } = new("unreadable", 422, "The file cannot be read as video",
        "ffprobe finds no video in the file: it is of another kind, cut off, damaged or encrypted.",
        "Send a video file: MP4, MOV, MKV, WebM, AVI, MPEG-TS, MPEG-PS, FLV or Ogg, whole and not encrypted.");

    public static Problem UploadChecksum { get; } = new("upload-checksum", 400, "The checksum cannot be read",
        "Upload-Checksum is not the name of an algorithm that is known here, a space and a digest in base64.",
        "OPTIONS /api/uploads lists the algorithms in Tus-Checksum-Algorithm.");

    public static Problem UploadLength { get; } = new("upload-length", 400, "The upload's length is missing",
        "A tus upload begins with the number of its bytes; it cannot be told later (Upload-Defer-Length).",
        "Send Upload-Length with the file's bytes as a decimal number.");

    public static Problem UploadLengthExceeded { get; } = new("upload-length-exceeded", 413, "That is more than the upload's length",
        "More bytes came than were announced when the upload began.",
        "Send no more than Upload-Length, or begin a new upload.");

    public static Problem UploadMetadata { get; } = new("upload-metadata", 400, "The upload does not say which video it is",
        "The key 'video' of Upload-Metadata is missing or is not in base64.",
        "Send Upload-Metadata with the key 'video' and the video's id in base64.");

    public static Problem UploadOffset { get; } = new("upload-offset", 400, "The offset is missing",
        "A PATCH says with Upload-Offset where its bytes belong.",
        "Send Upload-Offset with the number of bytes that are here; HEAD tells it.");

    public static Problem VideoId { get; } = new("video-id", 400, "This cannot be a video's id",
        "Ids of uploads are parts of paths, so not every text can be one.",
        "Use one to eight path segments of letters, digits and . _ : @ + -; none may begin with a dot, be 'subtitles' or end in .m3u8.");
}
