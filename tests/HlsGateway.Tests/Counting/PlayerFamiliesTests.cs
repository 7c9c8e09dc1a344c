using HlsGateway.Counting;

namespace HlsGateway.Tests.Counting;

public sealed class PlayerFamiliesTests
{
    [Theory]
    [InlineData("", PlayerFamily.Unknown)]
    [InlineData("Frobnicator 3000", PlayerFamily.Unknown)]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36", PlayerFamily.Browser)]
    [InlineData("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", PlayerFamily.Browser)]
    [InlineData("AppleCoreMedia/1.0.0.22A3354 (iPhone; U; CPU OS 18_0 like Mac OS X; en_us)", PlayerFamily.AppleCoreMedia)]
    [InlineData("Lavf/59.27.100", PlayerFamily.Ffmpeg)]
    [InlineData("VLC/3.0.24 LibVLC/3.0.24", PlayerFamily.Vlc)]
    [InlineData("mpv 0.35.1", PlayerFamily.Mpv)]
    [InlineData("GStreamer souphttpsrc 1.22.0 libsoup/3.2.3", PlayerFamily.GStreamer)]
    [InlineData("app/1.2 (Linux;Android 14) ExoPlayerLib/2.19.1", PlayerFamily.ExoPlayer)]
    [InlineData("app/1.2 (Linux;Android 15) AndroidXMedia3/1.4.1", PlayerFamily.ExoPlayer)]
    [InlineData("curl/7.88.1", PlayerFamily.Tool)]
    [InlineData("python-requests/2.32", PlayerFamily.Tool)]
    [InlineData("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", PlayerFamily.Tool)]
    internal void A_user_agent_names_its_family(string userAgent, PlayerFamily family) => Assert.Equal(family, PlayerFamilies.Of(userAgent));
}
