using System.Diagnostics;
using System.Text.Json;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Studio;

/// <summary>The words in which a page tells what was watched, from the page's own script.</summary>
public sealed class BoundsTests
{
    [Theory]
    [InlineData("measured", 8.3, 20, "8.3 s")]
    [InlineData("measured", 0, 12, "0 s")]
    [InlineData("buffered", 11.94, 24, "11.9 s")]
    [InlineData("fetched", 2.7, 16.2, "2.7 to 16.2 s")]
    [InlineData("fetched", 0, 12, "0 to 12 s")]
    [InlineData("fetched", 0, 0, "0 s")]
    [InlineData("fetched", 1.01, 1.04, "1 s")]
    [InlineData("measured", 3661.06, 4000, "3,661.1 s")]
    public async Task The_proven_figure_leads_where_the_player_told_of_its_playing_and_else_stands_the_range(string basis, double low, double high, string words)
    {
        var start = new ProcessStartInfo("node") { WorkingDirectory = Repository.Root, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var word in (string[])
            [
                "--input-type=module", "--eval",
                $"import {{ seconds }} from './src/HlsGateway/Studio/web/bounds.js'; console.log(seconds(...{JsonSerializer.Serialize(new object[] { basis, low, high })}));",
            ])
            start.ArgumentList.Add(word);
        using var node = Process.Start(start) ?? throw new InvalidOperationException("node does not start");
        var (said, complained) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0, await complained);
        Assert.Equal(words, (await said).Trim());
    }
}
