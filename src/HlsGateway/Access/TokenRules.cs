namespace HlsGateway.Access;

/// <summary>What a token may be called; the same in the configuration, the API and the command line.</summary>
internal static class TokenRules
{
    public const string NameRule = "1 to 64 characters without line ends, control characters or direction overrides, and no space at either end";

    /// <summary>The name stands in lists, logs and exports that other people read.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && name.Trim().Length == name.Length
        && !name.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029' or >= '\u200E' and <= '\u200F' or >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069');
}
