using System.ComponentModel;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using HlsGateway.Access;
using HlsGateway.Counting;
using HlsGateway.Database;
using HlsGateway.Telemetry;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>One request, as the live tail tells it. Ignored ones are told too, with their rule.</summary>
internal sealed record LiveRequest(DateTime At, Guid? SessionId, string Video, string Path, HitKind Kind, HitRule Rule, double StartSeconds, double DurationSeconds, PlayerFamily Player);

/// <summary>The state of the counting, once a second.</summary>
/// <param name="CountedTo">Whoever asks now finds everything up to this time in the sessions.</param>
/// <param name="LagMs">How long ago that was; 0 when nothing waits.</param>
/// <param name="Live">Sessions with a request within the last 30 s.</param>
/// <param name="Lost">Requests answered and not recorded, since the ledger was made.</param>
/// <param name="Backlog">Requests that wait for the disk, or on it for PostgreSQL.</param>
internal sealed record Heartbeat(DateTime CountedTo, long LagMs, long Live, long Lost, long Backlog, string Ledger, string? Trouble);

/// <summary>Why the tail has a gap or ends.</summary>
internal sealed record TailNotice(string Reason, string WhatToDo);

/// <summary>
/// <c>GET /api/live</c>: server-sent events <c>request</c>, <c>change</c> (an entry of <c>/api/changes</c>), <c>job</c> (how an upload gets on), <c>heartbeat</c>, <c>gap</c> (what followed
/// Last-Event-ID is no longer kept) and <c>slow</c> (this reader did not keep up and is cut off; it may come back). The last two say in words why, and what
/// to do. The id of a request or a change says how much of both was told: <c>{the last request's number in the ledger}.{Unix milliseconds of the last
/// change}</c>; either may be missing.
/// </summary>
internal sealed class LiveEndpoint(Outbox outbox, LedgerReader ledger, CatalogueDatabase database, Departure departure, TimeProvider time, IOptions<JsonOptions> options)
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    /// <summary>How long a heartbeat waits for changes, and for jobs: a database that is slow delays these alone.</summary>
    private static readonly TimeSpan ChangePatience = TimeSpan.FromMilliseconds(250);

    private readonly JsonSerializerOptions json = options.Value.SerializerOptions;

    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/api/live", (
            HttpContext context, LiveEndpoint live, [Description("Only requests of this video, and changes that can concern it.")] string? video = null) =>
        {
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Headers["X-Accel-Buffering"] = "no";
            var (requests, changes) = Position(context.Request.Headers["Last-Event-ID"].ToString());
            return TypedResults.ServerSentEvents(live.TellAsync(video, requests, changes, context.RequestAborted));
        }).RequireAuthorization(Roles.Analyst).WithTags("Live").WithName("followRequests").WithSummary("Requests as they are counted, changes as they are made, and a heartbeat each second (server-sent events)")
            .TakesHeaders("Last-Event-ID")
            .GivesText("text/event-stream", "Events `request` and `change` (an entry of GET /api/changes, at most two seconds old, at every gateway that shares the database; after an interruption one may come again, with the same id); their event ids are what Last-Event-ID takes. `job`: an upload on its way that has moved, and how it ended (`video`, `status`, `progress`, `eta_seconds`). `heartbeat`, `gap` (what followed Last-Event-ID is no longer kept) and `slow` (this reader did not keep up and is cut off).",
                "event: heartbeat\ndata: {\"counted_to\":\"2026-11-30T12:34:56.789Z\",\"lag_ms\":0,\"live\":3,\"lost\":0,\"backlog\":0,\"ledger\":\"sqlite\",\"trouble\":null}\n\n");

    private async IAsyncEnumerable<SseItem<string>> TellAsync(string? video, long? after, long? changedAfter, [EnumeratorCancellation] CancellationToken ct)
    {
        var channel = outbox.Live.Subscribe(after, out var missed);
        var changes = new ChangeTail(database, time, changedAfter);
        var jobs = new JobTail(database, time);
        try
        {
            if (missed)
            {
                yield return Tell("gap", new TailNotice(
                    $"More than {LiveTail.Kept} requests were counted since Last-Event-ID: the first of them are no longer kept here.",
                    "Read what is missing from /api/sessions or /api/export; the tail goes on with what follows."));
            }
            if (changes.Missed)
            {
                yield return Tell("gap", new TailNotice(
                    $"Last-Event-ID is of more than {ChangeTail.Kept.TotalHours} hours ago: the first of the changes since then are not told here.",
                    "Read what is missing from /api/changes; the tail goes on with what follows."));
            }
            var requests = after;
            foreach (var change in await changes.NextAsync(Beat, ct))
            {
                if (video is null || change.Concerns(video))
                    yield return Tell(requests, change.AtMs, change);
            }
            foreach (var job in await jobs.NextAsync(Beat, ct))
            {
                if (video is null || job.Video == video)
                    yield return Tell(job);
            }
            yield return await HeartbeatAsync(ct);
            var due = time.GetTimestamp();
            while (!departure.IsOver)
            {
                var left = Beat - time.GetElapsedTime(due);
                if (left <= TimeSpan.Zero)
                {
                    foreach (var change in await changes.NextAsync(ChangePatience, ct))
                    {
                        if (video is null || change.Concerns(video))
                            yield return Tell(requests, change.AtMs, change);
                    }
                    foreach (var job in await jobs.NextAsync(ChangePatience, ct))
                    {
                        if (video is null || job.Video == video)
                            yield return Tell(job);
                    }
                    yield return await HeartbeatAsync(ct);
                    due = time.GetTimestamp();
                    continue;
                }
                if (!await WaitAsync(channel.Reader, left, ct))
                {
                    if (!channel.Reader.Completion.IsCompleted)
                        continue;
                    yield return Tell("slow", new TailNotice(
                        $"This reader was more than {LiveTail.Kept + LiveTail.Backlog} requests behind and is cut off, so that counting waits for nobody.",
                        "Connect again with the last id as Last-Event-ID (an EventSource does so by itself), ask for one video with ?video=, or read faster."));
                    yield break;
                }
                while (channel.Reader.TryRead(out var entry) && time.GetElapsedTime(due) < Beat)
                {
                    requests = entry.Seq;
                    if (video is null || entry.Hit.Video == video)
                        yield return Tell(entry.Seq, changes.Position, entry.Hit);
                }
            }
        }
        finally
        {
            outbox.Live.Unsubscribe(channel);
        }
    }

    private static async Task<bool> WaitAsync(ChannelReader<(long Seq, Hit Hit)> reader, TimeSpan atMost, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(atMost);
        try
        {
            return await reader.WaitToReadAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private SseItem<string> Tell(string name, TailNotice notice) => new(JsonSerializer.Serialize(notice, json), name);

    private SseItem<string> Tell(LiveJob job) => new(JsonSerializer.Serialize(job, json), "job");

    private SseItem<string> Tell(long? seq, long changed, ChangeRow change) => new(JsonSerializer.Serialize(change.Tell(), json), "change") { EventId = Id(seq, changed) };

    private static string Id(long? seq, long changed) => string.Create(CultureInfo.InvariantCulture, $"{seq}.{changed}");

    private static (long? Request, long? Change) Position(string id)
    {
        static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

        var dot = id.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? (Number(id), null) : (Number(id[..dot]), Number(id[(dot + 1)..]));
    }

    private SseItem<string> Tell(long seq, long changed, in Hit hit) => new(
        JsonSerializer.Serialize(
            new LiveRequest(
                DateTimeOffset.FromUnixTimeMilliseconds(hit.AtMs).UtcDateTime, hit.Session == Guid.Empty ? null : hit.Session, hit.Video, hit.Path, hit.Kind, hit.Rule,
                hit.Kind == HitKind.Live ? 0 : hit.Kind == HitKind.Report ? (hit.StartMs - hit.DurationMs) / 1000.0 : hit.StartMs / 1000.0, hit.Kind == HitKind.Report ? 0 : hit.DurationMs / 1000.0, hit.Player), json),
        "request")
    { EventId = Id(seq, changed) };

    private async Task<SseItem<string>> HeartbeatAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var counted = await outbox.CountedToAsync(ct);
        var beat = new Heartbeat(
            counted.UtcDateTime, Math.Max(0, (long)(now - counted).TotalMilliseconds), outbox.Live.Watching(now.ToUnixTimeMilliseconds()), outbox.Lost,
            outbox.Backlog, ledger.Kind, outbox.Progress.Trouble ?? outbox.Forwarder?.Trouble);
        return new SseItem<string>(JsonSerializer.Serialize(beat, json), "heartbeat");
    }
}
