using System.Xml.Linq;
using Dapper;
using HlsGateway.Database;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace HlsGateway.Tokens;

/// <summary>The keys of the framework's data protection, in the catalogue's database: a cookie of one gateway is read by all that share it, and survives a restart.</summary>
/// <remarks>The interface is synchronous: keys are read with the start, and then once a day.</remarks>
internal sealed class ProtectionKeys(CatalogueDatabase database, TimeProvider time) : IXmlRepository
{
    private long read;

    public IReadOnlyCollection<XElement> GetAllElements() => Task.Run(async () =>
    {
        await using var connection = await database.OpenAsync(CancellationToken.None);
        var keys = (await connection.QueryAsync<string>("SELECT xml FROM protection_key ORDER BY made_at, name")).Select(XElement.Parse).ToList();
        Volatile.Write(ref read, keys.Count);
        return keys;
    }).GetAwaiter().GetResult();

    /// <summary>
    /// Keeps a new key, unless another gateway has made one since the keys were read. The framework reads them anew after this call, and so
    /// takes that one: two that start together would otherwise each hold a key that the other reads a day later.
    /// </summary>
    public void StoreElement(XElement element, string friendlyName) => Task.Run(() => database.WriteAsync(
        async (connection, transaction) =>
        {
            // Whoever stores one at this moment waits for the clock's row.
            await connection.ExecuteAsync("UPDATE token_clock SET value = value WHERE id = 1", null, transaction);
            return await connection.ExecuteAsync(
                "INSERT INTO protection_key (name, xml, made_at) SELECT @name, @xml, @madeAt WHERE (SELECT COUNT(*) FROM protection_key) = @known",
                new { name = friendlyName, xml = element.ToString(SaveOptions.DisableFormatting), madeAt = time.GetUtcNow().ToUnixTimeMilliseconds(), known = Volatile.Read(ref read) }, transaction);
        },
        CancellationToken.None)).GetAwaiter().GetResult();
}
