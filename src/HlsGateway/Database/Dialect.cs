namespace HlsGateway.Database;

public enum Dialect
{
    Sqlite,
    Postgres,
}
