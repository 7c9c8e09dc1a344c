using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapper;
using HlsGateway.Database;
using HlsGateway.Tests.Hosting;
using HlsGateway.Trailers;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Trailers;

/// <summary>Entries of the schedule as an editor handles them. The clock stands at the beginning of 2026 and goes on when it is told to.</summary>
public class ScheduleTests(TrailerWorkshop workshop) : IClassFixture<TrailerWorkshop>
{
    private readonly ManualClock clock = new();

    [Fact]
    public async Task Entries_are_added_listed_changed_and_removed_one_by_one()
    {
        await using var host = await StartAsync();
        using var api = host.Api("editor");
        var first = await AddAsync(api, """{"trailer":null,"videos":"shows/*","from":"2026-01-02T00:00:00Z","to":"2026-01-03T01:00:00+01:00"}""");
        var second = await AddAsync(api, """{"trailer":null,"videos":"films/*","until":"2026-02-01T00:00:00Z"}""");
        var (one, other) = (IdOf(first), IdOf(second));
        Assert.Equal($"/api/trailers/schedule/{one}", first.Location);
        Assert.Equal(("editor", "2026-01-01T00:00:00.000Z"), (first.Text("entry.actor").Split(' ')[0], first.Text("entry.created_at")));

        var list = await GetAsync(api, "api/trailers/schedule");
        Assert.Equal([other, one], Each(list.Body, "entries").Select(entry => entry.GetProperty("id").GetGuid()));
        Assert.Equal(["on", "planned"], Each(list.Body, "entries").Select(entry => entry.GetProperty("state").GetString()));
        Assert.Equal("2026-01-03T00:00:00.000Z", Each(list.Body, "entries").Last().GetProperty("to").GetString());

        var changed = await SendAsync(api, HttpMethod.Patch, $"api/trailers/schedule/{one}", """{"to":null,"videos":"shows/a*"}""");
        Assert.Equal((HttpStatusCode.OK, JsonValueKind.Null), (changed.Status, changed.At("entry.to").ValueKind));
        Assert.Equal(("shows/a*", "2026-01-02T00:00:00.000Z"), (changed.Text("entry.videos"), changed.Text("entry.from")));
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(api, HttpMethod.Patch, $"api/trailers/schedule/{one}", """{"to":"2026-01-01T12:00:00Z"}""")).Status);

        var removed = await SendAsync(api, HttpMethod.Delete, $"api/trailers/schedule/{other}");
        Assert.Equal([one], Each(removed.Body, "entries").Select(entry => entry.GetProperty("id").GetGuid()));
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(api, HttpMethod.Delete, $"api/trailers/schedule/{other}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(api, HttpMethod.Patch, $"api/trailers/schedule/{other}", "{}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(api, $"api/trailers/schedule/{other}")).Status);
        Assert.Equal(one, IdOf(await GetAsync(api, $"api/trailers/schedule/{one}")));

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(api, HttpMethod.Post, "api/trailers/rollback")).Status);
        Assert.Equal([other, one], Each((await GetAsync(api, "api/trailers/schedule")).Body, "entries").Select(entry => entry.GetProperty("id").GetGuid()));
        Assert.Equal(HttpStatusCode.BadRequest, (await GetAsync(api, "api/trailers/history?limit=0")).Status);
        var history = await GetAsync(api, "api/trailers/history");
        Assert.Equal(["rollback", "unschedule", "reschedule", "schedule", "schedule"], history.Body.EnumerateArray().Select(row => row.GetProperty("action").GetString()));
    }

    [Fact]
    public async Task What_an_editor_should_know_is_answered_as_a_warning_and_refused_when_strict()
    {
        await using var host = await StartAsync();
        using var api = host.Api("editor");
        await UploadAsync(api, "brand");
        const string christmas = """{"trailer":"brand","from":"2026-12-24T00:00:00Z","to":"2026-12-27T00:00:00Z"}""";
        var standing = await AddAsync(api, """{"trailer":"brand"}""");
        Assert.Equal(["no-ready-copies"], Codes(standing));
        // What has no window is what plays otherwise: an entry above it is meant.
        var planned = await AddAsync(api, christmas);
        Assert.Equal(["no-ready-copies"], Codes(planned));

        var overlap = await AddAsync(api, """{"trailer":null,"videos":"*day","from":"2026-12-26T00:00:00Z","to":"2026-12-28T00:00:00Z"}""");
        Assert.Equal(["no-such-video", "overlap"], Codes(overlap));
        Assert.Equal(IdOf(planned), overlap.At("warnings").EnumerateArray().Last().GetProperty("entry").GetGuid());
        Assert.Contains("from 2026-12-24T00:00:00.000Z to 2026-12-27T00:00:00.000Z", overlap.At("warnings").EnumerateArray().Last().GetProperty("message").GetString(), StringComparison.Ordinal);
        var over = await AddAsync(api, """{"trailer":null,"to":"2025-12-28T00:00:00Z"}""");
        Assert.Equal(["window-over"], Codes(over));

        var before = await GetAsync(api, "api/trailers/schedule");
        var refused = await SendAsync(api, HttpMethod.Post, "api/trailers/schedule?strict=true", """{"trailer":null}""");
        Assert.Equal((HttpStatusCode.Conflict, true), (refused.Status, refused.Text("type").EndsWith("/schedule-refused", StringComparison.Ordinal)));
        Assert.Equal(["never-plays", "never-plays", "never-plays"], Codes(refused));
        Assert.Equal(HttpStatusCode.Conflict, (await SendAsync(api, HttpMethod.Patch, $"api/trailers/schedule/{IdOf(over)}?strict=true", """{"videos":"x*"}""")).Status);
        Assert.Equal(before.Body.ToString(), (await GetAsync(api, "api/trailers/schedule")).Body.ToString());
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(api, HttpMethod.Post, "api/trailers/schedule?strict=true", """{"trailer":null,"from":"2027-12-26T00:00:00Z"}""")).Status);

        // A plain swap replaces the whole schedule, as it always did, and says what went with it.
        var swap = await SendAsync(api, HttpMethod.Put, "api/trailers/active", """{"trailer":null}""");
        Assert.Equal(["entries-removed"], Codes(swap));
        Assert.Contains("brand from 2026-12-24", swap.At("warnings")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty(Codes(await SendAsync(api, HttpMethod.Put, "api/trailers/active", """{"trailer":null}""")));
    }

    [Fact]
    public async Task Switching_the_trailer_off_says_which_planned_entries_went_with_it_and_a_rollback_brings_them_back()
    {
        await using var host = await StartAsync();
        using var api = host.Api("editor");
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(api, HttpMethod.Put, "api/trailers/active", """{"trailer":null}""")).Status);
        // What is meant to be switched off is no surprise.
        Assert.Empty(Codes(await SendAsync(api, HttpMethod.Delete, "api/trailers/active")));
        await AddAsync(api, """{"trailer":null,"videos":"shows/*"}""");
        var before = (await GetAsync(api, "api/trailers/schedule")).At("entries").ToString();

        var off = await SendAsync(api, HttpMethod.Delete, "api/trailers/active");
        Assert.Equal(HttpStatusCode.OK, off.Status);
        Assert.Equal(["entries-removed"], Codes(off));
        Assert.Contains("shows/*", off.At("warnings")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, (await GetAsync(api, "api/trailers/schedule")).At("entries").GetArrayLength());

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(api, HttpMethod.Post, "api/trailers/rollback")).Status);
        Assert.Equal(before, (await GetAsync(api, "api/trailers/schedule")).At("entries").ToString());
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync(api, HttpMethod.Delete, "api/trailers/active", match: off.ETag)).Status);
    }

    [Fact]
    public async Task Videos_that_were_watched_are_known_to_a_glob()
    {
        await using var origin = await LoopbackOrigin.StartAsync();
        SampleVideo.AddTo(origin, "shows/one");
        await using var host = await StartAsync(origin: origin);
        using var api = host.Api("editor");
        await Viewer.StartAsync(host.Client, "shows/one");
        var entry = await AddAsync(api, """{"trailer":null,"videos":"shows/*","to":"2026-01-02T00:00:00Z"}""");
        await Eventually.IsTrueAsync(async () => Codes(await GetAsync(api, $"api/trailers/schedule/{IdOf(entry)}")).Count == 0, "the ledger knows the video");
        Assert.Contains("no-such-video", Codes(await AddAsync(api, """{"trailer":null,"videos":"shwos/*"}""")));
    }

    [Fact]
    public async Task A_change_made_on_an_old_state_is_refused()
    {
        await using var host = await StartAsync();
        using var api = host.Api("editor");
        var old = (await AddAsync(api, """{"trailer":null,"videos":"a*"}""")).ETag;
        var entry = await AddAsync(api, """{"trailer":null,"videos":"b*"}""");
        foreach (var (method, path) in new[] { (HttpMethod.Post, "api/trailers/schedule"), (HttpMethod.Patch, $"api/trailers/schedule/{IdOf(entry)}"), (HttpMethod.Delete, $"api/trailers/schedule/{IdOf(entry)}") })
        {
            var body = method == HttpMethod.Delete ? null : """{"trailer":null,"videos":"c*"}""";
            Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync(api, method, path, body, match: old)).Status);
        }

        var changed = await SendAsync(api, HttpMethod.Patch, $"api/trailers/schedule/{IdOf(entry)}", """{"videos":"c*"}""", match: entry.ETag);
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        // The media type that RFC 7396 gives to such a body is taken too.
        using var merge = new HttpRequestMessage(HttpMethod.Patch, $"api/trailers/schedule/{IdOf(entry)}") { Content = new StringContent("""{"videos":"d*"}""", Encoding.UTF8, "application/merge-patch+json") };
        merge.Headers.TryAddWithoutValidation("If-Match", changed.ETag);
        using var merged = await api.SendAsync(merge);
        Assert.Equal(HttpStatusCode.OK, merged.StatusCode);
    }

    [Theory]
    [InlineData("""{"trailer":null,"to":"2026-03-01T00:00:00Z","until":"2026-03-02T00:00:00Z"}""", "two-ends", "'until' is 2026-03-02T00:00:00.000Z")]
    [InlineData("""{"trailer":null,"from":"2026-03-02T00:00:00Z","until":"2026-03-01T00:00:00Z"}""", "bad-schedule", "later than")]
    [InlineData("""{"trailer":null,"from":"2026-03-02T00:00:00"}""", "bad-time", "2026-11-30T12:00:00Z) or with its offset (2026-11-30T13:00:00+01:00)")]
    [InlineData("""{"trailer":null,"videos":""}""", "bad-scope", "shows/*")]
    [InlineData("""{"trailer":"nobody"}""", "no-trailer", "nobody")]
    [InlineData("""{"trailer":null,"untill":null}""", "unknown-key", "until")]
    public async Task An_entry_that_makes_no_sense_is_refused_with_what_to_do(string body, string slug, string words)
    {
        await using var host = await StartAsync();
        using var api = host.Api("editor");
        foreach (var (method, path) in new[] { (HttpMethod.Post, "api/trailers/schedule"), (HttpMethod.Put, "api/trailers/active") })
        {
            var answer = await SendAsync(api, method, path, body);
            Assert.True((int)answer.Status is 400 or 404, answer.Body.ToString());
            Assert.EndsWith("/" + slug, answer.Text("type"), StringComparison.Ordinal);
            Assert.Contains(words, answer.Text("detail"), StringComparison.Ordinal);
        }

        Assert.Equal(0, (await GetAsync(api, "api/trailers/schedule")).At("entries").GetArrayLength());
    }

    [Fact]
    public async Task Each_entry_that_begins_or_ends_is_written_once_though_two_gateways_share_the_database()
    {
        await using var one = await StartAsync();
        await using var other = await StartAsync(like: one);
        using var api = one.Api("admin");
        await AddAsync(api, """{"trailer":null,"videos":"shows/*","from":"2026-01-01T01:00:00Z","to":"2026-01-01T02:00:00Z"}""");
        await AddAsync(api, """{"trailer":null,"videos":"films/*","to":"2026-01-01T03:00:00Z"}""");
        Assert.Empty(await MomentsAsync(api));
        clock.Advance(TimeSpan.FromHours(1));
        await Eventually.IsTrueAsync(async () => (await MomentsAsync(api)).Count > 0, "the beginning is written");
        clock.Advance(TimeSpan.FromHours(3));
        await Task.WhenAll(Enumerable.Range(0, 4).SelectMany(_ => new[] { one, other }).Select(host => host.Services.GetRequiredService<TrailerSwitch>().SettleAsync(CancellationToken.None)));
        Assert.Equal(
            ["end films/* 2026-01-01T03:00:00.000Z", "end shows/* 2026-01-01T02:00:00.000Z", "begin shows/* 2026-01-01T01:00:00.000Z"], await MomentsAsync(api));
    }

    [Fact]
    public async Task What_began_and_ended_while_no_gateway_ran_is_written_later_with_its_time()
    {
        var data = Directory.CreateDirectory(workshop[Guid.NewGuid().ToString("n")]).FullName;
        await using (var host = await StartAsync(data: data))
        {
            using var api = host.Api("admin");
            await AddAsync(api, """{"trailer":null,"from":"2026-01-01T01:00:00Z","to":"2026-01-01T02:00:00Z"}""");
        }

        clock.Advance(TimeSpan.FromDays(3));
        await using var again = await StartAsync(data: data);
        using var reader = again.Api("admin");
        await Eventually.IsTrueAsync(async () => (await MomentsAsync(reader)).Count == 2, "both are written");
        Assert.Equal(["end  2026-01-01T02:00:00.000Z", "begin  2026-01-01T01:00:00.000Z"], await MomentsAsync(reader));
        // Whatever is changed next writes neither again.
        await AddAsync(reader, """{"trailer":null,"videos":"a*"}""");
        Assert.Equal(2, (await MomentsAsync(reader)).Count);
    }

    [Fact]
    public async Task A_swap_right_after_an_end_does_not_swallow_it_and_what_a_change_ends_is_written_by_the_change()
    {
        await using var host = await StartAsync();
        using var api = host.Api("admin");
        await AddAsync(api, """{"trailer":null,"videos":"a*","to":"2026-01-01T01:00:00Z"}""");
        await AddAsync(api, """{"trailer":null,"videos":"b*","to":"2026-01-01T05:00:00Z"}""");
        clock.Advance(TimeSpan.FromHours(2));
        await SendAsync(api, HttpMethod.Put, "api/trailers/active", """{"trailer":null}""");
        clock.Advance(TimeSpan.FromHours(10));
        await host.Services.GetRequiredService<TrailerSwitch>().SettleAsync(CancellationToken.None);
        Assert.Equal(["end a* 2026-01-01T01:00:00.000Z"], await MomentsAsync(api));
    }

    [Fact]
    public async Task The_plan_tells_what_plays_which_entry_decides_and_what_changes_next()
    {
        await using var host = await StartAsync();
        using var api = host.Api("editor");
        await UploadAsync(api, "brand");
        clock.Advance(TimeSpan.FromHours(1));
        var standing = await AddAsync(api, """{"trailer":"brand"}""");
        var night = await AddAsync(api, """{"trailer":null,"videos":"shows/*","from":"2026-01-02T20:00:00Z","to":"2026-01-03T04:00:00Z"}""");
        clock.Advance(TimeSpan.FromHours(1));

        var now = await GetAsync(api, "api/trailers/plan?video=shows/one");
        Assert.Equal(("brand", "entry", IdOf(standing)), (now.Text("trailer"), now.Text("reason"), now.At("entry.id").GetGuid()));
        Assert.Equal(
            [("2026-01-02T20:00:00.000Z", "entry-says-none"), ("2026-01-03T04:00:00.000Z", "entry")],
            Each(now.Body, "next").Select(span => (span.GetProperty("from").GetString(), span.GetProperty("reason").GetString())));
        Assert.Equal(0, (await GetAsync(api, "api/trailers/plan?video=films/one")).At("next").GetArrayLength());

        var then = await GetAsync(api, "api/trailers/plan?video=shows/one&at=2026-01-02T21:00:00%2B01:00");
        Assert.Equal((JsonValueKind.Null, "entry-says-none", IdOf(night)), (then.At("trailer").ValueKind, then.Text("reason"), then.At("entry.id").GetGuid()));
        Assert.Equal(IdOf(standing), Assert.Single(Each(then.Body, "overruled")).GetProperty("id").GetGuid());

        // A week: what was before the first change, what the history knows, and what is planned.
        await SendAsync(api, HttpMethod.Put, "api/trailers/active", """{"trailer":null}""");
        var week = await GetAsync(api, "api/trailers/plan?video=shows/one&from=2026-01-01T00:00:00Z&to=2026-01-08T00:00:00Z");
        Assert.Equal(
            [("no-entry", "2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000Z"), ("entry", "2026-01-01T01:00:00.000Z", "2026-01-01T02:00:00.000Z"), ("entry-says-none", "2026-01-01T02:00:00.000Z", "2026-01-08T00:00:00.000Z")],
            Each(week.Body, "spans").Select(span => (span.GetProperty("reason").GetString(), span.GetProperty("from").GetString(), span.GetProperty("to").GetString())));
    }

    [Theory]
    [InlineData("", "video")]
    [InlineData("video=a&at=2026-01-01T00:00:00", "at")]
    [InlineData("video=a&from=2026-01-01T00:00:00Z", "from")]
    [InlineData("video=a&from=2026-01-01T00:00:00Z&to=2036-01-01T00:00:00Z", "366")]
    public async Task A_plan_that_cannot_be_told_says_what_is_wrong(string query, string words)
    {
        await using var host = await StartAsync();
        using var api = host.Api("analyst");
        var answer = await GetAsync(api, "api/trailers/plan?" + query);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(words, answer.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entries_that_were_kept_before_they_had_ids_get_some()
    {
        await using var host = await StartAsync();
        using var api = host.Api("editor");
        const string kept = """[{"trailer":null,"videos":"a*","from":null,"until":"2026-05-01T00:00:00+00:00","position":"pre"},{"trailer":null,"videos":null,"from":null,"until":null,"position":"post"}]""";
        await host.Services.GetRequiredService<CatalogueDatabase>().WriteAsync(
            (connection, transaction) => connection.ExecuteAsync("UPDATE trailer_state SET revision = 7, active = @kept, at_ms = 1, actor = 'editor' WHERE id = 1", new { kept }, transaction), CancellationToken.None);
        var entries = Each((await GetAsync(api, "api/trailers/schedule")).Body, "entries").ToList();
        Assert.Equal(2, entries.Select(entry => entry.GetProperty("id").GetGuid()).Where(id => id != Guid.Empty).Distinct().Count());
        Assert.Equal(("pre", "2026-05-01T00:00:00.000Z"), (entries[0].GetProperty("position").GetString(), entries[0].GetProperty("to").GetString()));
        var changed = await SendAsync(api, HttpMethod.Patch, $"api/trailers/schedule/{entries[0].GetProperty("id").GetGuid()}", """{"until":null}""");
        Assert.Equal((HttpStatusCode.OK, entries[0].GetProperty("id").GetGuid()), (changed.Status, IdOf(changed)));
    }

    private sealed record Answer(HttpStatusCode Status, JsonElement Body, string? ETag, string? Location)
    {
        public JsonElement At(string path) => path.Split('.').Aggregate(Body, (element, name) => element.GetProperty(name));

        public string Text(string path) => At(path).GetString() ?? "";
    }

    private static Guid IdOf(Answer answer) => answer.At("entry.id").GetGuid();

    private static JsonElement.ArrayEnumerator Each(JsonElement body, string name) => body.GetProperty(name).EnumerateArray();

    private static List<string?> Codes(Answer answer) => [.. answer.At("warnings").EnumerateArray().Select(warning => warning.GetProperty("code").GetString()).Order(StringComparer.Ordinal)];

    private static async Task<List<string>> MomentsAsync(HttpClient api) =>
    [
        .. Each((await GetAsync(api, "api/changes?limit=1000")).Body, "changes")
            .Where(change => change.GetProperty("kind").GetString() == "trailer" && change.GetProperty("subject").GetString() is "begin" or "end")
            .Select(change => string.Create(CultureInfo.InvariantCulture, $"{change.GetProperty("subject").GetString()} {change.GetProperty("video").GetString()} {change.GetProperty("at").GetString()}")),
    ];

    private static Task<Answer> GetAsync(HttpClient api, string path) => SendAsync(api, HttpMethod.Get, path);

    private static async Task<Answer> AddAsync(HttpClient api, string body)
    {
        var answer = await SendAsync(api, HttpMethod.Post, "api/trailers/schedule", body);
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Body.ToString());
        return answer;
    }

    private static async Task<Answer> SendAsync(HttpClient api, HttpMethod method, string path, string? body = null, string? match = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (match is not null)
            request.Headers.TryAddWithoutValidation("If-Match", match);
        using var answer = await api.SendAsync(request);
        return new(answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(), answer.Headers.ETag?.Tag, answer.Headers.Location?.OriginalString);
    }

    private async Task UploadAsync(HttpClient api, string name)
    {
        using var answer = await api.PutAsync($"api/trailers/{name}", new ByteArrayContent(await File.ReadAllBytesAsync(await workshop.SourceAsync(seconds: 2))));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <param name="like">Shares its catalogue: on PostgreSQL all hosts of a test do.</param>
    private Task<GatewayHost> StartAsync(string? data = null, GatewayHost? like = null, LoopbackOrigin? origin = null)
    {
        data ??= Directory.CreateDirectory(workshop[Guid.NewGuid().ToString("n")]).FullName;
        if (like is not null && File.Exists(Path.Combine(like.DataDirectory, "catalogue.db")))
            File.CreateSymbolicLink(Path.Combine(data, "catalogue.db"), Path.Combine(like.DataDirectory, "catalogue.db"));
        return GatewayHost.StartAsync(origin, configure: services => services.AddSingleton<TimeProvider>(clock), dataDirectory: data);
    }
}

[Collection(OnPostgres.Name)]
public sealed class ScheduleOnPostgresTests : ScheduleTests
{
    public ScheduleOnPostgresTests(TrailerWorkshop workshop, PostgresFixture postgres)
        : base(workshop) => GatewayHost.Database.Value = postgres.NewDatabase();
}
