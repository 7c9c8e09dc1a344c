namespace HlsGateway.Database;

internal enum Dialect
{
    Sqlite,
    Postgres,
}
