namespace HlsGateway.Telemetry;

/// <summary>Trailers: library, schedule, preview.</summary>
internal sealed partial class Problem
{
    public static Problem BadSchedule { get; } = new("bad-schedule", 400, "The schedule is empty",
        "The time at which the trailer begins is not before the time at which it ends, so it would never play.",
        "Give a 'to' that is later than 'from', or leave one of them out.");

    public static Problem BadScope { get; } = new("bad-scope", 400, "The scope is no glob",
        "The videos for which the trailer plays are named by a glob of 1 to 200 characters.",
        "Send for instance \"videos\": \"shows/*\". Leave it out for all videos.");

    public static Problem NoTrailer { get; } = new("no-trailer", 404, "There is no such trailer",
        "The library has no trailer, or no version of it, with this name.",
        "GET /api/trailers lists names and versions. A version is written name@hash8.");

    public static Problem NothingToUndo { get; } = new("nothing-to-undo", 409, "Nothing to undo",
        "There is no earlier choice of trailer to which the gateway could go back.",
        "GET /api/trailers/history lists the choices so far. Choose a trailer with PUT /api/trailers/active.");

    public static Problem Outdated { get; } = new("outdated", 412, "Somebody else changed it",
        "The If-Match header names a state that is no longer the current one, so the change was not made: it would have undone somebody else's.",
        "Read it again, look at what is new, and repeat the change with the new ETag.");

    public static Problem TrailerFaulty { get; } = new("trailer-faulty", 409, "The trailer would break playback",
        "A copy of the trailer, checked as it would be served, breaks a rule that players depend on. It was not activated.",
        "POST /api/trailers/{name}/check lists every finding. Upload the trailer again, or activate it all the same with ?force=true.");

    public static Problem TrailerRefused { get; } = new("trailer-refused", 422, "The file cannot be a trailer",
        "The file cannot be read as video, or is longer or larger than a trailer may be. The detail tells which.",
        "Cut, shrink or convert the file and upload it again.", 413);

    public static Problem TrailerUnchecked { get; } = new("trailer-unchecked", 503, "The file could not be checked",
        "The program that reads the file could not be run, so it is not known whether the file can be a trailer. It was not kept.",
        "Try again. When it lasts, the operator finds the reason in the log.");

    public static Problem TrailerWithdrawn { get; } = new("trailer-withdrawn", 409, "The trailer was withdrawn",
        "This version was withdrawn and is no longer played: neither activated (409) nor served to sessions that began with it (410).",
        "Choose another version, or upload a new one. A player that begins a new session gets it without this trailer.", 410);
}
