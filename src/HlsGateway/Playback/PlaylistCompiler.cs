using System.Collections.Immutable;
using System.Globalization;
using HlsGateway.Content;
using HlsGateway.Playlists;
using HlsGateway.Subtitles;
using HlsGateway.Trailers;
using Microsoft.Extensions.Options;
using UriKind = HlsGateway.Playlists.UriKind;

namespace HlsGateway.Playback;

/// <summary>What a Media Playlist is to its session, as the child URI's <c>p</c> says.</summary>
/// <param name="Role"><c>v</c> Variant Stream, <c>a</c> audio Rendition, <c>s</c> subtitles, <c>i</c> I-frames and what is played apart from the video (interstitials).</param>
/// <param name="Copy">Profile of the trailer copy to splice; empty for none.</param>
/// <param name="Target">
/// Least EXT-X-TARGETDURATION with that copy, seconds, so that it agrees with the session's other Renditions (rule S3); 0 where it does by
/// itself. In the URI, because the playlist under one URI must not change (rule S4).
/// </param>
internal readonly record struct ChildRole(char Role, string Copy, int Target = 0)
{
    /// <summary>Two digits: a number that a client makes up stands for no more than so many templates.</summary>
    public const int GreatestTarget = 99;

    /// <summary>For playlists that a session plays and that are no part of the video: their segments count nothing, and no trailer stands in them.</summary>
    public static ChildRole Apart { get; } = new('i', "");

    public static ChildRole Read(ReadOnlySpan<char> value)
    {
        if (value.IsEmpty || value[0] is not ('v' or 'a' or 's' or 'i'))
            return new('v', "");
        var hyphen = value.IndexOf('-');
        var target = 0;
        return hyphen is 1 or 2 or 3 && hyphen + 1 < value.Length && (hyphen == 1 || int.TryParse(value[1..hyphen], NumberStyles.None, CultureInfo.InvariantCulture, out target))
            ? new(value[0], value[(hyphen + 1)..].ToString(), target)
            : new(value[0], "");
    }

    public override string ToString() =>
        Copy.Length == 0 ? Role.ToString() : string.Create(CultureInfo.InvariantCulture, $"{Role}{(Target > 0 ? Target : null)}-{Copy}");

    /// <summary>The <c>k</c> parameter of this Rendition's segments.</summary>
    public string SegmentKind => Role switch { 'a' => "a", 's' => "c", 'i' => "i", _ => "" };
}

/// <summary>Compiles origin playlists into templates: once per playlist and choice of trailer and captions, never per viewer.</summary>
internal sealed class PlaylistCompiler(SigningKeys keys, GuardedClient guarded, OriginCluster cluster, UncountedNotice notice, IOptions<CdnOptions> cdn)
{
    // Where the token goes while a URI is put together; no URI holds it, for the parser refuses control characters.
    private const char Hole = '\u0001';

    private const int LongestSource = 4096;

