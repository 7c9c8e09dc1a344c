using System.Net.ServerSentEvents;
using System.Text.Json;
using HlsGateway.Analytics;
using HlsGateway.Counting;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Analytics;

public sealed class ExportAndLiveTests : IAsyncLifetime
{
    private GatewayHost host = null!;
    private HttpClient api = null!;
    private Outbox outbox = null!;

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        api = host.Api("analyst");
        outbox = host.Services.GetRequiredService<Outbox>();
    }

    public async Task DisposeAsync()
    {
        api.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task An_export_holds_every_session_once_over_all_its_pages()
    {
        var sessions = Enumerable.Range(0, 2500).Select(i => Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_000 + i))).ToList();
        await Parallel.ForEachAsync(sessions, async (session, _) => Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, 0))));
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), 0, video: "other")));

        var lines = (await api.GetStringAsync(new Uri("/api/export/sessions.ndjson?video=clip", UriKind.Relative))).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Reverse(sessions), lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("session_id").GetGuid()));
        var csv = (await api.GetStringAsync(new Uri("/api/export/sessions.csv?video=clip", UriKind.Relative))).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("session_id,video,started_at,", csv[0], StringComparison.Ordinal);
        Assert.Equal(Enumerable.Reverse(sessions), csv.Skip(1).Select(line => Guid.Parse(line[..36])));
        Assert.All(csv, line => Assert.Equal(csv[0].Count(c => c == ','), line.Count(c => c == ',')));
    }

    [Fact]
    public async Task Readers_that_take_nothing_or_go_away_hold_up_no_report_and_no_counting()
    {
        var sessions = Enumerable.Range(0, 3000).Select(i => Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_000 + i))).ToList();
        await Parallel.ForEachAsync(sessions, async (session, _) => Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, 0))));
        var idle = new List<HttpResponseMessage>();
        // More of them than questions that the ledger answers at once.
        for (var reader = 0; reader < (2 * Environment.ProcessorCount) + 4; reader++)
            idle.Add(await api.GetAsync(new Uri($"/api/export/sessions.{(reader % 2 == 0 ? "ndjson" : "csv")}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead));
        Assert.All(idle, answer => Assert.True(answer.IsSuccessStatusCode));
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(), 0)));
        var report = JsonDocument.Parse(await api.GetStringAsync(new Uri("/api/videos/clip/analytics?from=2026-09-01&to=2026-10-01&tz=UTC", UriKind.Relative))).RootElement;
        Assert.Equal(3000, report.GetProperty("sessions").GetInt32());
        idle.ForEach(answer => answer.Dispose());
        var whole = await api.GetStringAsync(new Uri("/api/export/sessions.csv?to=2026-10-01", UriKind.Relative));
        Assert.Equal(3001, whole.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task A_parquet_export_of_several_row_groups_is_one_file()
    {
        var sessions = Enumerable.Range(0, 10_500).Select(i => Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_000 + i))).ToList();
        await Parallel.ForEachAsync(sessions, async (session, _) => Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, 0))));
        using var file = new MemoryStream(await api.GetByteArrayAsync(new Uri("/api/export/sessions.parquet?video=clip", UriKind.Relative)));
        await using var parquet = await Parquet.ParquetReader.CreateAsync(file);
        Assert.Equal(2, parquet.RowGroupCount);
        var read = new List<string?>();
        foreach (var group in Enumerable.Range(0, parquet.RowGroupCount).Select(parquet.OpenRowGroupReader))
        {
            var ids = new string?[group.RowCount];
            await group.ReadAsync(parquet.Schema.GetDataFields()[0], ids.AsMemory());
            read.AddRange(ids);
        }
        Assert.Equal(Enumerable.Reverse(sessions).Select(session => session.ToString()), read);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    public void A_cell_cannot_break_out_of_its_column_or_run(string text, string cell) => Assert.Equal(cell, ExportFormat.CsvFormat.Cell(text));

    [Theory]
    [InlineData("/api/export/sessions.csv?from=x")]
    [InlineData("/api/export/sessions.ndjson?from=2026-02-01&to=2026-01-01")]
    public async Task An_export_of_a_wrong_range_is_refused(string path)
    {
        using var response = await api.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task The_live_tail_tells_each_request_of_the_asked_video_and_beats_every_second()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var session = Guid.CreateVersion7();
        var (seen, beats, first) = (new List<(string? Id, int Start)>(), new List<JsonElement>(), true);
        await foreach (var item in FollowAsync("/api/live?video=clip", null, patience.Token))
        {
            // What is told before the last request came says nothing of it.
            if (item.EventType == "heartbeat" && seen.Count == 5) beats.Add(JsonDocument.Parse(item.Data).RootElement);
            if (first)
            {
                first = false;
                for (var i = 0; i < 5; i++)
                {
                    Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, i, at: DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())));
                    Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, i, video: "other", at: DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())));
                }
            }
            if (item.EventType == "request") seen.Add((item.EventId, JsonDocument.Parse(item.Data).RootElement.GetProperty("start_seconds").GetInt32()));
            if (beats.Count >= 3) break;
        }
        Assert.Equal([0, 4, 8, 12, 16], seen.Select(request => request.Start));
        Assert.Equal(1, beats[^1].GetProperty("live").GetInt32());
        Assert.Equal(0, beats[^1].GetProperty("lost").GetInt32());
        Assert.Equal(0, beats[^1].GetProperty("backlog").GetInt32());

        // A reader that comes back with the second id gets the third first.
        var again = new List<int>();
        await foreach (var item in FollowAsync("/api/live?video=clip", seen[1].Id, patience.Token))
        {
            if (item.EventType == "request") again.Add(JsonDocument.Parse(item.Data).RootElement.GetProperty("start_seconds").GetInt32());
            if (again.Count == 3) break;
        }
        Assert.Equal([8, 12, 16], again);
    }

    [Fact]
    public void A_reader_that_does_not_keep_up_is_cut_off_and_the_others_are_not()
    {
        var tail = new LiveTail();
        var slow = tail.Subscribe(null, out _);
        var seq = 1L;
        for (var round = 0; round < 200; round++)
        {
            tail.Publish([Crowd(100)], seq);
            seq += 100;
        }
        Assert.True(slow.Reader.Count > 0);
        while (slow.Reader.TryRead(out _))
        {
        }
        Assert.True(slow.Reader.Completion.IsCompleted);
        tail.Subscribe(1, out var missed);
        Assert.True(missed);
        var late = tail.Subscribe(seq - 11, out missed);
        Assert.False(missed);
        Assert.Equal(10, late.Reader.Count);
    }

    [Fact]
    public void Who_plays_is_remembered_only_while_somebody_listens_and_no_longer_than_it_plays()
    {
        const long Now = 1_800_000_000_000;
        var tail = new LiveTail();
        var seq = 1L;
        void Publish(int sessions, long at)
        {
            var batch = new HitBatch(null);
            for (var i = 0; i < sessions; i++) batch.Add(TestLedger.Segment(Guid.NewGuid(), 0, at: at), waiter: null);
            tail.Publish([batch], seq);
            seq += sessions;
        }

        Publish(20_000, Now);
        Assert.Equal(0, tail.Seen);

        var reader = tail.Subscribe(null, out _);
        Assert.Equal(LiveTail.Kept, tail.Watching(Now));
        Publish(50, Now + 31_000);
        Assert.Equal(50, tail.Watching(Now + 31_000));
        Assert.Equal(50, tail.Seen);

        tail.Unsubscribe(reader);
        Publish(100, Now + 31_000);
        Assert.Equal(0, tail.Seen);
    }

    [Fact]
    public async Task Whoever_is_cut_off_or_comes_back_too_late_is_told_why_and_what_to_do()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var (last, published) = (default(SseItem<string>), false);
        await foreach (var item in FollowAsync("/api/live?video=clip", null, patience.Token))
        {
            // More at once than any reader takes: its place is full before it has written the first.
            if (!published) outbox.Live.Publish([Crowd(200_000)], 1_000_000);
            (last, published) = (item, true);
        }
        Assert.Equal("slow", last.EventType);
        AssertWords(last, "behind", "Last-Event-ID");

        await foreach (var item in FollowAsync("/api/live", "1000001", patience.Token))
        {
            Assert.Equal("gap", item.EventType);
            AssertWords(item, "no longer kept", "/api/sessions");
            break;
        }

        static void AssertWords(SseItem<string> item, string reason, string whatToDo)
        {
            var notice = JsonDocument.Parse(item.Data).RootElement;
            Assert.Contains(reason, notice.GetProperty("reason").GetString(), StringComparison.Ordinal);
            Assert.Contains(whatToDo, notice.GetProperty("what_to_do").GetString(), StringComparison.Ordinal);
        }
    }

    private static HitBatch Crowd(int hits)
    {
        var batch = new HitBatch(null);
        for (var i = 0; i < hits; i++) batch.Add(TestLedger.Segment(Guid.CreateVersion7(), i % 100), waiter: null);
        return batch;
    }

    private async IAsyncEnumerable<SseItem<string>> FollowAsync(string path, string? after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken patience)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (after is not null) request.Headers.Add("Last-Event-ID", after);
        using var response = await api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        await using var stream = await response.Content.ReadAsStreamAsync(patience);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(patience)) yield return item;
    }
}
