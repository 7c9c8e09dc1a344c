using System.Globalization;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Architecture;

/// <summary>tests/mutants.txt follows the code: a mutant whose line has gone tries nothing, and make mutants is not run each day.</summary>
public sealed class MutantListTests
{
    [Fact]
    public async Task Each_mutant_stands_for_one_line_that_is_there_and_names_tests_that_are_there()
    {
        var said = await Script.RunAsync("mutants", ["--check"]);
        Assert.InRange(int.Parse(said[^1].Split(' ')[0], CultureInfo.InvariantCulture), 30, int.MaxValue);
    }
}