    /// <summary>Compiles a Master Playlist.</summary>
    /// <param name="captionSource">What caption playlists, and Media Playlists that import variables, need to find this Master Playlist again; empty when it stands at <c>{video}/playlist.m3u8</c>.</param>
    /// <param name="children">Told of every child playlist.</param>
    /// <param name="apart">It is an interstitial's, and so are all of its children.</param>
    public PlaylistTemplate Master(
        OriginPlaylist playlist, MasterPlaylist master, PlaylistPlace place, TrailerDecision trailer,
        ImmutableArray<CaptionTrack> captions, string captionSource, Action<string> children, bool apart = false)
    {
        var placement = new UriPlacement(place, cluster.BaseAddresses, cdn.Value.BaseAddress, guarded, keys);
        var spliced = trailer.Version is not null && !trailer.Placement.IsInterstitial();
        string first = spliced ? trailer.Variants[0].Profile : "";
        var asset = trailer.Version is null || spliced ? "" : TrailerAsset.ProfilesOf(master, trailer);

        var climb = Climb(place.ClientPath);
        // A longer one would make the URI of each child longer than a request line.
        var source = captionSource.Length is 0 or > LongestSource ? "" : "&v=" + captionSource;

        RewrittenUri Rewrite(in UriSite site)
        {
            ChildRole? role = site.Kind switch
            {
                UriKind.VariantStream => spliced ? new('v', trailer.Variants[site.Index].Profile, trailer.TargetDuration) : new('v', asset),
                UriKind.IFrameStream => new('i', ""),
                UriKind.Rendition => Rendition(master.Renditions[site.Index], site.Index),
                _ => null,
            };
            if (role is not { } child)
                return Plain(placement, site.Uri);
            if (apart)
                child = ChildRole.Apart;
            var placed = placement.Place(site.Uri, TargetUse.Playlist);
            if (placed.Below is not null)
                children($"{place.Video}/{placed.Below}");
            return Written(placed, site.Uri, $"&p={child}{(master.HasVariables ? source : "")}");
        }

        ChildRole Rendition(Rendition rendition, int index) => rendition.Type == "SUBTITLES"
            ? new('s', first)
            : new(rendition.Type == "AUDIO" ? 'a' : 'v', spliced && trailer.Renditions.TryGetValue(index, out var copy) ? copy.Profile : "", trailer.TargetDuration);

        var template = master.Compile(new MasterEdit
        {
            Rewrite = Rewrite,
            Captions = [.. captions.Select(track => new CaptionRendition(track.Language, track.Name, track.Default, Characteristics(track),
                WithSession($"{climb}{CaptionPath.Folder}{track.Language}.m3u8", $"&p={new ChildRole('s', first)}{source}")))],
            TrailerDurationMs = spliced ? trailer.Variants[0].LengthMs : 0,
            TrailerBefore = trailer.Placement.IsBefore(),
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
        var placement = new UriPlacement(place, cluster.BaseAddresses, cdn.Value.BaseAddress, guarded, keys);

        var live = !media.HasTimeline && role.SegmentKind.Length == 0;
        string Times(string below, in UriSite site) => live
            ? SegmentSignature.Parameters(keys, place.Video, below, SegmentTime.Numbered(site.Duration ?? "0", media.FirstSequence + site.Index), SegmentSignature.Live)
            : SegmentSignature.Parameters(keys, place.Video, below, TimeOf(site), role.SegmentKind);

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
                    return Written(placement.Place(site.Uri, TargetUse.Playlist), site.Uri, $"&p={role}");
                case UriKind.DateRangeAsset when WatchPath.IsPlaylist(WatchPath.Normal(site.Uri.Split('?', '#')[0])):
                    // Played in this session, and no part of its video: neither a trailer nor watch-seconds.
                    return Written(placement.Place(site.Uri, TargetUse.Playlist), site.Uri, $"&p={ChildRole.Apart}");
                default:
                    // An asset list too: parameters of a session would mark it as a segment, which is redirected and never streamed.
                    return Plain(placement, site.Uri);
            }
        }

        var edit = version is null || copy is null || !media.HasEndList ? new MediaEdit { Rewrite = Rewrite }
            : where.IsInterstitial() ? new MediaEdit { Rewrite = Rewrite, Interstitial = Announce($"{site}{WatchRequest.Prefix}{place.Video}/", role, version, copy, where) }
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

    /// <summary>Stands in a caption path where a track's version would: the trailer's blank window.</summary>
    public const string BlankVersion = "trailer";

    /// <summary>Compiles the playlist that an interstitial leads to: its signed segments, or a Master Playlist where picture and sound are apart.</summary>
    /// <param name="folder">Its folder below the video, with a slash.</param>
    /// <param name="sound">The copy that holds the sound of a copy without; null for one that holds what there is.</param>
    public PlaylistTemplate Asset(string video, string folder, TrailerVersion version, TrailerCopy copy, TrailerCopy? sound)
    {
        var text = System.Text.Encoding.ASCII.GetBytes(sound is null ? TrailerAsset.Media(version, copy) : TrailerAsset.Master(copy, sound));
        _ = Playlist.TryParse(text, out var master, out var media, out var error);
        return master?.Compile(new MasterEdit { Rewrite = (in UriSite site) => WithSession(site.Uri, "") })
            ?? media?.Compile(new MediaEdit { Rewrite = (in UriSite site) => WithSession(site.Uri, site.Kind == UriKind.Segment ? SegmentSignature.Parameters(keys, video, folder + site.Uri, TimeOf(site), "") : "") })
            ?? throw new InvalidOperationException($"A trailer's playlist is none. {error}");
    }

    /// <summary>The same in every Variant Stream of a session: players compare.</summary>
    /// <remarks>The URI is absolute: hls.js 1.7.4 takes a relative one as relative to its page.</remarks>
    private static Interstitial Announce(string folder, ChildRole role, TrailerVersion version, TrailerCopy copy, TrailerPlacement where) => new(
        version.Label, WithSession($"{folder}{WatchRouter.TrailerMarker}{version.Label}/{role.Copy}/{TrailerAsset.File}", ""), copy.Length, where.IsBefore());

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
