using System.Text;
using HlsGateway.Access;
using HlsGateway.Playlists;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace HlsGateway.Subtitles;

/// <summary>Captions per language of any video, our own or a foreign origin's.</summary>
internal static class SubtitleEndpoints
{
    private const string SubRip = "application/x-subrip";
    private static readonly string[] Reading = ["GET", "HEAD"];

    public static void Map(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/videos/{video}/subtitles").WithTags("Captions");
        group.MapMethods("", Reading, ListAsync).RequireAuthorization(Roles.AnalystOrEditor).WithName("listCaptions").WithSummary("Caption tracks of a video, with drafts and every version")
            .ProducesProblems(Problem.BadVideo);
        group.MapMethods("/{language}", Reading, GetAsync).RequireAuthorization(Roles.AnalystOrEditor)
            .WithSummary("The caption file as it was sent; ?version= an older one, ?draft=true work in progress, ?format=vtt as WebVTT")
            .WithName("getCaptions").GivesText("text/vtt", "The captions.", "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nGood evening.\n")
            .GivesText(SubRip, "The captions.", "1\n00:00:01,000 --> 00:00:02,500\nGood evening.\n").GivesHeaders("ETag", "Content-Language")
            .ProducesProblems(Problem.BadVideo, Problem.BadLanguage, Problem.BadFormat, Problem.NoCaptions, Problem.BadCaptions);
        group.MapPut("/{language}", PutAsync).RequireAuthorization(Roles.Editor)
            .WithSummary("Publish a WebVTT or SRT file; live for new sessions at once. ?draft=true keeps it for editors only, ?strict=true refuses it where there is a warning")
            .WithName("putCaptions").TakesText("text/vtt", "A caption file, WebVTT or SubRip, in UTF-8.", "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nGood evening.\n")
            .TakesText(SubRip, "A caption file, WebVTT or SubRip, in UTF-8.", "1\n00:00:01,000 --> 00:00:02,500\nGood evening.\n")
            .TakesHeaders("If-Match", "If-None-Match").GivesHeaders("ETag").ProducesProblems(413, Problem.BadCaptions)
            .ProducesProblems(Problem.BadVideo, Problem.BadLanguage, Problem.BadName, Problem.BadCaptions, Problem.CaptionsChanged, Problem.CaptionsDoubtful, Problem.TooManyTracks);
        group.MapDelete("/{language}", DeleteAsync).RequireAuthorization(Roles.Editor)
            .WithSummary("Take a language away from new sessions; its versions stay. ?draft=true drops the draft only")
            .WithName("deleteCaptions").TakesHeaders("If-Match").ProducesProblems(Problem.BadVideo, Problem.BadLanguage, Problem.NoCaptions, Problem.CaptionsChanged);
        CaptionHistoryEndpoints.Map(group);
    }

    private static async Task<Results<Ok<VideoCaptions>, ProblemHttpResult>> ListAsync(string video, CaptionStore store, CancellationToken ct)
    {
        if (!VideoName.TryRead(video, out var id))
            return CaptionProblems.BadVideo;
        var (tracks, drafts, versions) = await store.ListAsync(id, ct);
        return TypedResults.Ok(VideoCaptions.Of(id, tracks, drafts, versions));
    }

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> GetAsync(
        string video, string language, bool? draft, string? version, string? format, HttpResponse response, CaptionStore store, CancellationToken ct)
    {
        if (CaptionProblems.Read(video, language, out var id, out var tag) is { } wrong)
            return wrong;
        if (format is not (null or "vtt"))
            return Problems.Of(Problem.BadFormat, "Leave format out for the file as it was sent, or ask for format=vtt.");

        var (content, etag, savedAt) = draft == true && await store.FindDraftAsync(id, tag, ct) is { } work ? (work.Content, work.ETag, work.SavedAt)
            : draft != true && version is not null && await store.FindVersionAsync(id, tag, version, ct) is { } old ? (old.Content, $"\"{CaptionStore.Prefix(old.Sha256)}\"", old.SavedAt)
            : draft != true && version is null && await store.FindAsync(id, tag, ct) is { } live ? (live.Content, live.ETag, live.SavedAt)
            : default;
        if (content is null)
            return CaptionProblems.Absent;

        var bytes = Encoding.UTF8.GetBytes(content);
        var vtt = WebVtt.HasHeader(bytes);
        if (format is not null)
        {
            if (!WebVtt.TryParse(bytes, out var file, out var error) || file is null)
                return CaptionProblems.Unfit(error);
            (bytes, vtt, etag) = (CaptionSegment.Whole(file), true, etag.Insert(etag.Length - 1, "-vtt"));
        }

        response.Headers.CacheControl = "private, no-cache";
        response.Headers.ContentLanguage = tag;
        return TypedResults.Bytes(bytes, vtt ? "text/vtt; charset=utf-8" : SubRip + "; charset=utf-8",
            lastModified: DateTimeOffset.FromUnixTimeMilliseconds(savedAt), entityTag: new(etag));
    }

