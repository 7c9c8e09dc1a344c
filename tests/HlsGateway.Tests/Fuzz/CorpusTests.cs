using HlsGateway.Fuzz.Targets;

namespace HlsGateway.Tests.Fuzz;

/// <summary>What <c>make fuzz</c> found worth keeping is tried each time: the smallest inputs that take every known step through each parser, and what once was wrong.</summary>
public sealed class CorpusTests
{
    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Each_input_of_the_corpus_is_read_or_refused_as_it_should_be_and_none_is_slow(string name)
    {
        var target = FuzzTarget.All.Single(one => one.Name == name);
        var kept = CorpusFile.Read(name);
        Assert.NotEmpty(kept);
        foreach (var input in target.Seeds().Concat(kept))
        {
            try
            {
                if (FuzzTarget.IsSlow(target.Try, input, out var cost)) Assert.Fail($"{cost.TotalMilliseconds} ms of processor time");
            }
            catch (Exception fault)
            {
                throw new InvalidOperationException($"{name}, {input.Length} bytes: {Convert.ToBase64String(input)}", fault);
            }
        }
    }
}
