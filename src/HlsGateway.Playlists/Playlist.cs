namespace HlsGateway.Playlists;

/// <summary>Reads playlists (RFC 8216).</summary>
public static class Playlist
{
    /// <summary>Reads a Master or a Media Playlist. No bytes make it throw; the limits of rule D7 hold.</summary>
    /// <param name="bytes">Kept by the result: must not be changed afterwards. A byte order mark and CRLF are accepted (rule D1).</param>
    /// <param name="master">Not null exactly when the result is true and the playlist has EXT-X-STREAM-INF.</param>
    /// <param name="media">Not null exactly when the result is true and the playlist has segments or a Media Playlist's header.</param>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, out MasterPlaylist? master, out MediaPlaylist? media, out PlaylistError error)
    {
        master = null;
        media = null;
        if (!PlaylistText.TryNormalise(bytes, out var text, out error))
            return false;
        return IsMaster(text.Span)
            ? MasterPlaylistParser.TryParse(text, out master, out error)
            : MediaPlaylistParser.TryParse(text, parent: null, out media, out error);
    }

    /// <summary>
    /// The tags before the URIs decide. A playlist that has both kinds of URIs is refused by the parser that meets the other kind
    /// (RFC 8216 section 4.1); a stray header tag of the other kind is copied, since players ignore it.
    /// </summary>
    private static bool IsMaster(ReadOnlySpan<byte> text)
    {
        var lines = new PlaylistLines(text);
        while (lines.Read())
        {
            if (lines.Rule.Tag is Tag.StreamInf or Tag.ExtInf)
                return lines.Rule.Tag == Tag.StreamInf;
        }

        return false;
    }
}
