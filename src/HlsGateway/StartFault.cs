namespace HlsGateway;

/// <summary>One reason why the program must not start as it is configured.</summary>
/// <param name="Key">The option's whole key with colons; empty where it is no option's.</param>
/// <param name="Text">One line: key, value (never a secret's), what is allowed, an example.</param>
internal sealed record StartFault(string Key, string Text)
{
    /// <summary>Of a line that begins with its key, as messages of options do.</summary>
    public static StartFault Of(string text) => new(text.Split(' ', 2)[0].TrimEnd(':'), text);
}

/// <summary>What a room looks at on the machine before the program starts: programs, folders, databases. Bounded in time, and without a trace.</summary>
internal interface IStartCheck
{
    /// <summary>What keeps the program from starting. What may be there later, such as a server that is away for the moment, is none.</summary>
    Task<IReadOnlyList<StartFault>> FaultsAsync(CancellationToken ct);
}

/// <summary>The configuration is wrong, or the machine lacks what it names: the program ends with a line for each fault and starts nothing.</summary>
internal sealed class WrongStartException(IReadOnlyList<StartFault> faults) : InvalidOperationException(string.Join(Environment.NewLine, faults.Select(fault => fault.Text)))
{
    public IReadOnlyList<StartFault> Faults => faults;
}

/// <summary>One way to have the machine looked at.</summary>
internal static class StartCheckExtensions
{
    /// <summary>Made only when it is asked: what it is made of may itself be what is wrong.</summary>
    public static void AddStartCheck<T>(this IServiceCollection services) where T : class, IStartCheck
    {
        services.AddSingleton<T>();
        services.AddSingleton<Func<IStartCheck>>(static parts => parts.GetRequiredService<T>);
    }
}
