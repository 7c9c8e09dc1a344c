namespace HlsGateway.Access;

/// <summary>Reports cannot be answered now; counting goes on in the outbox.</summary>
internal sealed class LedgerAwayException(Exception inner) : Exception("PostgreSQL does not answer.", inner);
