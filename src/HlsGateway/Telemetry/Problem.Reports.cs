namespace HlsGateway.Telemetry;

/// <summary>Sessions, figures, exports.</summary>
internal sealed partial class Problem
{
    public static Problem BadSession { get; } = new("bad-session", 400, "That is no session id",
        "A session is named by its UUID, or by the 40 characters of session_id in a player's URL. The text is neither.",
        "Copy the id from GET /api/sessions, or the value of session_id from the player's URL.");

    public static Problem LedgerAway { get; } = new("ledger-away", 503, "The ledger cannot be asked now",
        "The database with the sessions does not answer, or not in time. Viewers keep watching and are counted all the same.",
        "Try again in a moment. When it lasts, the operator finds the reason at /healthz/ready and in the log.");

    public static Problem NoDemoSession { get; } = new("no-demo-session", 404, "This is not a session of the demo video",
        "The demo page asked for the counts of a session that is none of the demo video's, or is over.",
        "Reload the page: it begins a session of its own.");

    public static Problem NoSuchSession { get; } = new("no-such-session", 404, "The ledger has no such session",
        "No request of this session was recorded here, or its record is past its retention.",
        "A session appears once a request of it was recorded. GET /api/sessions lists those that there are.");
}
