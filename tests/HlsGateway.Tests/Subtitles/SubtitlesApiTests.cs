using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HlsGateway.Subtitles;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Subtitles;

/// <summary>One gateway for all tests of the class: each takes a video of its own.</summary>
public class SubtitlesGateway : IAsyncLifetime
{
    private GatewayHost? host;

    public GatewayHost Host => host ?? throw new InvalidOperationException("The fixture has not been started.");

    public virtual async Task InitializeAsync() => host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await Host.DisposeAsync();
}

public sealed class SubtitlesOnPostgres(PostgresFixture postgres) : SubtitlesGateway
{
    public override async Task InitializeAsync()
    {
        GatewayHost.Database.Value = postgres.NewDatabase();
        await base.InitializeAsync();
    }
}

public sealed class SubtitlesApiTests(SubtitlesGateway gateway) : SubtitlesApiContract(gateway), IClassFixture<SubtitlesGateway>;

[Collection(OnPostgres.Name)]
public sealed class SubtitlesApiOnPostgresTests(SubtitlesOnPostgres gateway) : SubtitlesApiContract(gateway), IClassFixture<SubtitlesOnPostgres>;

public abstract class SubtitlesApiContract(SubtitlesGateway gateway) : IAsyncLifetime
{
    private const string Hello = "WEBVTT\n\nNOTE for editors\n\n00:00:01.000 --> 00:00:02.500\nHello\n";
    private const string Bye = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nGoodbye\n";
    private const string Srt = "1\r\n00:00:01,000 --> 00:00:02,500\r\n<font color=red>Hallo</font>\r\n";

