using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests;

/// <summary>The pages about the API, in a real browser: they ask no other host, break no policy, and fit a telephone.</summary>
public sealed class ApiPagesTests
{
    [Fact]
    public async Task The_reference_of_the_api_renders_from_our_own_files_alone_and_is_clean_for_axe()
    {
        var folder = Directory.CreateTempSubdirectory("hlsgateway-docs-").FullName;
        await using var gateway = await GatewayProcess.StartAsync(folder, [("Demo:Enabled", "false"), ("Trailers:Folder", "")]);
        await using var players = await Rig.Players.StartAsync(gateway.Address);
        await using var context = await players.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 900 } });
        var page = await context.NewPageAsync();
        var (complaints, elsewhere) = Watch(page, gateway.Address);
        await page.AddInitScriptAsync("addEventListener('securitypolicyviolation', event => (window.violations ??= []).push(event.violatedDirective + ' ' + event.blockedURI));");
        await page.GotoAsync(new Uri(gateway.Address, "docs").AbsoluteUri);
        await page.GetByText("One video: figures, retention, shares and buckets").First.WaitForAsync(new LocatorWaitForOptions { Timeout = 240_000, State = WaitForSelectorState.Attached });
        Assert.Equal("", await page.EvaluateAsync<string>("() => (window.violations ?? []).join('; ')"));
        Assert.Empty(elsewhere);
        Assert.Empty(complaints);
        Assert.Empty(await Axe.FaultsAsync(page, "docs"));
    }

    [Theory]
    [InlineData("problems")]
    [InlineData("problems/too-many-wrong-tokens")]
    public async Task A_page_about_problems_is_clean_for_axe_light_and_dark_on_a_telephone_and_on_a_desk(string path)
    {
        var folder = Directory.CreateTempSubdirectory("hlsgateway-problems-").FullName;
        await using var gateway = await GatewayProcess.StartAsync(folder, [("Demo:Enabled", "false"), ("Trailers:Folder", "")]);
        await using var players = await Rig.Players.StartAsync(gateway.Address);
        await using var context = await players.NewContextAsync(new BrowserNewContextOptions());
        var page = await context.NewPageAsync();
        var (complaints, elsewhere) = Watch(page, gateway.Address);
        await page.GotoAsync(new Uri(gateway.Address, path).AbsoluteUri);
        Assert.NotEqual("rgba(0, 0, 0, 0)", await page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor"));
        Assert.Empty(complaints);
        Assert.Empty(elsewhere);
        Assert.Empty(await Axe.FaultsAsync(page, path.Replace('/', '-')));
    }

    private static (List<string> Complaints, List<string> Elsewhere) Watch(IPage page, Uri gateway)
    {
        var (complaints, elsewhere) = (new List<string>(), new List<string>());
        page.Console += (_, message) =>
        {
            if (message.Type.Equals("error", StringComparison.Ordinal)) complaints.Add(message.Text);
        };
        page.PageError += (_, error) => complaints.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(gateway.AbsoluteUri, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)) elsewhere.Add(request.Url);
        };
        return (complaints, elsewhere);
    }
}
