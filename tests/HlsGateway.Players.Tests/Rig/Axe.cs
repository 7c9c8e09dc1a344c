using System.Text.Json;
using Microsoft.Playwright;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>Looks at a page as axe-core does: WCAG 2.2 A and AA, and what it holds for good practice.</summary>
internal static class Axe
{
    private static readonly string Script = File.ReadAllText(Path.Combine(Places.NodeModules, "axe-core", "axe.min.js"));

    /// <summary>Each violation on a phone and on a desk, light and dark, as text; the pages are kept as pictures in <c>.build/pages</c>.</summary>
    /// <param name="name">Of the pictures.</param>
    public static async Task<IReadOnlyList<string>> FaultsAsync(IPage page, string name)
    {
        var faults = new List<string>();
        foreach (var width in (int[])[390, 1280])
        {
            await page.SetViewportSizeAsync(width, width < 600 ? 844 : 900);
            foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
            {
                await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                var where = $"{name}-{width}-{scheme.ToString().ToLowerInvariant()}";
                await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Places.Repository, ".build", "pages", where + ".png"), FullPage = true });
                // Each time anew: a page may have loaded itself again meanwhile.
                await page.EvaluateAsync(Script);
                var found = await page.EvaluateAsync<JsonElement>("""
                    async () => (await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })).violations
                      .flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`))
                    """);
                faults.AddRange(found.EnumerateArray().Select(fault => $"{where}: {fault.GetString()}"));
                var wide = await page.EvaluateAsync<double>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
                if (wide > 0) faults.Add($"{where}: {wide} px wider than the window");
            }
        }

        return faults;
    }
}
