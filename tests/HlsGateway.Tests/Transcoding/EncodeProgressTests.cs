using HlsGateway.Jobs;
using HlsGateway.Media;
using HlsGateway.Storage;
using HlsGateway.Tests.Hosting;
using HlsGateway.Transcoding;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace HlsGateway.Tests.Transcoding;

public sealed class EncodeProgressTests(FfmpegFixture media) : IClassFixture<FfmpegFixture>
{
    [Fact]
    public async Task An_encode_tells_how_far_it_is_before_it_ends()
    {
        // It ends when somebody was told of it, however fast the machine is.
        var program = Path.Combine(media.Root, "ffmpeg-held");
        await File.WriteAllTextAsync(program, "#!/bin/sh\n/usr/bin/ffmpeg \"$@\"\nend=$?\nfor i in $(seq 1200); do if [ -e seen ]; then exit $end; fi; sleep 0.05; done\nexit 1\n");
        foreach (var path in (string[])[media.Root, program]) File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        var options = new TranscodeOptions { Preset = "ultrafast", Ladder = [36] };
        var ffmpeg = FfmpegFixture.New(new MediaOptions { WorkDirectory = Path.Combine(media.Root, "held"), FfmpegPath = program }, media.Root);
        var store = new DiskStore(NoCdn.Addresses, Options.Create(new GatewayOptions()), new HostingEnvironment { ContentRootPath = media.Root });
        using var folder = ffmpeg.Sandbox.OpenFolder();
        await folder.AddAsync(EncodeArguments.Input, new MemoryStream(await media.MakeAsync("nine.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=9", "-c:v", "libx264", "-pix_fmt", "yuv420p")), CancellationToken.None);

        var told = new List<JobStep>();
        var made = await new VideoPipeline(ffmpeg, store, Options.Create(options), Options.Create(new MediaOptions()), TimeProvider.System).MakeAsync(folder, "v", "r1", (_, _) => Task.FromResult<double?>(30), step =>
        {
            lock (told) told.Add(step);
            if (step is { State: "transcoding", Progress: > 0.7 }) File.WriteAllText(Path.Combine(folder.Path, "seen"), "");
        }, CancellationToken.None);

        Assert.Single(made.Renditions);
        // Three segments were written, and the last may still have been in the making: eight of nine seconds.
        Assert.Contains(told, step => step.State == "transcoding" && Math.Abs(step.Progress - (0.02 + (0.83 * 8 / 9))) < 0.01);
        Assert.All(told.Where(step => step.State == "transcoding"), step => Assert.NotNull(step.Remaining));
        Assert.Equal(told.Select(step => step.Progress).Order(), told.Select(step => step.Progress));
    }
}
