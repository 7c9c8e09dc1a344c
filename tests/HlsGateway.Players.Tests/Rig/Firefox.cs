using System.Text.Json;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>Players of pages in Firefox, as Debian ships it: each play has a browser of its own.</summary>
internal static class Firefox
{
    private const int BoundSeconds = 90;

    private static readonly string Script = Path.Combine(Places.Repository, "tests", "HlsGateway.Players.Tests", "Harness", "firefox.mjs");

    /// <param name="page">Of the play.</param>
    public static async Task<(PlayerReport Report, string Session)> PlayAsync(string player, string page, SoundServer sound)
    {
        var (output, _) = await Tool.RunAsync("env", [$"PULSE_SERVER={sound.Address}", "node", Script, JsonSerializer.Serialize(new { page, seconds = BoundSeconds })], TimeSpan.FromSeconds(BoundSeconds + 180));
        using var told = JsonDocument.Parse(output);
        return (
            PlayerReport.FromPage(told.RootElement.GetProperty("report")) with { Player = player, PicturesLag = true, GivenUp = told.RootElement.GetProperty("givenUp").GetInt32() },
            told.RootElement.GetProperty("session").GetString()!);
    }
}
