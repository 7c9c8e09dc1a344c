using Xunit.Abstractions;

[assembly: TestCollectionOrderer("HlsGateway.Players.Tests.Rig.LongestFirst", "HlsGateway.Players.Tests")]

namespace HlsGateway.Players.Tests.Rig;

/// <summary>Two classes play at a time: the longest goes on beside all others. A name that is missing here costs time and nothing else.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest = [Studio.StudioStage.Name, nameof(PlayerTests), nameof(DemoPageTests), nameof(TruthTests), nameof(PlacementTests)];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => Array.FindIndex(Longest, name => collection.DisplayName == name || collection.DisplayName.EndsWith("." + name, StringComparison.Ordinal)) is >= 0 and var place ? place : Longest.Length);
}
