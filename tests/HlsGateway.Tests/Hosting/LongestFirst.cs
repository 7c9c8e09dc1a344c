using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Storage;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("HlsGateway.Tests.Hosting.LongestFirst", "HlsGateway.Tests")]

namespace HlsGateway.Tests.Hosting;

/// <summary>
/// Begins with what takes longest: the tests of a collection run one after the other, and one that begins last would keep the run
/// waiting for it alone. A name that is missing here costs time and nothing else.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        "ledger-postgres", OnPostgres.Name, OnCeph.Name, "Transcoding.UploadTests", "Trailers.TrailerCopyTests", "Counting.KillTests",
        "Transcoding.KilledWorkerOnDiskTests", "Counting.Crash.OutboxCrashTests",
    ];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => Array.FindIndex(Longest, name => collection.DisplayName.EndsWith(name, StringComparison.Ordinal)) is >= 0 and var place ? place : Longest.Length);
}
