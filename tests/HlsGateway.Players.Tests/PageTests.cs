using System.Net;
using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests;

/// <summary>The pages of a gateway without demo, in a browser.</summary>
public sealed class PageTests
{
    [Fact]
    public async Task The_pages_of_production_say_what_this_is_let_a_token_look_in_and_are_clean_for_axe()
    {
        await using var gateway = await GatewayProcess.StartAsync(Directory.CreateTempSubdirectory("hlsgateway-pages-").FullName, [("Trailers:Folder", "")]);
        await using var players = await Rig.Players.StartAsync(gateway.Address);
        await using var context = await players.NewContextAsync();
        var page = await context.NewPageAsync();
        var complaints = new List<string>();
        var elsewhere = new List<string>();
        page.Console += (_, message) =>
        {
            // A token that is refused is told in the console as a failed load.
            if (message.Type.Equals("error", StringComparison.Ordinal) && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)) complaints.Add(message.Text);
        };
        page.PageError += (_, error) => complaints.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(gateway.Address.AbsoluteUri, StringComparison.Ordinal)) elsewhere.Add(request.Url);
        };

        var faults = new List<string>();
        foreach (var (path, name) in (IEnumerable<(string, string)>)[("", "home"), ("problems", "problems"), ("problems/too-large", "problem")])
        {
            var answer = await page.GotoAsync(new Uri(gateway.Address, path).AbsoluteUri);
            Assert.Equal(200, answer?.Status);
            faults.AddRange(await Axe.FaultsAsync(page, name));
        }

        await page.GotoAsync(gateway.Address.AbsoluteUri);
        Assert.Equal(0, await page.Locator("video").CountAsync());
        await page.WaitForFunctionAsync("() => document.getElementById('health').textContent.length > 2");
        foreach (var link in await page.Locator("main a").EvaluateAllAsync<string[]>("all => all.map(a => a.getAttribute('href'))"))
        {
            using var there = await gateway.Api.GetAsync(link);
            Assert.True(there.StatusCode == HttpStatusCode.OK, $"{link}: {there.StatusCode}");
        }

        await LookInAsync(page, "a-token-that-is-none");
        await page.WaitForFunctionAsync("() => document.getElementById('answer').textContent.length > 20");
        Assert.True(await page.Locator("#inside").IsHiddenAsync());
        await LookInAsync(page, GatewayProcess.Token);
        await page.WaitForFunctionAsync("() => document.getElementById('answer').textContent === 'The token is right.'");
        Assert.True(await page.Locator("#checks dt").CountAsync() > 0);
        Assert.Contains("None.", await page.Locator("#videos").TextContentAsync(), StringComparison.Ordinal);
        faults.AddRange(await Axe.FaultsAsync(page, "home-inside"));
        // It stays in the tab, and goes when it is told to.
        await page.ReloadAsync();
        await page.WaitForFunctionAsync("() => !document.getElementById('inside').hidden");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Forget the token" }).ClickAsync();
        await page.ReloadAsync();
        await page.WaitForFunctionAsync("() => document.getElementById('health').textContent.length > 2");
        Assert.True(await page.Locator("#inside").IsHiddenAsync());

        Assert.Empty(faults);
        Assert.Empty(complaints);
        Assert.Empty(elsewhere);
    }

    private static async Task LookInAsync(IPage page, string token)
    {
        await page.GetByLabel("API token").FillAsync(token);
        await page.Keyboard.PressAsync("Enter");
    }
}
