namespace HlsGateway.Players.Tests.Rig;

/// <summary>Content of one shape, a trailer, and who is asked to play them.</summary>
/// <param name="TrailerHasSound">False: the trailer has no audio stream; its copies are silent where the content has sound.</param>
internal sealed record Scenario(ContentShape Content, bool TrailerHasSound, IReadOnlyList<string> Players)
{
    /// <summary>
    /// A few, so that each player, container and hard case is played at least once in a minute and a half; all others are played by
    /// scripts/players-table.
    /// </summary>
    public static IReadOnlyList<Scenario> Lean { get; } =
    [
        new(ContentShape.Of("ts"), true, Rig.Players.All), new(ContentShape.Of("aes"), true, Rig.Players.Fast), new(ContentShape.Of("silent"), true, Rig.Players.Fast),
        new(ContentShape.Of("demuxed"), true, Rig.Players.Fast), Of(ContentShape.Of("fmp4"), true),
        new(ContentShape.Of("ntsc"), false, [Rig.Players.HlsJs, Rig.Players.VideoJs]),
    ];

    public string Name => TrailerHasSound ? Content.Name : $"{Content.Name}-mute";

    public string Trailer => TrailerHasSound ? Stage.Trailer : Stage.MuteTrailer;

    /// <summary>Language of the audio Rendition that is asked for; null where there is no choice.</summary>
    public string? Audio => Content.Demuxed ? "de" : null;

    /// <summary>With everybody who can play it.</summary>
    public static Scenario Of(ContentShape content, bool trailerHasSound) => Of(content, trailerHasSound, Rig.Players.All);

    /// <summary>With those of <paramref name="players"/> who can play it.</summary>
    public static Scenario Of(ContentShape content, bool trailerHasSound, IEnumerable<string> players) =>
        new(content, trailerHasSound, [.. players.Where(player => LeftOut(content, player) is null)]);

    public static Scenario Of(string name) => Lean.Single(scenario => scenario.Name.Equals(name, StringComparison.Ordinal));

    /// <summary>Why a player is not asked to play content of a shape with a trailer; null where it is.</summary>
    public static string? LeftOut(ContentShape content, string player) => (content.Fmp4, player) switch
    {
        (true, Rig.Players.Native) => "stalls at the splice of fMP4",
        (true, Rig.Players.Ffmpeg or Rig.Players.Mpv) => "loses the first trailer segment of fMP4",
        (true, Rig.Players.Vlc) => "leaves the trailer of fMP4 out",
        _ => null,
    };
}
