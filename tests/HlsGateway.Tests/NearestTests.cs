namespace HlsGateway.Tests;

public sealed class NearestTests
{
    private static readonly string[] Known = ["transcode", "import", "lint", "from", "to", "Trailers:Active", "watch_seconds", "watch_seconds_low"];

    [Theory]
    [InlineData("transcod", "transcode")]
    [InlineData("TRANSCODE", "transcode")]
    [InlineData("imprt", "import")]
    [InlineData("form", "from")]
    [InlineData("Trailers:Activ", "Trailers:Active")]
    [InlineData("watch_second", "watch_seconds")]
    [InlineData("watch", "watch_seconds")]
    [InlineData("t", "to")]
    [InlineData("bogus", null)]
    [InlineData("", null)]
    public void The_name_that_was_probably_meant_is_found(string written, string? meant) => Assert.Equal(meant, Nearest.To(written, Known));

    [Fact]
    public void What_is_longer_than_any_name_is_like_none() => Assert.Null(Nearest.To(new string('a', 5_000_000), Known.Append(new string('a', 100))));
}
