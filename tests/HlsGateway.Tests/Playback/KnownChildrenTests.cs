using System.Globalization;
using HlsGateway.Playback;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Playback;

public sealed class KnownChildrenTests
{
    [Theory]
    [InlineData(40)]
    [InlineData(8000)]
    public void However_long_paths_are_what_is_known_of_them_stays_within_32_MiB(int length)
    {
        using var children = new KnownChildren();
        var empty = HeapSize.Of(children);
        for (var at = 0; at * Math.Max(length, 400L) < 96 << 20; at++)
            children.Note($"v{at.ToString(CultureInfo.InvariantCulture)}", new string('n', length) + "/video.m3u8", 'v');
        Assert.InRange(HeapSize.Of(children) - empty, 1, 32 << 20);
    }
}
