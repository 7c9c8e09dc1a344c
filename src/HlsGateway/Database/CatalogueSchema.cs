using System.Reflection;

namespace HlsGateway.Database;

/// <summary>
/// The tables of the catalogue: <c>Migrations/*.sql</c> in the order of their names. A file named <c>….sqlite.sql</c> or
/// <c>….postgres.sql</c> is for that dialect only. A file that has been released is never changed.
/// </summary>
internal static class CatalogueSchema
{
    public static Schema Of(Dialect dialect) => new()
    {
        Steps = [.. Files(dialect)],
        Lock = 0x486c73476174,
        Prepare = "CREATE TABLE IF NOT EXISTS catalogue_migration (name text PRIMARY KEY, at bigint NOT NULL)",
        Done = "SELECT name FROM catalogue_migration",
        Note = step => FormattableString.Invariant($"INSERT INTO catalogue_migration (name, at) VALUES ('{step.Name}', {DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()})"),
    };

    private static IEnumerable<SchemaStep> Files(Dialect dialect)
    {
        const string folder = "HlsGateway.Database.Migrations.";
        var other = dialect == Dialect.Sqlite ? ".postgres.sql" : ".sqlite.sql";
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var resource in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!resource.StartsWith(folder, StringComparison.Ordinal) || resource.EndsWith(other, StringComparison.Ordinal))
                continue;
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)
                ?? throw new InvalidOperationException($"The migration {resource} is not embedded in the program; build it again."));
            yield return new(resource[folder.Length..], reader.ReadToEnd());
        }
    }
}
