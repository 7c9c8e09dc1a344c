using System.Collections.Immutable;
using HlsGateway.Cdn;
using HlsGateway.Content;
using HlsGateway.Playlists;
using HlsGateway.Subtitles;
using HlsGateway.Trailers;
using UriKind = HlsGateway.Playlists.UriKind;

namespace HlsGateway.Playback;

/// <summary>Compiles origin playlists into templates: once per playlist and choice of trailer and captions, never per viewer.</summary>
internal sealed class PlaylistCompiler(SigningKeys keys, GuardedClient guarded, OriginCluster cluster, UncountedNotice notice, CdnAddresses cdn)
{
    // Where the token goes while a URI is put together; no URI holds it, because the parser refuses control characters.
    private const char Hole = '\u0001';

    private const int LongestSource = 4096;

    /// <summary>Compiles a Master Playlist.</summary>
    /// <param name="captionSource">What caption playlists, and Media Playlists that import variables, need to find this Master Playlist again; empty when it stands at <c>{video}/playlist.m3u8</c>.</param>
    /// <param name="children">Told of every child playlist: its path below the video, and its role.</param>
    /// <param name="apart">It is an interstitial's, and so are all of its children.</param>
    public PlaylistTemplate Master(
        OriginPlaylist playlist, MasterPlaylist master, PlaylistPlace place, TrailerDecision trailer,
        ImmutableArray<CaptionTrack> captions, string captionSource, Action<string, char> children, bool apart = false)
    {
        var placement = new UriPlacement(place, cluster.BaseAddresses, cdn.SharedBase(place.Video), guarded, keys);
        var spliced = trailer.Version is not null && !trailer.Placement.IsInterstitial();
        string first = spliced ? trailer.Variants[0].Profile : "";
        var asset = trailer.Version is null || spliced ? "" : TrailerAsset.ProfilesOf(master, trailer);

        var climb = Climb(place.ClientPath);
        // A longer one would make the URI of each child longer than a request line.
        var source = captionSource.Length > LongestSource ? "" : captionSource;

        RewrittenUri Rewrite(in UriSite site)
        {
            if (ChildRole.Of(master, site.Kind, site.Index) is not { } letter)
                return Plain(placement, site.Uri);
            var role = apart ? ChildRole.Apart : RoleOf(letter, site);
            var placed = placement.Place(site.Uri, TargetUse.Playlist);
            if (placed.Below is not null)
                children(placed.Below, role.Role);
            return Child(place.Video, placed, site.Uri, role, master.HasVariables ? source : "");
        }

        ChildRole RoleOf(char letter, in UriSite site) => (letter, site.Kind) switch
        {
            (ChildRole.IFrames, _) => new(letter, ""),
            (_, UriKind.VariantStream) => spliced ? new(letter, trailer.Variants[site.Index].Profile, trailer.TargetDuration) : new(letter, asset),
            (ChildRole.Subtitles, _) => new(letter, first),
            _ => new(letter, spliced && trailer.Renditions.TryGetValue(site.Index, out var copy) ? copy.Profile : "", trailer.TargetDuration),
        };

        var template = master.Compile(new MasterEdit
        {
            Rewrite = Rewrite,
            Captions = [.. captions.Select(track => new CaptionRendition(track.Language, track.Name, track.Default, Characteristics(track),
                Child(place.Video, $"{CaptionPath.Folder}{track.Language}.m3u8", $"{climb}{CaptionPath.Folder}{track.Language}.m3u8", new(ChildRole.Subtitles, first), source)))],
            TrailerDurationMs = spliced ? trailer.Variants[0].LengthMs : 0,
            TrailerBefore = trailer.Placement.IsBefore(),
            Steering = cdn.IsSteered && !apart
                ? WithSession($"{climb}{Climb(place.Video + "/")}{SteeringEndpoint.Name}", "") : RewrittenUri.Keep,
            Trailer = !spliced ? null : index => new TrailerPeak(trailer.Variants[index].PeakBandwidth, trailer.Variants[index].Codecs),
        });
        notice.Tell(WatchPath.Readable(place.Video), placement.LeftAlone, placement.TooLong + master.Unresolved);
        return template;
    }

