namespace HlsGateway.Counting;

/// <summary>What is known of a session's playing; the lower bounds of its figures rest on it.</summary>
internal enum Basis : byte
{
    /// <summary>Only what was handed out.</summary>
    Fetched = 0,

    /// <summary>The player told its buffer with its requests (CMCD).</summary>
    Buffered = 1,

    /// <summary>The player reported its playing (event reports).</summary>
    Measured = 2,
}
