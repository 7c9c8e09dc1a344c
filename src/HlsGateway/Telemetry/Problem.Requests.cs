namespace HlsGateway.Telemetry;

/// <summary>Requests that any call may refuse, and failures of the gateway.</summary>
internal sealed partial class Problem
{
    public static Problem AmbiguousBody { get; } = new("ambiguous-body", 400, "The length of the body is not clear",
        "The headers give the body two different lengths, or a transfer coding that is not supported. A proxy and the gateway could read such a request in different ways, so it is refused and the connection is closed.",
        "Send Content-Length, or 'Transfer-Encoding: chunked' once, but not both. HTTP libraries do this by themselves, so check the proxies between the client and the gateway.");

    public static Problem BadParameter { get; } = new("bad-parameter", 400, "A parameter cannot be used",
        "A query parameter has a value of the wrong kind, or one outside its bounds. Nothing was done.",
        "The detail names the parameter and what it must be.");

    public static Problem BadRequest { get; } = new("bad-request", 400, "The request cannot be read",
        "A parameter, a header or the body is not in the form that the call takes: for example text where a number is needed, or broken JSON.",
        "The detail names what could not be read. Compare the request with the description of the call in /openapi/v1.json.",
        408, 411, 414, 417, 431, 505);

    public static Problem BadTarget { get; } = new("bad-target", 400, "The request's address has characters that are not allowed in an address",
        "The path or the query has a space, a control character or a non-ASCII character that is not percent-encoded.",
        "Percent-encode such characters: a space is %20, é is %C3%A9.");

    public static Problem BadTime { get; } = new("bad-time", 400, "A time cannot be used",
        "A time is not in the form that RFC 3339 gives it, or has no offset from UTC, so it would be a different moment in each time zone. Nothing was done.",
        "Write the time in UTC (2026-11-30T12:00:00Z) or with its offset (2026-11-30T13:00:00+01:00). In a query the plus sign is %2B. Where a call takes tz, a date alone is that day in tz.");

    public static Problem DatabaseAway { get; } = new("database-away", 503, "The database does not answer",
        "PostgreSQL cannot be reached, or has no server that takes writes at the moment. Viewers can still watch and are still counted.",
        "Try again in a moment: nothing was changed. If the error goes on, the operator finds the reason at /healthz/ready and in the log.");

    public static Problem EmptyParameter { get; } = new("empty-parameter", 400, "A query parameter has no value",
        "A query parameter is given without a value. That could mean that no filter is wanted, or that the client lost the value.",
        "Give the parameter a value, or leave it out.");

    public static Problem Internal { get; } = new("internal", 500, "Something went wrong in the gateway",
        "The gateway failed while it handled this request. The client did nothing wrong.",
        "Try again. If the error goes on, give the operator the trace_id of the answer: the gateway's log has a line with this trace_id that says what failed.");

    public static Problem MediaType { get; } = new("media-type", 415, "The body's Content-Type is not accepted here",
        "The call takes a body of another media type than the one that Content-Type names, or the header is missing.",
        "Send the media type that the detail names, or that the call's description in /openapi/v1.json names.");

    public static Problem Method { get; } = new("method", 405, "The method is not allowed here",
        "The path exists, but not with this HTTP method.",
        "The Allow header of the answer lists the methods that are allowed.");

    public static Problem NotFound { get; } = new("not-found", 404, "There is nothing here",
        "No call and no page of the gateway has this path.",
        "Check the path for typing errors. A slash inside a name must be written %2F. /openapi/v1.json lists all calls.");

    public static Problem Refused { get; } = new("refused", 400, "The request was refused",
        "The request was refused for the reason that its status gives.",
        "Check the request against /openapi/v1.json.",
        401, 403, 406, 408, 409, 410, 411, 412, 413, 414, 416, 417, 421, 422, 426, 428, 429, 431, 501, 502, 503, 504, 505);

    public static Problem RepeatedKey { get; } = new("repeated-key", 400, "The body has a key twice",
        "The JSON body has one key twice. Programs read such a body in different ways.",
        "Give each key once.");

    public static Problem RepeatedParameter { get; } = new("repeated-parameter", 400, "A query parameter is given twice",
        "The call takes this query parameter once, and could use only one of its values.",
        "Give the parameter once.");

    public static Problem TooLarge { get; } = new("too-large", 413, "The body is too large",
        "The body has more bytes than this call takes. None of it was kept.",
        "Send a smaller body. GET /api/limits shows the limits, and the detail names the setting with which the operator can raise them.");

    public static Problem UnknownKey { get; } = new("unknown-key", 400, "The body has a key that is not known here",
        "The JSON body has a key that the call does not take. The whole body is refused: if a misspelt key were ignored, the change would not be the one that was meant.",
        "The detail names the most similar key, and all keys that the body takes.");

    public static Problem UnknownParameter { get; } = new("unknown-parameter", 400, "A query parameter is not known here",
        "The query has a parameter that the call does not take. It is refused: if a misspelt filter were ignored, the answer would be about everything.",
        "The detail names the most similar parameter, and all parameters that the call takes.");
}
