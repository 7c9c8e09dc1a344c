namespace HlsGateway.Telemetry;

/// <summary>Notes, saved views and shared links.</summary>
internal sealed partial class Problem
{
    public static Problem BadNote { get; } = new("bad-note", 400, "This note cannot be kept",
        "The text, the moment or the video of the note cannot be used. Nothing was changed.",
        "The detail says which of them is wrong, and what to write.");

    public static Problem BadShare { get; } = new("bad-share", 400, "This link cannot be made",
        "The video, the query or the expiry time of the shared link cannot be used. No link was made.",
        "The detail says which of them is wrong, and what to write.");

    public static Problem BadView { get; } = new("bad-view", 400, "This view cannot be saved",
        "The name is empty or too long, or the address is not a page of the Studio. Nothing was saved.",
        "The detail says which of them is wrong, and what to write.");

    public static Problem NoSuchNote { get; } = new("no-such-note", 404, "There is no such note",
        "No note of the team, and none of your own, has this id.",
        "GET /api/notes lists the notes with their ids.");

    public static Problem NoSuchShare { get; } = new("no-such-share", 404, "There is no such shared link",
        "The link was never made, was ended by whoever made it, or has expired.",
        "Ask whoever gave you the link for a new one. GET /api/shares lists the links that are valid.");

    public static Problem NoSuchView { get; } = new("no-such-view", 404, "There is no such saved view",
        "No saved view of the team, and none of your own, has this id.",
        "GET /api/views lists the saved views with their ids.");

    public static Problem NotYours { get; } = new("not-yours", 403, "Somebody else made this",
        "Notes, saved views and shared links are changed and deleted by whoever made them, or by an admin.",
        "Ask the person whom the detail names, or an admin.");

    public static Problem TooManyKept { get; } = new("too-many-kept", 409, "No more of these can be kept",
        "Notes, saved views and shared links are read whole, so the number of each is limited.",
        "Delete some that nobody needs.");
}