    /// <summary>Compiles a Media Playlist.</summary>
    /// <param name="copy">The trailer copy to splice or to announce; null for none.</param>
    /// <param name="site">Interstitials: scheme, host and path base that the player knows us by.</param>
    public PlaylistTemplate Media(
        MediaPlaylist media, PlaylistPlace place, ChildRole role, TrailerVersion? version, TrailerCopy? copy, TrailerPlacement where = TrailerPlacement.Behind, string site = "")
    {
        var placement = new UriPlacement(place, cluster.BaseAddresses, cdn.SharedBase(place.Video), guarded, keys);

        var live = !media.HasTimeline && role.SegmentKind.Length == 0;
        var name = new RenditionName(place, media, cluster.BaseAddresses);
        string Times(string below, in UriSite site) => live
            ? SegmentSignature.Parameters(keys, place.Video, below, SegmentTime.Numbered(site.Duration ?? "0", media.FirstSequence + site.Index), SegmentSignature.Live, name.Carried(below))
            : SegmentSignature.Parameters(keys, place.Video, below, TimeOf(site), role.SegmentKind, name.Carried(below));

        RewrittenUri Rewrite(in UriSite site)
        {
            switch (site.Kind)
            {
                case UriKind.Segment:
                    var segment = placement.Place(site.Uri, TargetUse.Redirect);
                    return Written(segment, site.Uri, segment.Below is null ? "" : Times(segment.Below, site));
                case UriKind.Map or UriKind.Part or UriKind.PreloadHint:
                    return Written(placement.Place(site.Uri, TargetUse.Redirect), site.Uri, "");
                case UriKind.RenditionReport:
                    return Child(place.Video, placement.Place(site.Uri, TargetUse.Playlist), site.Uri, role);
                case UriKind.DateRangeAsset when WatchPath.IsPlaylist(WatchPath.Normal(site.Uri.Split('?', '#')[0])):
                    // Played in this session but not part of its video: it gets no trailer and adds no watch-seconds.
                    return Child(place.Video, placement.Place(site.Uri, TargetUse.Playlist), site.Uri, ChildRole.Apart);
                default:
                    // An asset list too: parameters of a session would mark it as a segment, which is redirected and never streamed.
                    return Plain(placement, site.Uri);
            }
        }

        var edit = version is null || copy is null || !media.HasEndList ? new MediaEdit { Rewrite = Rewrite }
            : where.IsInterstitial() ? new MediaEdit { Rewrite = Rewrite, Interstitial = Announce(site, place.Video, role, version, copy, where) }
            : new MediaEdit { Rewrite = Rewrite, Trailer = Splice(place, role, version, copy) with { Before = where.IsBefore() } };
        var template = media.Compile(edit);
        notice.Tell(WatchPath.Readable(place.Video), placement.LeftAlone, placement.TooLong + media.Unresolved);
        return template;
    }

    /// <summary>Compiles the playlist of one of our caption tracks over the content's grid.</summary>
    /// <param name="rangeAt">The content's range at these milliseconds; null when it could not be measured.</param>
    public PlaylistTemplate Caption(string video, string clientPath, CaptionTrack track, MediaPlaylist content, Func<int, RangeFacts?> rangeAt, TrailerCopy? trailer, TrailerPlacement where = TrailerPlacement.Behind)
    {
        var climb = Climb(clientPath);
        CaptionWindow Window(CaptionPath path, string duration)
        {
            var below = path.ToString();
            var time = new SegmentTime(duration, path.StartMs, path.StartMs + path.DurationMs);
            return new(duration, WithSession(climb + below, SegmentSignature.Parameters(keys, video, below, time, "c")));
        }

        var windows = content.Segments.Select(s =>
            Window(new(track.Language, track.Version, rangeAt(s.StartMs)?.FirstVideoPts, content.DurationMs, s.StartMs, s.DurationMs, rangeAt(s.StartMs)?.StartMs ?? 0), s.Duration) with { Discontinuity = s.Discontinuity }).ToList();
        CaptionWindow? blank = null;
        if (trailer is not null && content.HasEndList)
        {
            var ms = trailer.LengthMs;
            blank = Window(new(track.Language, BlankVersion, trailer.FirstVideoPts, ms, 0, ms), trailer.Length);
        }

        return CaptionPlaylist.Build(windows, blank, content.TargetDuration, where.IsBefore());
    }

    /// <summary>One blank segment of a second.</summary>
    public static PlaylistTemplate EmptyCaptions(string clientPath, string language) =>
        CaptionPlaylist.Build([new CaptionWindow("1", new RewrittenUri(Climb(clientPath) + new CaptionPath(language, "none", null, 0, 0, 1000), null))], null, 1);

    /// <summary>In a caption path in place of a track's version: the trailer's blank window.</summary>
    public const string BlankVersion = "trailer";

    /// <summary>Compiles the playlist that an interstitial leads to: its signed segments, or a Master Playlist where picture and sound are apart.</summary>
    /// <param name="folder">Its folder below the video, with a slash.</param>
    /// <param name="sound">The copy with the sound, where <paramref name="copy"/> has none of its own; null otherwise.</param>
    public PlaylistTemplate Asset(string video, string folder, TrailerVersion version, TrailerCopy copy, TrailerCopy? sound)
    {
        var text = System.Text.Encoding.ASCII.GetBytes(sound is null ? TrailerAsset.Media(version, copy) : TrailerAsset.Master(copy, sound));
        _ = Playlist.TryParse(text, out var master, out var media, out var error);
        var label = WatchPath.Folder(folder.TrimEnd('/')).ToString();
        return master?.Compile(new MasterEdit { Rewrite = (in UriSite site) => Child(video, $"{label}/{site.Uri["../".Length..]}", site.Uri, ChildRole.Trailer) })
            ?? media?.Compile(new MediaEdit { Rewrite = (in UriSite site) => WithSession(site.Uri, site.Kind == UriKind.Segment ? SegmentSignature.Parameters(keys, video, folder + site.Uri, TimeOf(site), "") : "") })
            ?? throw new InvalidOperationException($"The trailer's playlist that was made here cannot be read: {error}");
    }

