using System.ComponentModel;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using HlsGateway.Access;
using HlsGateway.Counting;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace HlsGateway.Analytics;

/// <summary>One request, as the live tail tells it. Ignored ones are told too, with their rule.</summary>
internal sealed record LiveRequest(DateTime At, Guid? SessionId, string Video, string Path, HitKind Kind, HitRule Rule, double StartSeconds, double DurationSeconds, PlayerFamily Player);

/// <summary>The state of the counting, once a second.</summary>
/// <param name="CountedTo">Everything up to this time is in the sessions.</param>
/// <param name="LagMs">How long ago that was; 0 when nothing waits.</param>
/// <param name="Live">Sessions with a request within the last 30 s.</param>
/// <param name="Lost">Requests answered and not recorded, since the ledger was made.</param>
/// <param name="Backlog">Requests that are on disk and not merged yet, or wait for the disk.</param>
internal sealed record Heartbeat(DateTime CountedTo, long LagMs, long Live, long Lost, long Backlog, string Ledger, string? Trouble);

/// <summary>Why the tail has a gap or ends.</summary>
internal sealed record TailNotice(string Reason, string WhatToDo);

/// <summary>
/// <c>GET /api/live</c>: server-sent events <c>request</c> (id: its number in the ledger), <c>heartbeat</c>, <c>gap</c> (what followed
/// Last-Event-ID is no longer kept) and <c>slow</c> (this reader did not keep up and is cut off; it may come back). The last two say in words why, and what to do.
/// </summary>
internal sealed class LiveEndpoint(Outbox outbox, LedgerReader ledger, TimeProvider time, IOptions<JsonOptions> options)
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    private readonly JsonSerializerOptions json = options.Value.SerializerOptions;

    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/api/live", (
            HttpContext context, LiveEndpoint live, [Description("Only requests of this video.")] string? video = null) =>
        {
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Headers["X-Accel-Buffering"] = "no";
            long? after = long.TryParse(context.Request.Headers["Last-Event-ID"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : null;
            return TypedResults.ServerSentEvents(live.TellAsync(video, after, context.RequestAborted));
        }).RequireAuthorization(Roles.Analyst).WithTags("Live").WithName("followRequests").WithSummary("Requests as they are counted, and a heartbeat each second (server-sent events)")
            .TakesHeaders("Last-Event-ID")
            .GivesText("text/event-stream", "Events `request` (its id is what Last-Event-ID takes), `heartbeat`, `gap` (what followed Last-Event-ID is no longer kept) and `slow` (this reader did not keep up and is cut off).",
                "event: heartbeat\ndata: {\"counted_to\":\"2026-11-30T12:34:56.789Z\",\"lag_ms\":0,\"live\":3,\"lost\":0,\"backlog\":0,\"ledger\":\"sqlite\",\"trouble\":null}\n\n");

    private async IAsyncEnumerable<SseItem<string>> TellAsync(string? video, long? after, [EnumeratorCancellation] CancellationToken ct)
    {
        var channel = outbox.Live.Subscribe(after, out var missed);
        try
        {
            if (missed)
            {
                yield return Tell("gap", new TailNotice(
                    $"More than {LiveTail.Kept} requests were counted since Last-Event-ID: the first of them are no longer kept here.",
                    "Read what is missing from /api/sessions or /api/export; the tail goes on with what follows."));
            }
            yield return await HeartbeatAsync(ct);
            var due = time.GetTimestamp();
            while (true)
            {
                var left = Beat - time.GetElapsedTime(due);
                if (left <= TimeSpan.Zero)
                {
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
                    if (video is null || entry.Hit.Video == video)
                        yield return Tell(entry.Seq, entry.Hit);
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

    private SseItem<string> Tell(long seq, in Hit hit) => new(
        JsonSerializer.Serialize(
            new LiveRequest(
                DateTimeOffset.FromUnixTimeMilliseconds(hit.AtMs).UtcDateTime, hit.Session == Guid.Empty ? null : hit.Session, hit.Video, hit.Path, hit.Kind, hit.Rule,
                hit.Kind == HitKind.Live ? 0 : hit.Kind == HitKind.Report ? (hit.StartMs - hit.DurationMs) / 1000.0 : hit.StartMs / 1000.0, hit.Kind == HitKind.Report ? 0 : hit.DurationMs / 1000.0, hit.Player), json),
        "request")
    { EventId = seq.ToString(CultureInfo.InvariantCulture) };

    private async Task<SseItem<string>> HeartbeatAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var counted = await ledger.CaughtUpAsync(ct);
        var progress = outbox.Progress;
        var beat = new Heartbeat(
            counted.UtcDateTime, Math.Max(0, (long)(now - counted).TotalMilliseconds), outbox.Live.Watching(now.ToUnixTimeMilliseconds()), outbox.Lost,
            progress.Committed - progress.Merged + outbox.Depth, ledger.Kind, progress.Trouble ?? outbox.Forwarder?.Trouble);
        return new SseItem<string>(JsonSerializer.Serialize(beat, json), "heartbeat");
    }
}
