using System.Text;
using Microsoft.Extensions.FileProviders;

namespace HlsGateway.Studio;

/// <summary>
/// The one document of the Studio, whichever of its pages an address names. What it loads, calls and links to is relative to the
/// application's root, so it works below any path prefix that a proxy adds or takes away, without being told of it.
/// </summary>
internal sealed class StudioShell(IWebHostEnvironment environment)
{
    private const string Root = "{root}";

    private readonly Lazy<string> text = new(() =>
    {
        using var content = new StreamReader(environment.WebRootFileProvider.GetFileInfo("studio/app/index.html").CreateReadStream());
        return content.ReadToEnd();
    });

    /// <param name="below">What follows <c>/studio</c> in the request's path, as it came: empty, or with its slashes.</param>
    public byte[] Read(string below)
    {
        // One step up for each slash behind "studio": the address as the browser has it, whatever stands before.
        var up = below.Count(c => c == '/');
        return Encoding.UTF8.GetBytes(text.Value.Replace(Root, up == 0 ? "./" : string.Concat(Enumerable.Repeat("../", up)), StringComparison.Ordinal));
    }
}
