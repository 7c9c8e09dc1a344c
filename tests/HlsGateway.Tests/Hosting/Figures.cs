namespace HlsGateway.Tests.Hosting;

/// <summary>What a test measured, for docs/reliability.md: scripts/reliability names the file, other runs write nothing.</summary>
internal static class Figures
{
    private static readonly Lock Gate = new();

    /// <param name="id">A case or goal of tests/reliability.txt.</param>
    public static void Say(string id, FormattableString what)
    {
        if (Environment.GetEnvironmentVariable("FIGURES") is not { Length: > 0 } file) return;
        lock (Gate) File.AppendAllText(file, $"{id}\t{FormattableString.Invariant(what)}\n");
    }
}

/// <summary>Whether the long forms run: <c>make soak</c>, <c>make reliability</c> and <c>make faults</c> set SOAK=1.</summary>
internal static class Soak
{
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("SOAK") == "1";

    /// <summary>Why a test that has no short form is skipped elsewhere.</summary>
    public const string Only = "takes long: SOAK=1, as make soak sets it";

    public static int Of(int otherwise, int soak) => IsOn ? soak : otherwise;
}

/// <summary>A test without a short form.</summary>
internal sealed class SoakFactAttribute : FactAttribute
{
    public SoakFactAttribute()
    {
        if (!Soak.IsOn) Skip = Soak.Only;
    }
}
