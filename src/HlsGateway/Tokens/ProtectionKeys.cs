using System.Xml.Linq;
using Dapper;
using HlsGateway.Database;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace HlsGateway.Tokens;

/// <summary>The keys of the framework's data protection, in the catalogue's database: a cookie of one gateway is read by all that share it, and survives a restart.</summary>
/// <remarks>The interface is synchronous: keys are read with the first cookie, and then once a day.</remarks>
internal sealed class ProtectionKeys(CatalogueDatabase database, TimeProvider time) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() => Task.Run(async () =>
    {
        await using var connection = await database.OpenAsync(CancellationToken.None);
        return (await connection.QueryAsync<string>("SELECT xml FROM protection_key ORDER BY made_at, name")).Select(XElement.Parse).ToList();
    }).GetAwaiter().GetResult();

    public void StoreElement(XElement element, string friendlyName) => Task.Run(() => database.WriteAsync(
        (connection, transaction) => connection.ExecuteAsync(
            "INSERT INTO protection_key (name, xml, made_at) VALUES (@name, @xml, @madeAt)",
            new { name = friendlyName, xml = element.ToString(SaveOptions.DisableFormatting), madeAt = time.GetUtcNow().ToUnixTimeMilliseconds() }, transaction),
        CancellationToken.None)).GetAwaiter().GetResult();
}
