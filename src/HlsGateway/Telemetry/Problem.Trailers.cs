namespace HlsGateway.Telemetry;

/// <summary>Trailers: library, schedule, preview.</summary>
internal sealed partial class Problem
{
    public static Problem BadSchedule { get; } = new("bad-schedule", 400, "The entry does not end later than it begins",
        "The time at which the trailer begins is not before the time at which it ends, so it would never play.",
        "Give a 'to' that is later than 'from', or leave one of them out.");

    public static Problem BadScope { get; } = new("bad-scope", 400, "The pattern for videos is not valid",
        "The videos for which the trailer plays are chosen by a pattern of 1 to 200 characters, in which * stands for any text.",
        "Send for instance \"videos\": \"shows/*\". Leave it out for all videos.");

    public static Problem NoEntry { get; } = new("no-entry", 404, "There is no such entry of the schedule",
        "The schedule has no entry with this id: it was removed, or never existed.",
        "GET /api/trailers/schedule lists the entries. POST /api/trailers/rollback brings back what the last change removed.");

    public static Problem NoTrailer { get; } = new("no-trailer", 404, "There is no such trailer",
        "The library has no trailer, or no version of it, with this name.",
        "GET /api/trailers lists names and versions. A version is written name@hash8.");

    public static Problem NothingToUndo { get; } = new("nothing-to-undo", 409, "Nothing to undo",
        "There is no earlier choice of trailer to which the gateway could go back.",
        "GET /api/trailers/history lists the choices so far. Choose a trailer with PUT /api/trailers/active.");

    public static Problem Outdated { get; } = new("outdated", 412, "Somebody else changed it",
        "The If-Match header names a state that is no longer the current one, so the change was not made: it would have overwritten somebody else's change.",
        "Read it again, look at what is new, and repeat the change with the new ETag.");

    public static Problem ReservedName { get; } = new("reserved-name", 422, "No trailer can have this name",
        "The path below /api/trailers/ with this name is a call of the API itself, so no trailer can have it.",
        "Choose another name for the trailer.");

    public static Problem ScheduleRefused { get; } = new("schedule-refused", 409, "The schedule does not accept the entry",
        "The entry was sent with ?strict=true and there is a warning about it, or the schedule is full. Nothing was changed.",
        "Read 'warnings': each has a code, a sentence, and the other entry that it is about. Change the entry, or send it without strict.");

    public static Problem TrailerFaulty { get; } = new("trailer-faulty", 409, "The trailer would break playback",
        "A copy of the trailer, checked as it would be served, breaks a rule that players depend on. It was not activated.",
        "POST /api/trailers/{name}/check lists every finding. Upload the trailer again, or activate it all the same with ?force=true.");

    public static Problem TrailerInUse { get; } = new("trailer-in-use", 409, "The schedule selects the trailer",
        "Entries of the schedule that are on or planned select the trailer, so removing it would change what viewers get. Nothing was changed.",
        "Remove the entries that the detail names, or repeat the call with ?force=true.");

    public static Problem TrailerRefused { get; } = new("trailer-refused", 422, "The file cannot be a trailer",
        "The file cannot be read as video, or is longer or larger than a trailer may be. The detail tells which.",
        "Cut, shrink or convert the file and upload it again.", 413);

    public static Problem TrailerRemoved { get; } = new("trailer-removed", 409, "The trailer was removed",
        "This version was removed from the library, so no new session can get it.",
        "POST /api/trailers/{name}/restore undoes the removal. Or choose another version.");

    public static Problem TwoEnds { get; } = new("two-ends", 400, "The entry has two ends",
        "'to' and 'until' are two names of the time at which an entry of the schedule ends, and they give different times.",
        "Give only 'to'.");

    public static Problem TrailerUnchecked { get; } = new("trailer-unchecked", 503, "The file could not be checked",
        "The program that reads the file could not be run, so it is not known whether the file can be a trailer. It was not kept.",
        "Try again. If the error goes on, the operator finds the reason in the log.");

    public static Problem TrailerWithdrawn { get; } = new("trailer-withdrawn", 409, "The trailer was withdrawn",
        "This version was withdrawn and is no longer played: neither activated (409) nor served to sessions that began with it (410).",
        "Choose another version, or upload a new one. A player that begins a new session gets it without this trailer.", 410);
}