    /// <summary>The same in every Variant Stream of a session, because players compare them.</summary>
    /// <remarks>The URI is absolute: hls.js 1.7.4 takes a relative one as relative to its page.</remarks>
    private Interstitial Announce(string site, string video, ChildRole role, TrailerVersion version, TrailerCopy copy, TrailerPlacement where)
    {
        var below = $"{WatchRouter.TrailerMarker}{version.Label}/{role.Copy}/{TrailerAsset.File}";
        return new(version.Label, Child(video, below, $"{site}{WatchRequest.Prefix}{video}/{below}", ChildRole.Trailer), copy.Length, where.IsBefore());
    }

    private SplicedTrailer Splice(PlaylistPlace place, ChildRole role, TrailerVersion version, TrailerCopy copy)
    {
        // Trailer URIs keep the path of the playlist that carries them, so that they are told apart by Rendition in the ledger.
        var folder = WatchPath.Folder(place.ClientPath).ToString();
        var at = $"{WatchRouter.TrailerMarker}{version.Label}/{copy.Profile}/";
        var path = $"{(folder.Length == 0 ? "" : folder + "/")}{at}";
        if (role.Role == 's')
        {
            var ms = copy.LengthMs;
            var file = $"{copy.FirstVideoPts}-{ms}.vtt";
            return new([new(copy.Length, Signed(file, new(copy.Length, 0, ms), "c"))], null, Math.Max(version.LongestSegmentMs, ms));
        }

        var map = copy.Init is null ? (RewrittenUri?)null : WithSession(at + copy.Init, "");
        var longest = Math.Max(version.LongestSegmentMs, role.Target * 1000);
        return new([.. copy.Segments.Select(s => new SplicedSegment(s.Duration, Signed(s.File, new(s.Duration, s.StartMs, s.StartMs + s.DurationMs), "")))], map, longest)
        {
            Bandwidth = copy.PeakBandwidth,
        };

        RewrittenUri Signed(string file, SegmentTime time, string kind) =>
            WithSession(at + file, SegmentSignature.Parameters(keys, place.Video, path + file, time, kind));
    }

    private static SegmentTime TimeOf(in UriSite site) => new(site.Duration ?? "0", site.StartMs, site.StartMs + site.DurationMs);

    /// <summary>A placed URI: with the session where it leads to us, otherwise alone, or as it stood.</summary>
    private static RewrittenUri Written(in PlacedUri placed, string uri, string after)
    {
        if (placed.Below is not null)
            return WithSession(placed.Text ?? uri, after);
        return placed.Text is null ? RewrittenUri.Keep : new(placed.Text, null);
    }

    /// <summary>Keys, session data, steering: resolved where they must be, without parameters of ours.</summary>
    private static RewrittenUri Plain(UriPlacement placement, string uri)
    {
        var placed = placement.Place(uri, TargetUse.PassThrough);
        return placed.Text is null || string.Equals(placed.Text, uri, StringComparison.Ordinal) ? RewrittenUri.Keep : new(placed.Text, null);
    }

    /// <summary>A child playlist's URI: with the session and the child's role where it leads to us.</summary>
    private RewrittenUri Child(string video, in PlacedUri placed, string uri, ChildRole role, string source = "") =>
        placed.Below is { } below ? Child(video, below, placed.Text ?? uri, role, source) : Written(placed, uri, "");

    private RewrittenUri Child(string video, string below, string uri, ChildRole role, string source = "")
    {
        // As it will be read: the query before our parameters.
        var whole = UriQuery.Append(uri, $"{PlayerQuery.SessionName}=").Split('#')[0];
        var own = new PlayerQuery(whole[(whole.IndexOf('?', StringComparison.Ordinal) + 1)..]).Own;
        return WithSession(uri, PlaylistSignature.Parameters(keys, video, below, own, role, source));
    }

    private static RewrittenUri WithSession(string uri, string after)
    {
        var whole = UriQuery.Append(uri, $"{PlayerQuery.SessionName}={Hole}{after}");
        var hole = whole.IndexOf(Hole, StringComparison.Ordinal);
        return new(whole[..hole], whole[(hole + 1)..]);
    }

    private static string Climb(string clientPath) => string.Concat(Enumerable.Repeat("../", clientPath.AsSpan().Count('/')));

    private static string Characteristics(CaptionTrack track)
    {
        var values = new List<string>(3) { "public.accessibility.transcribes-spoken-dialog" };
        if (track.Sdh)
            values.Add("public.accessibility.describes-music-and-sound");
        if (track.Machine)
            values.Add("public.machine-generated");
        return string.Join(',', values);
    }
}