    private static async Task<Results<Ok<CaptionTrackView>, Created<CaptionTrackView>, Ok<CaptionDraftView>, ProblemHttpResult>> PutAsync(
        string video, string language, string? name, [FromQuery(Name = "default")] bool? isDefault, bool? sdh, bool? machine, bool? draft, bool? strict,
        HttpRequest request, HttpResponse response, Actor actor, CaptionStore store, CaptionReview review, SubtitleIndex index, ILogger<SubtitleIndex> log, CancellationToken ct)
    {
        if (CaptionProblems.Read(video, language, out var id, out var tag) is { } wrong)
            return wrong;
        if (name is not null && !CaptionProblems.IsName(name))
            return CaptionProblems.BadName;
        if (await BoundedBody.ReadAsync(request, WebVtt.MaxBytes, ct) is not { } body)
            return CaptionProblems.Unfit(WebVtt.TooLarge, 413);

        var parsed = WebVtt.TryParse(body.Span, out var file, out var error);
        if (draft == true && !WebVtt.IsText(body.Span, out var unreadable))
            return CaptionProblems.Unfit(unreadable);
        if (draft != true && !parsed)
            return CaptionProblems.Unfit(error);
        var edit = new CaptionEdit(id, tag, Encoding.UTF8.GetString(body.Span), name?.Trim(), isDefault, sdh, machine, actor, CaptionPrecondition.Of(request));
        if (draft == true)
        {
            if (await store.SaveDraftAsync(edit, ct) is not { } kept)
                return CaptionProblems.Outdated;
            response.Headers.ETag = kept.ETag;
            return TypedResults.Ok(CaptionDraftView.Of(kept, parsed ? null : error));
        }

        var warnings = await review.ReviewAsync(id, tag, file, request, ct);
        if (strict == true && warnings.Length > 0)
            return CaptionProblems.Doubtful(warnings);
        var saved = await store.PublishAsync(edit, ct);
        if (saved.Outcome == CaptionOutcome.PreconditionFailed || saved.Row is not { } row)
            return saved.Outcome == CaptionOutcome.TooMany ? CaptionProblems.TooMany : CaptionProblems.Outdated;

        // Before the answer is sent: whoever reads it may start a session at once and must see the text.
        await index.RefreshAsync(ct);
        log.CaptionsPublished(id, tag, CaptionStore.Prefix(row.Sha256 ?? ""));
        response.Headers.ETag = row.ETag;
        row.Content = edit.Content;
        var view = CaptionTrackView.Of(row) with { Warnings = warnings };
        return saved.Outcome == CaptionOutcome.Created
            ? TypedResults.Created($"/api/videos/{Uri.EscapeDataString(id)}/subtitles/{tag}", view)
            : TypedResults.Ok(view);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string video, string language, bool? draft, HttpRequest request, Actor actor, CaptionStore store, SubtitleIndex index, ILogger<SubtitleIndex> log, CancellationToken ct)
    {
        if (CaptionProblems.Read(video, language, out var id, out var tag) is { } wrong)
            return wrong;
        var precondition = CaptionPrecondition.Of(request);
        var outcome = draft == true
            ? await store.DeleteDraftAsync(id, tag, precondition, ct)
            : await store.DeleteAsync(id, tag, precondition, actor, ct);
        if (outcome != CaptionOutcome.Deleted)
            return outcome == CaptionOutcome.Absent ? CaptionProblems.Absent : CaptionProblems.Outdated;
        if (draft != true)
        {
            await index.RefreshAsync(ct);
            log.CaptionsDeleted(id, tag);
        }

        return TypedResults.NoContent();
    }
}
