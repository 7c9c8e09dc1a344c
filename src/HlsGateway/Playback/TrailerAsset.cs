using System.Globalization;
using System.Text;
using HlsGateway.Playlists;
using HlsGateway.Trailers;

namespace HlsGateway.Playback;

/// <summary>The playlist that an HLS interstitial leads to: <c>…/~t/{name}@{hash8}/{profile}[.{profile of the sound}]/asset.m3u8</c>.</summary>
internal static class TrailerAsset
{
    public const string File = "asset.m3u8";

    /// <summary>
    /// The copies that a session's interstitial shows: those of its first Variant Stream, in every Variant Stream alike. An interstitial
    /// is decoded apart from its content, so that one rung serves all.
    /// </summary>
    public static string ProfilesOf(MasterPlaylist master, TrailerDecision decision)
    {
        var picture = decision.Variants[0].Profile;
        var group = master.Variants[0].Audio;
        for (var at = 0; at < master.Renditions.Length; at++)
        {
            if (master.Renditions[at] is { Type: "AUDIO" } rendition && rendition.GroupId == group && decision.Renditions.TryGetValue(at, out var sound))
                return $"{picture}.{sound.Profile}";
        }

        return picture;
    }

    public static string Media(TrailerVersion version, TrailerCopy copy)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"#EXTM3U\n#EXT-X-VERSION:{(copy.Init is null ? 3 : 6)}\n#EXT-X-TARGETDURATION:{(version.LongestSegmentMs + 999) / 1000}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n");
        if (copy.Init is { } init)
            text.Append(CultureInfo.InvariantCulture, $"#EXT-X-MAP:URI=\"{init}\"\n");
        foreach (var segment in copy.Segments)
            text.Append(CultureInfo.InvariantCulture, $"#EXTINF:{segment.Duration},\n{segment.File}\n");
        return text.Append("#EXT-X-ENDLIST\n").ToString();
    }

    public static string Master(TrailerCopy picture, TrailerCopy sound) => string.Create(CultureInfo.InvariantCulture,
        $"#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Trailer\",DEFAULT=YES,AUTOSELECT=YES,URI=\"../{sound.Profile}/{File}\"\n#EXT-X-STREAM-INF:BANDWIDTH={picture.PeakBandwidth + sound.PeakBandwidth},CODECS=\"{picture.Codecs},{sound.Codecs}\",AUDIO=\"audio\"\n../{picture.Profile}/{File}\n");
}