    private readonly GatewayHost host = gateway.Host;
    private readonly HttpClient editor = gateway.Host.Api("editor");
    private readonly string video = $"video_{Guid.NewGuid():N}";

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        editor.Dispose();
        return Task.CompletedTask;
    }

    private SubtitleIndex Index => host.Services.GetRequiredService<SubtitleIndex>();

    /// <summary>What viewers see of the video has not been replaced, not even by its like.</summary>
    private void AssertUntouched(ImmutableArray<CaptionTrack> tracks) => Assert.True(tracks == Index.Tracks(video));

    [Fact]
    public async Task A_published_file_is_live_at_once_and_comes_back_as_it_was_sent()
    {
        using var put = await PutAsync(video, "en", Hello);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal($"/api/videos/{video}/subtitles/en", put.Headers.Location?.OriginalString);
        var track = await JsonAsync(put);
        Assert.Equal(("en", "English", 1, 2.5), (Text(track, "language"), Text(track, "name"), track.GetProperty("cues").GetInt32(), track.GetProperty("end_seconds").GetDouble()));
        Assert.Equal(put.Headers.ETag?.Tag, Text(track, "etag"));

        var live = Assert.Single(Index.Tracks(video));
        Assert.Equal(("en", "Hello", Text(track, "version")), (live.Language, live.File.Cues[0].Text, live.Version));

        using var get = await editor.GetAsync(Of(video, "en"));
        Assert.Equal("text/vtt; charset=utf-8", get.Content.Headers.ContentType?.ToString());
        Assert.Equal(put.Headers.ETag, get.Headers.ETag);
        Assert.Equal(Hello, await get.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Srt_comes_back_as_srt_and_as_WebVTT_on_demand()
    {
        using var put = await PutAsync(video, "de", Srt);
        using var get = await editor.GetAsync(Of(video, "de"));
        Assert.Equal("application/x-subrip; charset=utf-8", get.Content.Headers.ContentType?.ToString());
        Assert.Equal(Srt, await get.Content.ReadAsStringAsync());
        using var vtt = await editor.GetAsync(Of(video, "de", "?format=vtt"));
        Assert.Equal("text/vtt; charset=utf-8", vtt.Content.Headers.ContentType?.ToString());
        Assert.Equal("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHallo\n\n", await vtt.Content.ReadAsStringAsync());
        Assert.NotEqual(get.Headers.ETag, vtt.Headers.ETag);
    }

    [Fact]
    public async Task A_video_with_slashes_is_named_with_its_slashes_encoded()
    {
        using var put = await PutAsync("did%3Aplc%3Aabc%2Fbafkrei", "en", Hello);
        Assert.Equal("/api/videos/did%3Aplc%3Aabc%2Fbafkrei/subtitles/en", put.Headers.Location?.OriginalString);
        Assert.Single(Index.Tracks("did:plc:abc/bafkrei"));
        using var get = await editor.GetAsync(new Uri(put.Headers.Location!.OriginalString, UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, get.StatusCode);
    }

    [Theory]
    [InlineData("WEBVTT\n\n00:05.000 --> 00:04.000\nB\n", 422, 3)]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:00:03,000 -> 00:00:04,000\nB\n", 422, 6)]
    [InlineData("WEBVTT\n", 422, 0)]
    [InlineData("WEBVTT\n\n00:05.000 --> 00:06.000\nA\0\n", 422, 4)]
    public async Task W6_A_bad_file_is_refused_with_line_and_reason_and_changes_nothing(string body, int status, int line)
    {
        using var put = await PutAsync(video, "en", body);
        Assert.Equal(status, (int)put.StatusCode);
        Assert.Equal("application/problem+json", put.Content.Headers.ContentType?.MediaType);
        var problem = await JsonAsync(put);
        Assert.Equal(line, problem.GetProperty("line").GetInt32());
        Assert.NotEmpty(Text(problem, "reason"));
        Assert.Contains(Text(problem, "reason"), Text(problem, "detail"), StringComparison.Ordinal);
        Assert.Empty(Index.Tracks(video));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task W6_A_file_over_1_MiB_is_refused_whether_or_not_it_tells_its_length(bool chunked)
    {
        var body = new ByteArrayContent(Encoding.UTF8.GetBytes(Hello + "\nNOTE " + new string('x', (1 << 20))));
        using var request = new HttpRequestMessage(HttpMethod.Put, Of(video, "en")) { Content = body };
        request.Headers.TransferEncodingChunked = chunked;
        using var put = await editor.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, put.StatusCode);
        Assert.Contains("1 MiB", Text(await JsonAsync(put), "reason"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("e", "any", "")]
    [InlineData("english-language-tag-that-is-too-long", "any", "")]
    [InlineData("en_GB", "any", "")]
    [InlineData("e%22n", "any", "")]
    [InlineData("en", "..%2Fx", "")]
    [InlineData("en", "a%2F%2Fb", "")]
    [InlineData("en", "~x", "")]
    [InlineData("en", "any", "?name=")]
    [InlineData("en", "any", "?name=a%22b")]
    [InlineData("en", "any", "?name=a%0Ab")]
    [InlineData("en", "any", "?name=a%E2%80%AEb")]
    [InlineData("en", "any", "?name=%7B%24v%7D")]
    [InlineData("en", "any", "?sdh=perhaps")]
    public async Task Names_that_cannot_stand_in_a_playlist_or_a_path_are_refused(string language, string name, string query)
    {
        using var put = await PutAsync(name, language, Hello, query);
        Assert.Equal(HttpStatusCode.BadRequest, put.StatusCode);
        Assert.NotEmpty(Text(await JsonAsync(put), "detail"));
    }

    [Theory]
    [InlineData("EN-gb", "en-GB", "English (United Kingdom)")]
    [InlineData("ZH-hant-tw", "zh-Hant-TW", null)]
    [InlineData("fr", "fr", "Français")]
    [InlineData("de-1996", "de-1996", null)]
    [InlineData("qaa-x-klingon", "qaa-x-klingon", "qaa-x-klingon")]
    [InlineData("es-419", "es-419", null)]
    public async Task A_language_is_one_track_however_it_is_written_and_is_named_in_itself(string written, string tag, string? name)
    {
        using var put = await PutAsync(video, written, Hello);
        var track = Assert.Single(Index.Tracks(video));
        Assert.Equal(tag, track.Language);
        Assert.NotEmpty(track.Name);
        if (name is not null)
            Assert.Equal(name, track.Name);
        using var get = await editor.GetAsync(Of(video, written.ToUpperInvariant()));
        Assert.Equal(HttpStatusCode.OK, get.StatusCode);
    }

    [Fact]
    public async Task W1_Names_are_unique_at_most_one_track_is_default_and_attributes_outlive_an_edit_of_the_text()
    {
        using var first = await PutAsync(video, "en", Hello, "?name=Words&default=true&sdh=true");
        using var second = await PutAsync(video, "de", Srt, "?name=words&default=true&machine=true");
        using var third = await PutAsync(video, "en", Bye);
        Assert.Equal(
            [("de", "words 2", true, false, true), ("en", "Words", false, true, false)],
            Index.Tracks(video).Select(track => (track.Language, track.Name, track.Default, track.Sdh, track.Machine)));
        Assert.Equal("Goodbye", Index.Tracks(video)[1].File.Cues[0].Text);
    }

    [Fact]
    public async Task An_edit_of_what_somebody_else_has_changed_is_refused()
    {
        using var created = await PutAsync(video, "en", Hello, match: "*");
        Assert.Equal(HttpStatusCode.PreconditionFailed, created.StatusCode);
        using var first = await PutAsync(video, "en", Hello);
        var seen = first.Headers.ETag!.Tag;
        using var second = await PutAsync(video, "en", Bye, match: seen);
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        using var late = await PutAsync(video, "en", Hello, match: seen);
        Assert.Equal(HttpStatusCode.PreconditionFailed, late.StatusCode);
        using var lateDelete = await DeleteAsync(video, "en", seen);
        Assert.Equal(HttpStatusCode.PreconditionFailed, lateDelete.StatusCode);
        using var unreadable = await PutAsync(video, "en", Hello, match: "no-quotes");
        Assert.Equal(HttpStatusCode.PreconditionFailed, unreadable.StatusCode);
        Assert.Equal("Goodbye", Index.Tracks(video)[0].File.Cues[0].Text);
    }

    [Fact]
    public async Task Of_many_who_create_a_language_only_if_it_is_new_one_succeeds()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, Of(video, "en")) { Content = new StringContent($"{Hello}\n00:00:05.000 --> 00:00:06.000\n{i}\n") };
            request.Headers.TryAddWithoutValidation("If-None-Match", "*");
            using var answer = await editor.SendAsync(request);
            return answer.StatusCode;
        }));
        Assert.Single(all, HttpStatusCode.Created);
        Assert.Equal(7, all.Count(status => status == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task The_same_file_again_changes_nothing()
    {
        using var first = await PutAsync(video, "en", Hello);
        var tracks = Index.Tracks(video);
        using var second = await PutAsync(video, "en", Hello);
        Assert.Equal((HttpStatusCode.OK, first.Headers.ETag), (second.StatusCode, second.Headers.ETag));
        AssertUntouched(tracks);
    }

    [Fact]
    public async Task A_draft_may_be_unfinished_and_no_viewer_sees_it()
    {
        using var published = await PutAsync(video, "en", Hello);
        var tracks = Index.Tracks(video);
        using var draft = await PutAsync(video, "en", "WEBVTT\n\n00:05.000 --> 00:04.000\nhalf a wo", "?draft=true");
        Assert.Equal(HttpStatusCode.OK, draft.StatusCode);
        Assert.Equal(3, (await JsonAsync(draft)).GetProperty("line").GetInt32());
        AssertUntouched(tracks);

        using var get = await editor.GetAsync(Of(video, "en", "?draft=true"));
        Assert.Contains("half a wo", await get.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var late = await PutAsync(video, "en", Bye, "?draft=true", match: published.Headers.ETag!.Tag);
        Assert.Equal(HttpStatusCode.PreconditionFailed, late.StatusCode);
        using var next = await PutAsync(video, "en", Bye, "?draft=true", match: draft.Headers.ETag!.Tag);
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);

        using var live = await editor.GetAsync(Of(video, "en"));
        Assert.Equal(Hello, await live.Content.ReadAsStringAsync());
        using var publish = await PutAsync(video, "en", Bye);
        using var gone = await editor.GetAsync(Of(video, "en", "?draft=true"));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Every_version_is_kept_also_of_a_language_that_was_deleted()
    {
        using var first = await PutAsync(video, "en", Hello);
        using var second = await PutAsync(video, "en", Bye);
        using var deleted = await DeleteAsync(video, "en");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Empty(Index.Tracks(video));
        using var gone = await editor.GetAsync(Of(video, "en"));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        using var again = await DeleteAsync(video, "en");
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);

        var list = await ListAsync(video);
        Assert.Equal(0, list.GetProperty("tracks").GetArrayLength());
        Assert.Equal(2, list.GetProperty("versions").GetArrayLength());
        using var old = await editor.GetAsync(Of(video, "en", "?version=" + Text(await JsonAsync(first), "version")));
        Assert.Equal(Hello, await old.Content.ReadAsStringAsync());

        using var back = await PutAsync(video, "en", await old.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Created, back.StatusCode);
        Assert.NotEqual(first.Headers.ETag, back.Headers.ETag);
        Assert.Equal(2, (await ListAsync(video)).GetProperty("versions").GetArrayLength());
    }

    [Fact]
    public async Task A_list_tells_tracks_drafts_and_versions()
    {
        using var en = await PutAsync(video, "en", Hello, "?default=true");
        using var de = await PutAsync(video, "de", Srt);
        using var draft = await PutAsync(video, "fr", Bye, "?draft=true");
        var list = await ListAsync(video, "analyst");
        Assert.Equal(["de", "en"], list.GetProperty("tracks").EnumerateArray().Select(track => Text(track, "language")));
        Assert.Equal(["srt", "vtt"], list.GetProperty("tracks").EnumerateArray().Select(track => Text(track, "format")));
        Assert.Equal("editor", Text(list.GetProperty("tracks")[0], "actor"));
        Assert.Equal("fr", Text(list.GetProperty("drafts")[0], "language"));
        Assert.All(list.GetProperty("versions").EnumerateArray(), version => Assert.True(version.GetProperty("live").GetBoolean()));
        Assert.Equal(0, (await ListAsync("another")).GetProperty("tracks").GetArrayLength());
    }

    [Fact]
    public async Task A_video_has_at_most_20_tracks_and_each_of_them_can_still_be_edited()
    {
        string[] languages = ["ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "it", "ja", "ko", "lt", "lv", "mt"];
        foreach (var language in languages)
        {
            using var put = await PutAsync(video, language, Hello);
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        }

        using var more = await PutAsync(video, "nl", Hello);
        Assert.Equal(HttpStatusCode.Conflict, more.StatusCode);
        using var edit = await PutAsync(video, "mt", Bye);
        Assert.Equal(HttpStatusCode.OK, edit.StatusCode);
        using var other = await PutAsync(video + "_2", "nl", Hello);
        Assert.Equal(HttpStatusCode.Created, other.StatusCode);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized)]
    [InlineData("analyst", HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [InlineData("editor", HttpStatusCode.OK, HttpStatusCode.Created)]
    [InlineData("uploader", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("admin", HttpStatusCode.OK, HttpStatusCode.Created)]
    public async Task Editors_write_and_analysts_and_editors_read(string? role, HttpStatusCode read, HttpStatusCode write)
    {
        using var first = await PutAsync(video, "en", Hello);
        using var client = host.NewClient(role is null ? null : GatewayHost.TokenOf(role));
        using var list = await client.GetAsync(new Uri($"/api/videos/{video}/subtitles", UriKind.Relative));
        using var get = await client.GetAsync(Of(video, "en"));
        using var put = await client.PutAsync(Of(video, "de"), new StringContent(Srt));
        using var delete = await client.DeleteAsync(Of(video, "de"));
        Assert.Equal((read, read, write), (list.StatusCode, get.StatusCode, put.StatusCode));
        Assert.Equal(write == HttpStatusCode.Created ? HttpStatusCode.NoContent : write, delete.StatusCode);
    }

    [Fact]
    public async Task An_editor_who_has_the_file_is_told_so_and_head_answers_without_a_body()
    {
        using var put = await PutAsync(video, "en", Hello);
        using var request = new HttpRequestMessage(HttpMethod.Get, Of(video, "en"));
        request.Headers.IfNoneMatch.Add(put.Headers.ETag!);
        using var same = await editor.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        using var head = await editor.SendAsync(new HttpRequestMessage(HttpMethod.Head, Of(video, "en")));
        Assert.Equal((HttpStatusCode.OK, put.Headers.ETag), (head.StatusCode, head.Headers.ETag));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    private Task<HttpResponseMessage> PutAsync(string of, string language, string body, string query = "", string? match = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, Of(of, language, query)) { Content = new StringContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/vtt");
        if (match is not null)
            request.Headers.TryAddWithoutValidation("If-Match", match);
        return editor.SendAsync(request);
    }

    private Task<HttpResponseMessage> DeleteAsync(string of, string language, string? match = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Delete, Of(of, language));
        if (match is not null)
            request.Headers.TryAddWithoutValidation("If-Match", match);
        return editor.SendAsync(request);
    }

    private async Task<JsonElement> ListAsync(string of, string role = "editor")
    {
        using var client = host.Api(role);
        return await client.GetFromJsonAsync<JsonElement>(new Uri($"/api/videos/{of}/subtitles", UriKind.Relative));
    }

    private static Uri Of(string of, string language, string query = "") => new($"/api/videos/{of}/subtitles/{language}{query}", UriKind.Relative);

    private static Task<JsonElement> JsonAsync(HttpResponseMessage response) => response.Content.ReadFromJsonAsync<JsonElement>();

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";
}
