using System.Text;
using HlsGateway.Catalogue;
using HlsGateway.Telemetry;
using HlsGateway.Trailers;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>Prepares a preview: 1. trailer and video as they were asked for, 2. the video's entry playlist, 3. the copies it needs, 4. the playlist's URL.</summary>
internal sealed class TrailerPreview(
    Masters masters, PlaylistOrigin origin, PublishedVideos published, MeasuredContent content, TrailerLibrary library, SigningKeys keys,
    IOptions<SessionsOptions> sessions, IOptions<GatewayOptions> gateway, IOptions<TrailersOptions> trailers, TimeProvider time)
{
    public const string Ready = "ready";
    public const string Waiting = "waiting";
    private const string Without = "without";

    /// <summary>The preview, or why there is none.</summary>
    public async Task<(PreviewView? View, ProblemHttpResult? Wrong)> OfAsync(PreviewRequest body, HttpRequest request, CancellationToken ct)
    {
        // 1.
        TrailerVersion? version = null;
        if (body.Trailer is { } asked)
        {
            version = library.Snapshot.Find(asked);
            if (version is null)
                return (null, TrailerEndpoints.NotThere(library, asked));
            // One that was removed may be looked at, by its version: perhaps it is to be restored.
            if (library.Snapshot.IsWithdrawn(version.Id))
                return (null, Problems.Of(Problem.TrailerWithdrawn, "Choose another version, or upload a new one."));
        }
        var video = WatchPath.Of(body.Video.Trim('/'));
        if (video.Length is 0 or > 1000 || video.AsSpan().Count('/') > 100 || !WatchPath.IsAcceptable(video))
            return (null, Problems.Of(Problem.BadVideo, "video is the path between /watch/ and /playlist.m3u8."));
        // 2.
        var (playlist, wrong) = await EntryAsync(video, ct);
        if (playlist is null)
            return (null, wrong);
        // 3.
        var name = WatchPath.Kept(WatchPath.Readable(video));
        var chosen = version is null ? library.ChosenFor(name) : null;
        version ??= chosen?.Version;
        var placement = TrailerPlacements.Of(body.Position ?? chosen?.Position ?? TrailerPosition.Post, body.Interstitial ?? (chosen is not null && trailers.Value.Interstitial));
        var expiresAt = time.GetUtcNow() + sessions.Value.Lifetime;
        if (version is null)
            return (new PreviewView(Ready, gateway.Value.SiteOf(request) + Address(video, playlist, null, placement, null, time.GetUtcNow()), null, expiresAt, new PreviewCopies(0, 0), []), null);
        await content.MeasureAsync(name, playlist, ct);
        var known = content.Known(name, playlist);
        var decision = library.DecidePreview(name, playlist.Master, known, library.ById(version.Id) ?? version, placement);
        // 4.
        var now = time.GetUtcNow();
        return (new PreviewView(
            decision.Version is not null ? Ready : decision.IsPending ? Waiting : Without,
            gateway.Value.SiteOf(request) + Address(video, playlist, version, placement, decision, now), version.Label, expiresAt,
            new PreviewCopies(decision.Shapes - decision.Missing.Length, decision.Shapes == 0 ? null : decision.Shapes),
            decision.Version is null && !decision.IsPending ? [Why(decision, known.Unreadable, version)] : []), null);
    }

    /// <summary>The playlist that a session of the video would begin with.</summary>
    private async Task<(OriginPlaylist? Playlist, ProblemHttpResult? Wrong)> EntryAsync(string video, CancellationToken ct)
    {
        OriginFailure? trouble = null;
        foreach (var entry in masters.EntriesOf(video))
        {
            var found = await origin.GetAsync(entry, ct);
            if (found.Playlist is { } playlist)
                return (playlist, null);
            if (found.Failure is { Status: not StatusCodes.Status404NotFound } failure)
                trouble ??= failure;
        }

        if (trouble is { } known)
            return (null, Problems.Of(known.Status, known.Problem, $"{known.Detail} So it is not known whether there is such a video; try again in a moment."));
        var meant = Nearest.To(WatchPath.Readable(video), published.Names) is { } nearest ? $" Did you mean {nearest}?" : "";
        return (null, Problems.Of(Problem.UnknownVideo, $"There is no video {WatchPath.Readable(video)}: it is not published here, and no origin has its playlist.{meant} GET /api/videos lists the videos that are published here."));
    }

    /// <summary>Where the entry is itself a Media Playlist, its address says which copy is spliced in.</summary>
    private string Address(string video, OriginPlaylist playlist, TrailerVersion? version, TrailerPlacement placement, TrailerDecision? decision, DateTimeOffset now)
    {
        Span<byte> token = stackalloc byte[SessionToken.Length];
        SessionToken.Begin(video, version?.Id ?? 0, now, preview: true, placement).Write(keys, video, token);
        var name = playlist.Target.Kind == OriginKind.Cluster ? playlist.Target.Locator[(playlist.Target.Locator.LastIndexOf('/') + 1)..] : PlaylistAddress.DefaultName;
        var role = playlist.Media is not null && decision?.Version is not null
            ? PlaylistSignature.Parameters(keys, video, name, [], new ChildRole(ChildRole.Variant, decision.Variants[0].Profile))
            : "";
        return $"/watch/{video}/{name}?session_id={Encoding.ASCII.GetString(token)}{role}";
    }

    private PreviewWarning Why(TrailerDecision decision, string? unreadable, TrailerVersion version) => new(decision.Reason ?? "", decision.Reason switch
    {
        TrailerPlan.ContentUnreadable => $"The video could not be measured: {unreadable} It plays without the trailer.",
        TrailerPlan.CopyFailed => $"A copy of the trailer could not be made: {decision.Missing.Select(shape => library.FailureOf(version.Id, shape.Profile)?.Reason).FirstOrDefault(reason => reason is not null)} It is tried again later; until then the video plays without the trailer.",
        "encrypted" => "The video is encrypted in a way whose first segment cannot be read, so no trailer can be fitted to it.",
        _ => $"A trailer cannot be fitted to this content ({decision.Reason}), so the video plays without it.",
    });
}
