using HlsGateway.Telemetry;
using HlsGateway.Trailers;

namespace HlsGateway.Playback;

/// <summary>Answers the playlist of a trailer that the player plays by itself (HLS interstitials). Nothing is counted here: its segments are.</summary>
internal sealed class TrailerServer(TrailerLibrary trailers, PinnedTrailers pinned, PlaylistCache cache, PlaylistCompiler compiler)
{
    /// <param name="label"><c>{name}@{hash8}</c>.</param>
    /// <param name="profiles">Of the copy; a second one is of the copy that holds its sound.</param>
    public async ValueTask ServeAsync(HttpContext context, WatchRequest request, string label, string[] profiles)
    {
        // A session asks for what it has pinned; without a session, any version that this gateway knows by that name is shown.
        var version = trailers.Snapshot.Find(label);
        foreach (var profile in profiles)
            version = await pinned.FindAsync(request.Token.Trailer != 0 ? request.Token.Trailer : version?.Id ?? 0, profile, context.RequestAborted);
        if (version is null || profiles.Length > 2 || !label.EndsWith(version.Hash, StringComparison.Ordinal) || !Array.TrueForAll(profiles, version.Copies.ContainsKey))
        {
            await WatchAnswer.ProblemAsync(context, new(StatusCodes.Status404NotFound, Problem.UnknownTarget, "There is no such trailer, or it has no copy for videos of this shape."));
            return;
        }

        var template = cache.FindAsset(request.Video, request.Below);
        if (template is null)
        {
            template = compiler.Asset(request.Video, $"{WatchPath.Folder(request.Below)}/", version, version.Copies[profiles[0]], profiles.Length > 1 ? version.Copies[profiles[1]] : null);
            // An answer for a made-up path is not kept.
            if (request.SignedRole is not null)
                cache.KeepAsset(request.Video, request.Below, template);
        }

        await PlaylistAnswer.WriteAsync(context, request, template);
    }
}
