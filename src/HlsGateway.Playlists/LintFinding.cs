namespace HlsGateway.Playlists;

/// <summary>What a finding means for viewers.</summary>
public enum LintSeverity
{
    /// <summary>Some player may do something else than meant.</summary>
    Warning,

    /// <summary>Some player stalls, skips or refuses.</summary>
    Error,
}

/// <summary>One thing that breaks a rule.</summary>
/// <param name="Rule">Its name: a letter and a number (<c>S1</c>).</param>
/// <param name="Where">The playlist or segment.</param>
/// <param name="Line">1-based line of the playlist; 0 where there is none.</param>
/// <param name="Message">One sentence for a person.</param>
public sealed record LintFinding(string Rule, LintSeverity Severity, string Where, int Line, string Message)
{
    /// <summary>Where the rule is explained.</summary>
    public string Help => Rules.Of(Rule).Link;

    public static LintFinding Error(string rule, string where, string message, int line = 0) => new(rule, LintSeverity.Error, where, line, message);

    public static LintFinding Warning(string rule, string where, string message, int line = 0) => new(rule, LintSeverity.Warning, where, line, message);
}
