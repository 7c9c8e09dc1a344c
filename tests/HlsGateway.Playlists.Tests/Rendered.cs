using System.Text;

namespace HlsGateway.Playlists.Tests;

/// <summary>Short ways from text to playlist to text.</summary>
internal static class Rendered
{
    public static bool IsTrailer(string uri) => uri.Contains("~t/", StringComparison.Ordinal);

    public const string Token = "TOKENtokenTOKENtokenTOKENtokenTOKENtoken";

    /// <summary>What a gateway would do with each kind of URI: parameters in segments and playlists, none in keys.</summary>
    public static RewrittenUri Gateway(in UriSite site) => site.Kind switch
    {
        UriKind.Segment => Session(site.Uri, $"&duration={site.Duration}&t={site.StartMs}"),
        UriKind.Key or UriKind.SessionKey or UriKind.SessionData or UriKind.ContentSteering => RewrittenUri.Keep,
        _ => Session(site.Uri, ""),
    };

    public static RewrittenUri Keep(in UriSite site) => RewrittenUri.Keep;

    /// <summary>A URI with the session token as first parameter.</summary>
    public static RewrittenUri Session(string uri, string more)
    {
        var parts = UriQuery.Append(uri, $"session_id=\0{more}").Split('\0');
        return new RewrittenUri(parts[0], parts[1]);
    }

    public static SplicedTrailer Trailer(string container = "ts", params string[] durations)
    {
        if (durations.Length == 0)
            durations = ["4", "0.8"];
        var segments = durations.Select((duration, index) => new SplicedSegment(duration, Session($"~t/brand@0a1b2c3d/{container}/{index}.{(container == "ts" ? "ts" : "m4s")}", $"&duration={duration}"))).ToArray();
        return new SplicedTrailer(segments, container == "ts" ? null : Session($"~t/brand@0a1b2c3d/{container}/init.mp4", ""), 4000) { Bandwidth = 1_200_000 };
    }

    public static MediaPlaylist Media(string text)
    {
        Assert.True(Playlist.TryParse(Encoding.UTF8.GetBytes(text), out _, out var media, out var error), error.ToString());
        return media ?? throw new InvalidOperationException("This is a Master Playlist.");
    }

    public static MasterPlaylist Master(string text)
    {
        Assert.True(Playlist.TryParse(Encoding.UTF8.GetBytes(text), out var master, out _, out var error), error.ToString());
        return master ?? throw new InvalidOperationException("This is a Media Playlist.");
    }

    public static PlaylistError Error(string text) => Error(Encoding.UTF8.GetBytes(text));

    public static PlaylistError Error(byte[] bytes)
    {
        Assert.False(Playlist.TryParse(bytes, out var master, out var media, out var error));
        Assert.Null(master);
        Assert.Null(media);
        return error;
    }

    public static string Text(this PlaylistTemplate template)
    {
        var bytes = new byte[template.Length];
        template.Render(Encoding.ASCII.GetBytes(Token), bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Nothing changed but the trailer.</summary>
    public static string Spliced(string text, SplicedTrailer? trailer = null) =>
        Media(text).Compile(new MediaEdit { Rewrite = Keep, Trailer = trailer ?? Trailer() }).Text();

    public static string Compiled(string text, MediaEdit edit) => Media(text).Compile(edit).Text();

    public static string Compiled(string text, MasterEdit edit) => Master(text).Compile(edit).Text();
}
