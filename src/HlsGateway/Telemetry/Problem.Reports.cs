namespace HlsGateway.Telemetry;

/// <summary>Sessions, figures, exports.</summary>
internal sealed partial class Problem
{
    public static Problem BadSession { get; } = new("bad-session", 400, "This is not a session id",
        "A session is named by its UUID, or by the 40 characters of session_id in a player's URL. The text is neither.",
        "Copy the id from GET /api/sessions, or the value of session_id from the player's URL.");

    public static Problem LedgerAway { get; } = new("ledger-away", 503, "The ledger cannot be read now",
        "The database with the sessions does not answer in time. Viewers can still watch and are still counted.",
        "Try again in a moment. If the error goes on, the operator finds the reason at /healthz/ready and in the log.");

    public static Problem NoDemoSession { get; } = new("no-demo-session", 404, "This is not a session of the demo video",
        "The demo page asked for the counts of a session that is not a session of the demo video, or has ended.",
        "Reload the page: it starts a new session.");

    public static Problem NoSuchSession { get; } = new("no-such-session", 404, "The ledger has no such session",
        "No request of this session was recorded here, or its record was deleted when its retention time ended.",
        "A session appears when its first request is recorded. GET /api/sessions lists the sessions.");
}
