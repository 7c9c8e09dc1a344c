using System.CommandLine;

namespace HlsGateway.CommandLine;

/// <summary>The options that say which running gateway is asked, and with which token.</summary>
/// <param name="role">What the token must be allowed, as words: <c>uploader or admin</c>.</param>
internal sealed class ApiOptions(string role)
{
    private const string TokenFile = "data/api-token";

    private readonly Option<Uri?> url = new("--url")
    {
        Description = "The running gateway. Default: HLSGATEWAY_URL, or http://127.0.0.1:8080.",
        HelpName = "URL",
        CustomParser = static result =>
        {
            var address = Parse(result.Tokens[0].Value);
            if (address is null)
                result.AddError($"--url is '{result.Tokens[0].Value}'; it must be an http or https address.");
            return address;
        },
    };

    private readonly Option<string?> token = new("--token")
    {
        Description = $"An API token with the role {role}. Other users of the machine can see it in the list of processes, so prefer HLSGATEWAY_TOKEN. Default: that, or what stands in {TokenFile}.",
        HelpName = "TOKEN",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(url);
        command.Options.Add(token);
    }

    /// <summary>Ends with a slash.</summary>
    /// <exception cref="UnreachableTargetException">The environment names no address.</exception>
    public Uri Address(ParseResult asked)
    {
        var address = asked.GetValue(url) ?? (Environment.GetEnvironmentVariable("HLSGATEWAY_URL") is not { Length: > 0 } set ? new Uri("http://127.0.0.1:8080")
            : Parse(set) ?? throw new UnreachableTargetException($"HLSGATEWAY_URL is '{set}'; it must be an http or https address."));
        return new Uri(address.AbsoluteUri.TrimEnd('/') + "/");
    }

    /// <exception cref="UnreachableTargetException">There is none.</exception>
    public string Token(ParseResult asked) =>
        GivenToken(asked) ?? (File.Exists(TokenFile) ? File.ReadAllText(TokenFile).Trim()
        : throw new UnreachableTargetException($"An API token is needed: set HLSGATEWAY_TOKEN, or give --token. The first start of a gateway made one; it stands in the file api-token of its data directory."));

    /// <summary>What the command line or the environment says; null when neither does.</summary>
    public string? GivenToken(ParseResult asked) =>
        asked.GetValue(token) ?? (Environment.GetEnvironmentVariable("HLSGATEWAY_TOKEN") is { Length: > 0 } set ? set : null);

    private static Uri? Parse(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;
}
