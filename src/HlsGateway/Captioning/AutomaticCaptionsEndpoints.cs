using HlsGateway.Access;
using HlsGateway.Subtitles;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace HlsGateway.Captioning;

/// <summary>The newest job of one language.</summary>
/// <param name="Status">queued, listening, ready, failed, cancelled.</param>
/// <param name="Progress">0 to 1.</param>
/// <param name="Attempts">How often a worker has begun.</param>
/// <param name="Error">Why it made no captions, or why it begins again; null otherwise.</param>
/// <param name="Revision">The revision whose sound is transcribed.</param>
internal sealed record AutomaticCaptionsView(
    string Language, string Status, double Progress, long Attempts, string? Error, string Revision, DateTimeOffset QueuedAt, DateTimeOffset ChangedAt)
{
    public static AutomaticCaptionsView Of(CaptionJob job) => new(
        job.Language, job.State, job.State == "ready" ? 1 : Math.Clamp(job.Progress, 0, 1), job.Attempts, job.Error, job.Subject,
        DateTimeOffset.FromUnixTimeMilliseconds(job.CreatedAt), DateTimeOffset.FromUnixTimeMilliseconds(job.ChangedAt));
}

/// <param name="Configured">Whether <c>Subtitles:Automatic:Command</c> is set.</param>
internal sealed record AutomaticCaptionsList(string Video, bool Configured, IReadOnlyList<AutomaticCaptionsView> Jobs);

/// <summary><c>automatic</c> is too long to be a language's tag, so no track has this path.</summary>
internal static class AutomaticCaptionsEndpoints
{
    public static void MapAutomaticCaptions(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/videos/{video}/subtitles/automatic").WithTags("Captions");
        group.MapGet("", ListAsync).RequireAuthorization(Roles.AnalystOrEditor)
            .WithSummary("Automatic captions of a video: the newest job of each language, its state, progress and error")
            .WithName("listAutomaticCaptions").ProducesProblems(Problem.BadVideo);
        group.MapPost("", AddAsync).RequireAuthorization(Roles.Editor)
            .WithSummary("Have the captions of an upload written from its sound by the configured program. ?language= a BCP 47 tag. Never replaces what people wrote")
            .WithName("writeAutomaticCaptions").GivesHeaders("Location")
            .ProducesProblems(Problem.BadVideo, Problem.BadLanguage, Problem.NoAutomaticCaptions, Problem.NoSound, Problem.CaptionsByHand, Problem.NoVideo);
        group.MapDelete("", CancelAsync).RequireAuthorization(Roles.Editor)
            .WithSummary("End the job of ?language= that waits or runs; captions that are out already stay")
            .WithName("cancelAutomaticCaptions").ProducesProblems(Problem.BadVideo, Problem.BadLanguage, Problem.NoJob);
    }

    private static async Task<Results<Ok<AutomaticCaptionsList>, ProblemHttpResult>> ListAsync(
        string video, CaptionQueue queue, IOptions<SubtitlesOptions> options, CancellationToken ct) =>
        CaptionProblems.Read(video, options.Value.Automatic.Language, out var id, out _) is { } wrong
            ? wrong
            : TypedResults.Ok(new AutomaticCaptionsList(id, options.Value.Automatic.IsOn, [.. (await queue.ListAsync(id, ct)).Select(AutomaticCaptionsView.Of)]));

    private static async Task<Results<Accepted<AutomaticCaptionsView>, ProblemHttpResult>> AddAsync(
        string video, string? language, CaptionQueue queue, IOptions<SubtitlesOptions> options, CancellationToken ct)
    {
        if (CaptionProblems.Read(video, language ?? options.Value.Automatic.Language, out var id, out var tag) is { } wrong)
            return wrong;
        if (!options.Value.Automatic.IsOn)
            return Problems.Of(Problem.NoAutomaticCaptions, "Set Subtitles:Automatic:Command on gateways and workers.");
        var (job, refusal) = await queue.AddAsync(id, tag, ct);
        if (job is null)
            return refusal switch
            {
                CaptionRefusal.NoSound => Problems.Of(Problem.NoSound, "There is nothing that could be written down. Upload the video with its sound."),
                CaptionRefusal.ByHand => Problems.Of(Problem.CaptionsByHand, "No program replaces them. DELETE them first, or name another language."),
                _ => Problems.Of(Problem.NoVideo, "Automatic captions are written from the source of an upload that is ready; videos of other origins have none here."),
            };
        return TypedResults.Accepted($"/api/videos/{Uri.EscapeDataString(id)}/subtitles/automatic", AutomaticCaptionsView.Of(job));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> CancelAsync(
        string video, string? language, CaptionQueue queue, IOptions<SubtitlesOptions> options, CancellationToken ct)
    {
        if (CaptionProblems.Read(video, language ?? options.Value.Automatic.Language, out var id, out var tag) is { } wrong)
            return wrong;
        return await queue.CancelAsync(id, tag, ct)
            ? TypedResults.NoContent()
            : Problems.Of(Problem.NoJob, "GET …/subtitles/automatic tells which are.");
    }
}
