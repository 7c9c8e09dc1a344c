namespace HlsGateway.Tests.Counting.Crash;

/// <summary>
/// The places at which a gateway is ended, by name. Where in the program each of them lies, <see cref="CrashingGateway"/> says; a
/// name that it never passes is a failed test.
/// </summary>
internal static class CrashPoints
{
    /// <summary>On the way of a request to the disk and back, with the number of passes after which it is hit.</summary>
    public static readonly (string Name, int Pass)[] OfTheOutbox =
    [
        ("before the write", 8),
        ("after the write", 6),
        ("before the commit", 7),
        ("before the WAL is written", 30),
        ("after the WAL is written", 25),
        ("before the WAL's fsync", 8),
        ("after the WAL's fsync", 5),
        ("after the commit", 6),
        ("before the 302", 400),
        ("after the 302", 300),
        ("before the merge", 2),
        ("before the merge's place", 2),
        ("before the merge's mark", 2),
        ("before the merge's commit", 1),
        ("after the merge's commit", 2),
        ("before the database is written", 3),
        ("after the database is written", 4),
        ("before the database's fsync", 1),
        ("after the database's fsync", 1),
    ];

    /// <summary>On the way from the outbox to PostgreSQL.</summary>
    public static readonly (string Name, int Pass)[] OfTheForwarder =
    [
        ("before COPY", 3),
        ("after COPY", 4),
        ("before the high-water mark", 3),
        ("after the high-water mark", 2),
        ("after PostgreSQL's commit", 4),
        ("before the trim", 2),
        ("after the trim", 3),
        ("before the trim's commit", 2),
        ("after the trim's commit", 2),
    ];

    /// <summary>Seen on the wire to PostgreSQL: the gateway is killed from outside while the message passes.</summary>
    public static readonly (string Name, int Pass)[] OnTheWire =
    [
        ("within COPY", 3),
        ("between PostgreSQL's commit and its answer", 3),
    ];
}
