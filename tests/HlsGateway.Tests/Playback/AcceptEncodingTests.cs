using HlsGateway.Playback;

namespace HlsGateway.Tests.Playback;

/// <summary>Accept-Encoding, RFC 9110 section 12.5.3.</summary>
public sealed class AcceptEncodingTests
{
    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    [InlineData("x-gzip")]
    [InlineData("gzip, deflate, br, zstd")]
    [InlineData("br,\tgzip ;  q=0.001")]
    [InlineData("gzip;Q=1.000")]
    [InlineData("gzip;q=1.")]
    [InlineData("*")]
    [InlineData("br, *;q=0.1")]
    [InlineData("identity;q=0, gzip;q=0.1")]
    [InlineData("identity;q=0.5, gzip;q=0.5")]
    [InlineData("identity;q=0, *")]
    [InlineData("gzip, gzip;q=0")]
    [InlineData(",, gzip,")]
    [InlineData("identity;q=2, gzip;q=0.1")]
    public void It_takes_gzip(string header) => Assert.True(AcceptEncoding.TakesGzip(header));

    [Theory]
    [InlineData("")]
    [InlineData("gzip;q=0")]
    [InlineData("gzip;q=0.000, *")]
    [InlineData("*;q=0")]
    [InlineData("br")]
    [InlineData("gzipped")]
    [InlineData("identity")]
    [InlineData("identity, gzip;q=0.999")]
    [InlineData("identity;q=0.6, *;q=0.5")]
    [InlineData("gzip;q=1.001")]
    [InlineData("gzip;q=0.1234")]
    [InlineData("gzip;q=-1")]
    [InlineData("gzip;q=01")]
    [InlineData("gzip;q=0,5")]
    [InlineData("gzip;q")]
    [InlineData("gzip;")]
    [InlineData("gzip;level=9")]
    public void It_does_not_take_gzip(string header) => Assert.False(AcceptEncoding.TakesGzip(header));

    [Fact]
    public void Several_lines_are_one_list_and_none_takes_nothing()
    {
        Assert.True(AcceptEncoding.TakesGzip(new(["br", "gzip;q=0.5"])));
        Assert.False(AcceptEncoding.TakesGzip(new(["gzip;q=0", "*"])));
        Assert.False(AcceptEncoding.TakesGzip(default));
    }

    [Fact]
    public void Reading_it_allocates_nothing()
    {
        Microsoft.Extensions.Primitives.StringValues header = "gzip, deflate;q=0.5, br, *;q=0.1";
        Assert.True(AcceptEncoding.TakesGzip(header));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(AcceptEncoding.TakesGzip(header));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
