using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace HlsGateway.Tests.Hosting;

/// <summary>What a player does with a <see cref="SampleVideo"/>: Master Playlist, Media Playlist, segments by redirect.</summary>
public sealed class Viewer
{
    private readonly HttpClient client;

    private Viewer(HttpClient client, string session, IReadOnlyList<Uri> segments)
    {
        this.client = client;
        Session = session;
        Segments = segments;
    }

    /// <summary>The 40 characters of <c>session_id</c>.</summary>
    public string Session { get; }

    /// <summary>As the Media Playlist gives them, resolved.</summary>
    public IReadOnlyList<Uri> Segments { get; }

    public static async Task<Viewer> StartAsync(HttpClient client, string video = "v")
    {
        var master = new Uri(client.BaseAddress!, $"watch/{video}/playlist.m3u8");
        var media = new Uri(master, Uris(await client.GetStringAsync(master)).Single());
        var segments = Uris(await client.GetStringAsync(media)).Select(uri => new Uri(media, uri)).ToArray();
        return new Viewer(client, SessionOf(media), segments);
    }

    public async Task<HttpStatusCode> FetchAsync(int segment)
    {
        using var response = await client.GetAsync(Segments[segment]);
        return response.StatusCode;
    }

    /// <summary>The session as the API tells it once everything up to now is counted in; null when the ledger does not know it.</summary>
    public static async Task<JsonElement?> ReportAsync(HttpClient api, string session)
    {
        using var response = await api.GetAsync(new Uri($"api/sessions/{session}", UriKind.Relative));
        if (response.StatusCode == HttpStatusCode.NotFound) return null;
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public static string SessionOf(Uri uri) => uri.Query.TrimStart('?').Split('&').Single(part => part.StartsWith("session_id=", StringComparison.Ordinal))["session_id=".Length..];

    public static IEnumerable<string> Uris(string playlist) =>
        playlist.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#');
}
