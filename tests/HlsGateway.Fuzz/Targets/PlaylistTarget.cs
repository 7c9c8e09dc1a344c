using HlsGateway.Playlists;
using UriKind = HlsGateway.Playlists.UriKind;

namespace HlsGateway.Fuzz.Targets;

/// <summary>
/// An origin's playlist: read or refused with a reason; compiled with a trailer behind, before, as an interstitial and with captions; what
/// goes out is a playlist of the same kind with the same segments, and rendering it again with nothing to add changes nothing.
/// </summary>
internal static class PlaylistTarget
{
    private static readonly byte[] Token = "TOKENtokenTOKENtokenTOKENtokenTOKENtoken"u8.ToArray();

    private static readonly SplicedSegment[] TrailerSegments =
    [
        new("4", Session("~t/brand@0a1b2c3d/ts/0.ts", "&duration=4")),
        new("0.8", Session("~t/brand@0a1b2c3d/ts/1.ts", "&duration=0.8")),
    ];

    private static readonly SplicedTrailer Trailer = new(TrailerSegments, null, 4000) { Bandwidth = 1_200_000 };

    private static readonly MasterEdit OfMaster = new()
    {
        Rewrite = Gateway,
        Captions = [new CaptionRendition("en", "English", true, "public.accessibility.transcribes-spoken-dialog", Session("subtitles/en.m3u8", ""))],
        Trailer = _ => new TrailerPeak(1_500_000, "avc1.64001f,mp4a.40.2"),
        TrailerDurationMs = 4800,
    };

    private static readonly string[] Words =
    [
        "#EXTM3U\n", "#EXTINF:", "#EXTINF:3.337,\n", "#EXT-X-ENDLIST\n", "#EXT-X-DISCONTINUITY\n", "#EXT-X-TARGETDURATION:", "#EXT-X-VERSION:", "#EXT-X-MEDIA-SEQUENCE:", "#EXT-X-BYTERANGE:", "#EXT-X-MAP:URI=\"",
        "#EXT-X-KEY:METHOD=AES-128,URI=\"", "IV=0x", "#EXT-X-STREAM-INF:BANDWIDTH=", "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"", "#EXT-X-I-FRAME-STREAM-INF:", "#EXT-X-I-FRAMES-ONLY\n", "#EXT-X-START:TIME-OFFSET=",
        "#EXT-X-DEFINE:NAME=\"", "#EXT-X-DEFINE:IMPORT=\"", "VALUE=\"", "{$", "}", "#EXT-X-DATERANGE:ID=\"", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n", "#EXT-X-SKIP:SKIPPED-SEGMENTS=", "#EXT-X-PART:", "#EXT-X-PRELOAD-HINT:",
        "#EXT-X-GAP\n", "#EXT-X-BITRATE:", "#EXT-X-SESSION-KEY:", "#EXT-X-SESSION-DATA:", "#EXT-X-CONTENT-STEERING:SERVER-URI=\"", "#EXT-X-IMAGES-ONLY\n", "#EXT-X-PLAYLIST-TYPE:EVENT\n", "CODECS=\"", "SUBTITLES=\"", "AUDIO=\"", ",URI=\"", "\r\n", "\ufeff", "data:,", "http://h/",
    ];

    public static FuzzTarget New() => new("playlist", Try, Goldens, Words);

    private static void Try(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        if (!Playlist.TryParse(bytes, out var master, out var media, out var error))
        {
            FuzzException.Unless(error.Reason.Length > 0, "It was refused without a reason.");
            return;
        }

        FuzzException.Unless(master is null != media is null, "It is neither or both kinds of playlist.");
        DocumentLint.Check("fuzz", bytes, static uri => uri.Contains("~t/", StringComparison.Ordinal), out _, out _);
        if (master is not null)
        {
            Stable(master.Compile(OfMaster), isMaster: true);
            return;
        }

        var spliced = media is { HasEndList: true, IsTrickPlay: false } ? Trailer.Segments.Count : 0;
        Stable(media!.Compile(new MediaEdit { Rewrite = Gateway, Trailer = Trailer }), isMaster: false, media.Segments.Length + spliced);
        // Before nothing there is no place, nor where the order of the lines could not be put right.
        Stable(media.Compile(new MediaEdit { Rewrite = Gateway, Trailer = Trailer with { Before = true } }), isMaster: false, media.Segments.Length + spliced, media.Segments.Length);
        Stable(media.Compile(new MediaEdit { Rewrite = Gateway, Interstitial = new Interstitial("i", Session("~t/brand@0a1b2c3d/ts/asset.m3u8", ""), "4.8", Before: false) }), isMaster: false, media.Segments.Length);
    }

    private static void Stable(PlaylistTemplate template, bool isMaster, params ReadOnlySpan<int> segments)
    {
        var once = Bytes(template);
        if (!Playlist.TryParse(once, out var master, out var media, out var error))
        {
            // Content that ends just below the bound and goes on with a trailer passes it.
            FuzzException.Unless(error.Reason.Contains("24 days", StringComparison.Ordinal), $"What goes out is no playlist: {error}");
            return;
        }

        FuzzException.Unless(master is not null == isMaster, "What goes out is a playlist of the other kind.");
        FuzzException.Unless(isMaster || segments.Contains(media!.Segments.Length), $"What goes out has another number of segments: {media?.Segments.Length}.");
        var again = master?.Compile(new MasterEdit { Rewrite = Keep }) ?? media!.Compile(new MediaEdit { Rewrite = Keep });
        FuzzException.Unless(Bytes(again).AsSpan().SequenceEqual(once), "A second rendering with nothing to add differs.");
    }

    private static byte[] Bytes(PlaylistTemplate template)
    {
        var bytes = new byte[template.Length];
        template.Render(Token, bytes);
        return bytes;
    }

    private static RewrittenUri Gateway(in UriSite site) => site.Kind switch
    {
        UriKind.Segment => Session(site.Uri, $"&duration={site.Duration}&t={site.StartMs}"),
        UriKind.Key or UriKind.SessionKey or UriKind.SessionData or UriKind.ContentSteering => RewrittenUri.Keep,
        _ => Session(site.Uri, ""),
    };

    private static RewrittenUri Keep(in UriSite site) => RewrittenUri.Keep;

    private static RewrittenUri Session(string uri, string more)
    {
        var parts = UriQuery.Append(uri, $"session_id=\0{more}").Split('\0');
        return new RewrittenUri(parts[0], parts[1]);
    }

    private static IEnumerable<byte[]> Goldens() =>
        Directory.GetFiles(Path.Combine(CorpusFile.Folder, "..", "HlsGateway.Playlists.Tests", "Golden"), "*.m3u8")
            .Where(file => !file.EndsWith(".expected.m3u8", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);
}
