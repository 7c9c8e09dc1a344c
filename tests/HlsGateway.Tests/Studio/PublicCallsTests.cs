using System.Text.RegularExpressions;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.OpenApi;

namespace HlsGateway.Tests.Studio;

/// <summary>The Studio is a client like any other: what its scripts call stands in the public description, with the method that they use.</summary>
public sealed partial class PublicCallsTests
{
    private static readonly string Web = Path.Combine(Repository.Root, "src", "HlsGateway", "Studio", "web", "studio");

    [Fact]
    public async Task Every_call_of_the_pages_is_described_in_the_public_API()
    {
        await using var host = await GatewayHost.StartAsync();
        var described = (await ApiDocument.OfAsync(host)).Calls.Select(call => (Method: call.Method.ToUpperInvariant(), Path: Pattern(call.Path))).ToList();
        // The session of the browser itself is the one thing that only a browser needs; EventSource and tus name their addresses alone.
        var calls = Directory.EnumerateFiles(Web, "*.js", SearchOption.AllDirectories).SelectMany(CallsOf).Distinct().ToList();
        Assert.True(calls.Count > 40, $"only {calls.Count} calls were found in the scripts: {string.Join(", ", calls)}");
        var unknown = calls.Where(call => !described.Exists(known => (call.Method.Length == 0 || known.Method == call.Method) && known.Path.IsMatch(call.Path))).Select(call => $"{call.File}: {call.Method} {call.Path}");
        Assert.Empty(unknown);
    }

    /// <returns>Methods and paths, with <c>x</c> for what is put in; the method is empty where only the address is named.</returns>
    private static IEnumerable<(string File, string Method, string Path)> CallsOf(string file)
    {
        var text = File.ReadAllText(file);
        var own = OwnPath().Match(text) is { Success: true } match ? match.Groups["path"].Value : "";
        string Plain(string path)
        {
            for (var before = ""; before != path;) (before, path) = (path, path.Replace("${this.#path}", own, StringComparison.Ordinal).Replace("${path}", own, StringComparison.Ordinal));
            while (Hole().IsMatch(path)) path = Hole().Replace(path, "x");
            return "/" + path;
        }

        foreach (Match call in Sent().Matches(text)) yield return (Path.GetFileName(file), call.Groups["method"].Value, Plain(call.Groups["path"].Value));
        foreach (Match call in Got().Matches(text)) yield return (Path.GetFileName(file), "GET", Plain(call.Groups["path"].Value));
        foreach (Match call in Named().Matches(text)) yield return (Path.GetFileName(file), "", Plain(call.Groups["path"].Value));
    }

    /// <summary>Ids may hold slashes: a hole takes more than one step.</summary>
    private static Regex Pattern(string path) => new("^" + string.Join('/', path.Split('/').Select(step => step.Contains('{', StringComparison.Ordinal) ? Parameter().Replace(Regex.Escape(step), ".+") : Regex.Escape(step))) + "$", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    [GeneratedRegex(@"api\.send\(""(?<method>[A-Z]+)"", [`""](?<path>(api/|\$\{(this\.#)?path\})[^`""?]*)[`""?]", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sent();

    [GeneratedRegex(@"api\.get\([`""](?<path>(api/|\$\{this\.#path\})[^`""?]*)[`""?]", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Got();

    [GeneratedRegex(@"(api\.url|question)\([`""](?<path>api/[^`""?]*)[`""?]", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Named();

    [GeneratedRegex(@"get #path\(\) \{\s*return `(?<path>[^`]*)`;", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OwnPath();

    [GeneratedRegex(@"\$\{[^${}]*\}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Hole();

    [GeneratedRegex(@"\\\{[^}]*\}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parameter();
}
