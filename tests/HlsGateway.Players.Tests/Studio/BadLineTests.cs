using System.Buffers.Binary;
using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using HlsGateway.Players.Tests.Rig;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace HlsGateway.Players.Tests.Studio;

/// <summary>Uploads over a line that breaks each 15 MB: 60 MB, or the largest file that is allowed where SOAK=1.</summary>
[Collection(StudioStage.Name)]
public sealed class BadLineTests(StudioStage stage, ITestOutputHelper output)
{
    private const int Every = 14_500_000;

    private static readonly int Cuts = Environment.GetEnvironmentVariable("SOAK") == "1" ? 20 : 4;

    [Fact]
    public async Task An_upload_over_a_line_that_breaks_again_and_again_arrives_whole_and_at_most_a_twentieth_of_it_is_sent_twice()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("hlsgateway-line-").FullName, "bad-line.mp4");
        var size = (Every * (long)Cuts) + 1_000_000;
        await MakeAsync(file, size);
        await using var line = new CuttingLine(stage.Gateway.Address, Every, Cuts);
        var page = await stage.PageAsync(null, elsewhere: line.Address);
        var signedIn = await page.Context.APIRequest.PostAsync(new Uri(line.Address, "api/session").AbsoluteUri, new APIRequestContextOptions { DataObject = new { token = StudioStage.TokenOf("uploader") } });
        Assert.True(signedIn.Ok, await signedIn.TextAsync());
        await page.GotoAsync(new Uri(line.Address, "studio/videos").AbsoluteUri);
        await page.Locator("videos-page h1").WaitForAsync();
        var before = line.Sent;
        await page.Locator("videos-page input[type=file]").SetInputFilesAsync(file);
        await Until.TrueAsync(async () =>
        {
            using var answer = await stage.Gateway.Api.GetAsync("api/videos/bad-line");
            return answer.IsSuccessStatusCode;
        }, "the whole file is there", TimeSpan.FromMinutes(4));
        var twice = (line.Sent - before - size) / (double)size;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{size / 1e6:0} MB with {line.Cuts} cuts: {twice:P1} more than the file went up, requests' heads included"));
        Assert.Equal(Cuts, line.Cuts);
        Assert.True(twice <= 0.05, $"{twice:P1} was sent twice");

        await Until.TrueAsync(async () => (await stage.Gateway.Api.GetFromJsonAsync<JsonElement>("api/videos/bad-line")).GetProperty("status").GetString() is "ready" or "failed", "it is made", TimeSpan.FromMinutes(4));
        await using (var sent = File.OpenRead(file))
        await using (var kept = await stage.Gateway.Api.GetStreamAsync("api/videos/bad-line/original"))
            Assert.Equal(Convert.ToHexString(await SHA256.HashDataAsync(sent)), Convert.ToHexString(await SHA256.HashDataAsync(kept)));
        await page.Context.CloseAsync();
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    /// <summary>A short film with room behind it that players pass over (a box of the kind free, ISO 14496-12, 8.1.2).</summary>
    private static async Task MakeAsync(string file, long size)
    {
        File.Copy(await StudioStage.FileAsync(), file);
        await using var to = new FileStream(file, FileMode.Open);
        var head = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(head, (uint)(size - to.Length));
        "free"u8.CopyTo(head.AsSpan(4));
        to.Position = to.Length;
        await to.WriteAsync(head);
        to.SetLength(size);
    }
}
