namespace HlsGateway.Counting;

/// <summary>Names the kind of player by its User-Agent. Only eight families are kept, never the text itself, which can identify a person.</summary>
internal static class PlayerFamilies
{
    // The first that fits: libraries name the platform beside themselves, and every browser claims to be Mozilla.
    private static readonly (string Part, PlayerFamily Family)[] Signs =
    [
        ("AppleCoreMedia", PlayerFamily.AppleCoreMedia),
        ("ExoPlayer", PlayerFamily.ExoPlayer),
        ("Media3", PlayerFamily.ExoPlayer),
        ("mpv", PlayerFamily.Mpv),
        ("VLC", PlayerFamily.Vlc),
        ("LibVLC", PlayerFamily.Vlc),
        ("GStreamer", PlayerFamily.GStreamer),
        ("souphttpsrc", PlayerFamily.GStreamer),
        ("Lavf", PlayerFamily.Ffmpeg),
        ("libavformat", PlayerFamily.Ffmpeg),
        ("ffmpeg", PlayerFamily.Ffmpeg),
        ("curl/", PlayerFamily.Tool),
        ("Wget", PlayerFamily.Tool),
        ("python", PlayerFamily.Tool),
        ("streamlink", PlayerFamily.Tool),
        ("yt-dlp", PlayerFamily.Tool),
        ("Go-http-client", PlayerFamily.Tool),
        ("okhttp", PlayerFamily.ExoPlayer),
        ("bot", PlayerFamily.Tool),
        ("spider", PlayerFamily.Tool),
        ("Mozilla/", PlayerFamily.Browser),
    ];

    private static readonly string[] Names = Enum.GetNames<PlayerFamily>();

    /// <summary>As reports and the ledger name it.</summary>
    public static string Name(PlayerFamily family) => (int)family < Names.Length ? Names[(int)family] : family.ToString();

    public static PlayerFamily Of(ReadOnlySpan<char> userAgent)
    {
        // No player needs more to name itself, and the search is linear.
        userAgent = userAgent[..Math.Min(userAgent.Length, 512)];
        foreach (var (part, family) in Signs)
        {
            if (userAgent.Contains(part, StringComparison.OrdinalIgnoreCase))
                return family;
        }
        return PlayerFamily.Unknown;
    }
}
