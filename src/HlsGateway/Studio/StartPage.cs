using System.Text;
using System.Text.Encodings.Web;
using HlsGateway.Access;
using Microsoft.Extensions.Options;

namespace HlsGateway.Studio;

/// <summary>
/// The page at <c>/</c>: where the demo runs it plays it, everywhere else it says what this is and where to go on. Made
/// once: nothing in it depends on who asks.
/// </summary>
internal sealed class StartPage(IConfiguration configuration, IWebHostEnvironment environment, IOptions<GatewayOptions> gateway, IOptions<AccessOptions> access)
{
    /// <param name="endpoints">All of the program: the reference of the API is another room's, and where there is none no link leads to it.</param>
    public byte[] Read(EndpointDataSource endpoints)
    {
        var reference = endpoints.Endpoints.OfType<RouteEndpoint>().Any(endpoint => endpoint.RoutePattern.RawText?.Trim('/') == "docs");
        var demo = configuration.GetValue<bool>("Demo:Enabled");
        using var content = new StreamReader(environment.WebRootFileProvider.GetFileInfo(demo ? "demo.html" : "home.html").CreateReadStream());
        var page = new StringBuilder(content.ReadToEnd()).Replace("{version}", HtmlEncoder.Default.Encode(ProgramVersion.Text))
            .Replace("{reference}", !reference ? "" : demo ? "<a href=\"docs\">API reference</a>" : "<li><a href=\"docs\">API reference</a><span>Every call, to read and to try</span></li>");
        if (demo)
        {
            // The path of the file on this machine is for those who try the demo on it; the page of production never tells it.
            var isMade = access.Value.ApiTokens.Length == 0;
            var path = Path.Combine(gateway.Value.DataPath(environment), TokenTable.FileName);
            page.Replace("{token-where}", isMade ? "The first start made one and kept it in its data directory:" : "Take one of Gateway:ApiTokens of the configuration:")
                .Replace("{token-command}", HtmlEncoder.Default.Encode(isMade ? $"TOKEN=$(cat {InShell(path)})" : "TOKEN='one of them'"));
        }

        return Encoding.UTF8.GetBytes(page.ToString());
    }

    /// <summary>As a shell reads it as one word.</summary>
    private static string InShell(string path) =>
        path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-') ? path : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
