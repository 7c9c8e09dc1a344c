using HlsGateway.Media;
using HlsGateway.Tests.Hosting;
using HlsGateway.Tests.Trailers;

namespace HlsGateway.Tests.Media;

public sealed class RegularFileTests
{
    [Fact]
    public async Task An_operators_link_is_followed_and_a_pipe_is_not_waited_for()
    {
        using var folder = new TemporaryFolder();
        string At(string name) => Path.Combine(folder.Path, name);
        await TrailerWorkshop.RunAsync("bash", ["-c", $"cd '{folder.Path}'; echo trailer >real.mp4; ln -s real.mp4 link.mp4; mkfifo pipe.mp4; ln -s pipe.mp4 to-pipe.mp4; ln -s /dev/zero device.mp4; ln -s nowhere none.mp4; mkdir folder.mp4"]);
        foreach (var name in (string[])["real.mp4", "link.mp4"])
        {
            using var reader = new StreamReader(RegularFile.OpenRead(At(name)));
            Assert.Equal("trailer\n", await reader.ReadToEndAsync());
        }

        foreach (var name in (string[])["pipe.mp4", "to-pipe.mp4", "device.mp4", "none.mp4", "folder.mp4"])
            Assert.Throws<IOException>(() => RegularFile.OpenRead(At(name)));
    }
}
