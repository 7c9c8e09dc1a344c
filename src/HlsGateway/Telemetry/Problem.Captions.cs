namespace HlsGateway.Telemetry;

/// <summary>Caption tracks, written by people or by a program.</summary>
internal sealed partial class Problem
{
    public static Problem BadCaptions { get; } = new("bad-captions", 422, "The caption file cannot be used",
        "The file is neither WebVTT nor SubRip (SRT), or breaks their rules in a way that players would show. 'line' names the line (0: the whole file) and 'reason' what is wrong with it.",
        "Correct the line and send the file again. With ?draft=true an unfinished file is kept for editors.", 413);

    public static Problem BadFormat { get; } = new("bad-format", 400, "This format is not offered",
        "Captions are given out as the file that was sent, or as WebVTT.",
        "Leave 'format' out, or ask for format=vtt.");

    public static Problem BadLanguage { get; } = new("bad-language", 400, "This is not a language tag",
        "Languages are named by BCP 47 tags (RFC 5646).",
        "Use a tag such as en, pt-BR or zh-Hant.");

    public static Problem BadName { get; } = new("bad-name", 400, "This name cannot be used in a playlist",
        "Playlists and the menus of players show the name of a caption track. This name is empty, too long, or has characters that are not allowed there.",
        "Use 1 to 100 characters without double quotes, line ends, control characters or direction overrides.");

    public static Problem CaptionsByHand { get; } = new("captions-by-hand", 409, "The captions of this language were written by people",
        "A program never replaces captions that people wrote or corrected.",
        "DELETE those captions first, or name another language.");

    public static Problem CaptionsChanged { get; } = new("captions-changed", 412, "The captions are not in the state that the request expects",
        "If-Match or If-None-Match names another state of the captions than the present one: somebody changed or deleted them. Nothing was saved.",
        "GET them again, merge, and send the new ETag in If-Match.");

    public static Problem CaptionsDoubtful { get; } = new("captions-doubtful", 409, "There is a warning about these captions",
        "The captions were sent with ?strict=true, and there is a warning about them. Nothing was published.",
        "Read 'warnings': each has a code and a sentence. Correct the file or the address, or send it without strict.");

    public static Problem NoAutomaticCaptions { get; } = new("no-automatic-captions", 409, "No program writes captions here",
        "This installation has no program that writes captions from a video's sound.",
        "The operator can set Subtitles:Automatic:Command on gateways and workers.");

    public static Problem NoCaptions { get; } = new("no-captions", 404, "There are no such captions",
        "The video has no captions, no draft or no version of this name in this language.",
        "GET /api/videos/{video}/subtitles lists languages, versions and drafts.");

    public static Problem NoEarlierCaptions { get; } = new("no-earlier-captions", 409, "There is no earlier version of the captions",
        "A rollback publishes the previous version again, and there is no previous version.",
        "GET …/subtitles/{language}/versions lists the versions. Name one in the body, or DELETE the captions.");

    public static Problem NoJob { get; } = new("no-job", 404, "No program is writing these captions",
        "No job that writes captions of this language waits or runs.",
        "GET /api/videos/{video}/subtitles/automatic lists the jobs.");

    public static Problem NoSound { get; } = new("no-sound", 409, "The video has no sound",
        "Captions are written from what is said, and this video is silent.",
        "Upload the video with its sound.");

    public static Problem TooManyTracks { get; } = new("too-many-tracks", 409, "The video already has the most caption tracks allowed",
        "Each caption track is a line in every playlist of the video, so their number is limited.",
        "Delete a language, or ask the operator to raise Subtitles:MaxTracks. GET /api/limits shows the limit.");
}
