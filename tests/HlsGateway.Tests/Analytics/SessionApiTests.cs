using System.Net;
using System.Text.Json;
using HlsGateway.Counting;
using HlsGateway.Tests.Counting;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Analytics;

public sealed class SessionApiTests : SessionApiContract;

[Collection("ledger-postgres")]
public sealed class PostgresSessionApiTests(LedgerPostgres postgres) : SessionApiContract
{
    protected override Task<string> DatabaseAsync() => postgres.NewDatabaseAsync();
}

/// <summary>The same answers from both databases.</summary>
public abstract class SessionApiContract : IAsyncLifetime
{
    private GatewayHost host = null!;
    private HttpClient api = null!;
    private Outbox outbox = null!;

    /// <summary>Connection string of the ledger; empty for the embedded one.</summary>
    protected virtual Task<string> DatabaseAsync() => Task.FromResult("");

    public async Task InitializeAsync()
    {
        host = await GatewayHost.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["ConnectionStrings:Ledger"] = await DatabaseAsync() });
        api = host.Api("analyst");
        outbox = host.Services.GetRequiredService<Outbox>();
    }

    public async Task DisposeAsync()
    {
        api.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task An_answer_holds_what_its_asker_just_did()
    {
        var session = Guid.CreateVersion7();
        outbox.Describe("clip", 24_000);
        for (var i = 0; i < 6; i++)
        {
            Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, i)));
            var report = await GetAsync($"/api/sessions/{session}");
            Assert.Equal((i + 1) * 4, report.GetProperty("watch_seconds").GetDouble());
            Assert.Equal(i + 1, report.GetProperty("segments_fetched").GetInt32());
            Assert.Equal(i == 5, report.GetProperty("completed").GetBoolean());
        }
    }

    [Fact]
    public async Task The_trace_tells_the_rule_of_each_request()
    {
        var session = Guid.CreateVersion7();
        (Hit Hit, string Rule, double Added)[] story =
        [
            (TestLedger.Segment(session, 0) with { Kind = HitKind.SessionStart, Path = "playlist.m3u8", DurationMs = 0, StartMs = 0 }, "began", 0),
            (TestLedger.Segment(session, 0), "watched", 4),
            (TestLedger.Segment(session, 0), "repeat", 0),
            (TestLedger.Segment(session, 0, "360p"), "other_rendition", 0),
            (TestLedger.Segment(session, 1, rule: HitRule.Head), "head", 0),
            (TestLedger.Segment(session, 1, rule: HitRule.ForgedDuration), "forged_duration", 0),
            (TestLedger.Segment(session, 1, rule: HitRule.ExpiredSession), "expired", 0),
            (TestLedger.Segment(session, 1, kind: HitKind.Audio), "audio", 0),
            (TestLedger.Segment(session, 1, kind: HitKind.IFrame), "i_frame", 0),
            (TestLedger.Segment(session, 0, kind: HitKind.Trailer), "trailer", 0),
            (TestLedger.Segment(session, 0, kind: HitKind.Caption) with { Path = "subtitles/de/0a1b2c3d/0.vtt" }, "caption", 0),
            (TestLedger.Segment(session, 0, kind: HitKind.Other), "other", 0),
            (TestLedger.Segment(session, 1), "watched", 4),
            (TestLedger.Segment(session, 2) with { Ranged = true }, "watched", 4),
            (TestLedger.Segment(session, 2) with { Ranged = true }, "range", 0),
            (TestLedger.Segment(session, 2, kind: HitKind.Live) with { Ranged = true }, "range", 0),
            (TestLedger.Segment(session, 7, kind: HitKind.Live), "live", 0),
        ];
        foreach (var (hit, _, _) in story)
            Assert.True(await outbox.RecordAsync(hit));

        var report = await GetAsync($"/api/sessions/{session}");
        var trace = report.GetProperty("trace").EnumerateArray().ToList();
        Assert.Equal(story.Select(step => step.Rule), trace.Select(entry => entry.GetProperty("rule").GetString()));
        Assert.Equal(story.Select(step => step.Added), trace.Select(entry => entry.GetProperty("added_watch_seconds").GetDouble()));
        Assert.All(trace, entry => Assert.NotEmpty(entry.GetProperty("why").GetString()!));
        Assert.True(report.GetProperty("trace_complete").GetBoolean());
        Assert.True(report.GetProperty("live").GetBoolean());
        Assert.Equal(12, report.GetProperty("watch_seconds").GetDouble());
        Assert.Equal(24, report.GetProperty("seconds_fetched").GetDouble());
        Assert.Equal(6, report.GetProperty("segments_fetched").GetInt32());
        Assert.Equal(4, report.GetProperty("trailer_seconds").GetDouble());
        Assert.Equal(["de"], report.GetProperty("captions").EnumerateArray().Select(x => x.GetString()));
        Assert.Equal(["360p", "720p"], report.GetProperty("renditions").EnumerateArray().Select(x => x.GetString()));
        Assert.Equal("4W8f", report.GetProperty("strip").GetString());
        Assert.Equal("{\"head\":1,\"repeats\":2,\"forged_duration\":1,\"expired\":1,\"ranges\":2}", report.GetProperty("ignored").GetRawText());
    }

    [Fact]
    public async Task A_session_says_how_its_lower_bound_came_about()
    {
        var (fetched, buffered, measured) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        for (var i = 0; i < 4; i++)
        {
            foreach (var session in (Guid[])[fetched, buffered, measured])
            {
                var hit = TestLedger.Segment(session, i);
                hit = hit with { AtMs = hit.AtMs + (i * 3000), Cmcd = session == buffered ? new Cmcd { BufferMs = 3000 } : null };
                Assert.True(await outbox.RecordAsync(hit));
            }
        }
        foreach (var (at, place, state) in ((int, int, string)[])[(0, 0, "p"), (4000, 3950, "a")])
        {
            Assert.True(await outbox.RecordAsync(TestLedger.Segment(measured, 0, kind: HitKind.Report) with
            {
                StartMs = place,
                DurationMs = 0,
                Cmcd = new Cmcd { Event = "ps", EventAtMs = 1_700_000_000_000 + at, PlayheadMs = place, State = state },
            }));
        }

        var report = await GetAsync($"/api/sessions/{fetched}");
        Assert.Equal(("fetched", 0.0), (report.GetProperty("basis").GetString(), report.GetProperty("watch_seconds_low").GetDouble()));
        var low = report.GetProperty("low");
        Assert.Equal(("stretches", 0, 600.0, 16.0), (low.GetProperty("rule").GetString(), low.GetProperty("told").GetInt32(), low.GetProperty("buffer_seconds").GetDouble(), low.GetProperty("subtracted_seconds").GetDouble()));
        Assert.Contains("16 s of the content were handed out in 1 unbroken stretch", low.GetProperty("why").GetString(), StringComparison.Ordinal);

        report = await GetAsync($"/api/sessions/{buffered}");
        // From 1 s, where the second request found it, to 9 s; before it, 0 s was 3 s before the content.
        Assert.Equal("buffered", report.GetProperty("basis").GetString());
        low = report.GetProperty("low");
        Assert.Equal(("buffer", 4, 3.0, 9.0), (low.GetProperty("rule").GetString(), low.GetProperty("told").GetInt32(), low.GetProperty("buffer_seconds").GetDouble(), low.GetProperty("last_playhead_seconds").GetDouble()));
        Assert.Equal("2027-01-15T08:00:12.000Z", low.GetProperty("last_at").GetString());
        Assert.Contains($"is {report.GetProperty("watch_seconds_low").GetDouble().ToString(System.Globalization.CultureInfo.InvariantCulture)} s of the content", low.GetProperty("why").GetString(), StringComparison.Ordinal);

        report = await GetAsync($"/api/sessions/{measured}");
        Assert.Equal(("measured", 3.95), (report.GetProperty("basis").GetString(), report.GetProperty("watch_seconds_low").GetDouble()));
        low = report.GetProperty("low");
        Assert.Equal(("event_reports", 2, 3.95, 0.0), (low.GetProperty("rule").GetString(), low.GetProperty("told").GetInt32(), low.GetProperty("last_playhead_seconds").GetDouble(), low.GetProperty("subtracted_seconds").GetDouble()));
        Assert.Equal(JsonValueKind.Null, low.GetProperty("cut_to_seconds").ValueKind);
        Assert.Contains("2 event reports, the last at 2023-11-14T22:13:24.000Z by its own clock, when it was at 3.95 s", low.GetProperty("why").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_of_a_players_url_names_its_session()
    {
        var session = Guid.CreateVersion7();
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, 0)));
        var token = new byte[30];
        session.TryWriteBytes(token, bigEndian: true, out _);
        var report = await GetAsync($"/api/sessions/{System.Buffers.Text.Base64Url.EncodeToString(token)}");
        Assert.Equal(session, report.GetProperty("session_id").GetGuid());
    }

    [Fact]
    public async Task Pages_hold_each_session_once_though_new_ones_begin_meanwhile()
    {
        var all = new List<Guid>();
        for (var i = 0; i < 25; i++) all.Add(await BeginAsync("clip"));
        await BeginAsync("other");
        var seen = new List<Guid>();
        string? cursor = null;
        do
        {
            var page = await GetAsync($"/api/sessions?video=clip&limit=7{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("sessions").EnumerateArray().Select(x => x.GetProperty("session_id").GetGuid()));
            cursor = page.GetProperty("next_cursor").GetString();
            await BeginAsync("clip");
        }
        while (cursor is not null);
        Assert.Equal(Enumerable.Reverse(all), seen);
    }

    [Fact]
    public async Task Sessions_are_chosen_by_the_time_they_began()
    {
        var noon = new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
        foreach (var minute in (int[])[-1, 0, 59, 60])
            Assert.True(await outbox.RecordAsync(TestLedger.Segment(Guid.CreateVersion7(noon.AddMinutes(minute)), 0)));
        var page = await GetAsync("/api/sessions?from=2026-11-01T12:00:00Z&to=2026-11-01T14:00:00%2B01:00");
        Assert.Equal(["2026-11-01T12:59:00.000Z", "2026-11-01T12:00:00.000Z"], page.GetProperty("sessions").EnumerateArray().Select(x => x.GetProperty("started_at").GetString()));
    }

    [Theory]
    [InlineData("/api/sessions?limit=0", 400, "limit")]
    [InlineData("/api/sessions?limit=1001", 400, "limit")]
    [InlineData("/api/sessions?limit=ten", 400, "limit")]
    [InlineData("/api/sessions?from=yesterday", 400, "from")]
    [InlineData("/api/sessions?to=1", 400, "to")]
    [InlineData("/api/sessions?from=2026-11-02&to=2026-11-01", 400, "to")]
    [InlineData("/api/sessions?cursor=abc", 400, "cursor")]
    [InlineData("/api/sessions/abc", 400, "session_id")]
    [InlineData("/api/sessions/0198c0de-0000-7000-8000-000000000000", 404, "recorded")]
    public async Task A_wrong_parameter_is_told_by_name(string path, int status, string word)
    {
        using var response = await api.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Contains(word, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("editor", HttpStatusCode.Forbidden)]
    [InlineData("uploader", HttpStatusCode.Forbidden)]
    [InlineData("analyst", HttpStatusCode.OK)]
    [InlineData("admin", HttpStatusCode.OK)]
    public async Task Only_analysts_see_sessions(string role, HttpStatusCode status)
    {
        using var client = host.Api(role);
        using var response = await client.GetAsync(new Uri("/api/sessions", UriKind.Relative));
        Assert.Equal(status, response.StatusCode);
        using var nobody = await host.Client.GetAsync(new Uri("/api/sessions", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
    }

    private async Task<Guid> BeginAsync(string video)
    {
        var session = Guid.CreateVersion7();
        Assert.True(await outbox.RecordAsync(TestLedger.Segment(session, 0, video: video)));
        // Two ids of one millisecond have no order that a test could know.
        await Eventually.IsTrueAsync(() => Guid.CreateVersion7().ToString()[..13] != session.ToString()[..13], "the next millisecond");
        return session;
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await api.GetAsync(new Uri(path, UriKind.Relative));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement;
    }
}
