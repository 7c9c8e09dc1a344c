using System.Net;
using System.Net.Http.Headers;
using HlsGateway.Playlists;

namespace HlsGateway.Lint;

/// <summary>What was read, or why nothing was.</summary>
/// <param name="Failure">Null with bytes; otherwise the end of a sentence that begins with the file.</param>
internal readonly record struct LintFile(byte[] Bytes, string? ContentType, string? Failure)
{
    public static LintFile Failed(string failure) => new([], null, failure);
}

/// <summary>Where a check reads: a server, or a folder that stands for one.</summary>
internal abstract class LintSource : IDisposable
{
    /// <summary>Larger than a 4K segment of ten seconds: no player keeps a segment that is larger than this.</summary>
    protected const int MostBytes = 128 << 20;

    /// <summary>Absolute URLs of the playlists that the check begins with.</summary>
    public abstract IReadOnlyList<string> Entries { get; }

    /// <param name="url">Absolute.</param>
    /// <param name="offset">With <paramref name="length"/>: a byte range.</param>
    public abstract Task<LintFile> ReadAsync(string url, long? offset, long? length, CancellationToken ct);

    public abstract void Dispose();

    /// <summary>A range of a whole file.</summary>
    protected static LintFile Cut(byte[] whole, string? type, long? offset, long? length)
    {
        if (length is not { } count)
            return new(whole, type, null);
        var from = offset ?? 0;
        return from + count <= whole.Length ? new(whole.AsSpan((int)from, (int)count).ToArray(), type, null) : LintFile.Failed("is shorter than its byte range");
    }
}

/// <summary>Reads as a player does: follows redirects, and gives up on a server that does not answer.</summary>
internal sealed class WebLintSource(string url) : LintSource
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient client = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All, UseCookies = false }) { Timeout = Patience, MaxResponseContentBufferSize = MostBytes };

    public override IReadOnlyList<string> Entries => [url];

    public override async Task<LintFile> ReadAsync(string url, long? offset, long? length, CancellationToken ct)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            if (length is { } count)
                request.Headers.Range = new RangeHeaderValue(offset ?? 0, (offset ?? 0) + count - 1);
            using var response = await client.SendAsync(request, ct);
            if (!response.IsSuccessStatusCode)
                return LintFile.Failed($"is answered with {(int)response.StatusCode}");
            var body = await response.Content.ReadAsByteArrayAsync(ct);
            var type = response.Content.Headers.ContentType?.MediaType;
            return response.StatusCode == HttpStatusCode.PartialContent ? new(body, type, null) : Cut(body, type, offset, length);
        }
        catch (Exception e) when (e is HttpRequestException or InvalidOperationException or UriFormatException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return LintFile.Failed($"cannot be read ({(e is OperationCanceledException ? "no answer within 30 s" : e.Message)})");
        }
    }

    public override void Dispose() => client.Dispose();
}

/// <summary>A folder as if a server served it. The check begins with each Master Playlist, and with Media Playlists that no Master Playlist names.</summary>
internal sealed class FolderLintSource : LintSource
{
    private const string Root = "http://folder.invalid/";

    private readonly string folder;

    private FolderLintSource(string folder, IReadOnlyList<string> entries)
    {
        this.folder = folder;
        Entries = entries;
    }

    public override IReadOnlyList<string> Entries { get; }

    /// <param name="path">A folder, or one playlist in it.</param>
    public static async Task<FolderLintSource> OpenAsync(string path, CancellationToken ct)
    {
        path = Path.GetFullPath(path);
        if (File.Exists(path))
            return new(Path.GetDirectoryName(path) ?? "/", [UrlOf(Path.GetDirectoryName(path) ?? "/", path)]);

        var playlists = new Dictionary<string, MasterPlaylist?>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(f => Playback.WatchPath.IsPlaylist(f)).Order(StringComparer.Ordinal))
        {
            _ = Playlist.TryParse(await File.ReadAllBytesAsync(file, ct), out var master, out _, out _);
            playlists[UrlOf(path, file)] = master;
        }

        var named = playlists.Where(p => p.Value is not null).SelectMany(p => StreamLint.ChildrenOf(p.Key, p.Value)).Select(c => WithoutQuery(c.Url)).ToHashSet(StringComparer.Ordinal);
        return new(path, [.. playlists.Keys.Where(url => !named.Contains(url))]);
    }

    public override async Task<LintFile> ReadAsync(string url, long? offset, long? length, CancellationToken ct)
    {
        if (!url.StartsWith(Root, StringComparison.Ordinal))
            return LintFile.Failed("stands on another server than the folder");
        var path = Path.GetFullPath(Path.Combine(folder, Uri.UnescapeDataString(WithoutQuery(url)[Root.Length..])));
        if (!path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal))
            return LintFile.Failed("leads out of the folder");
        if (!File.Exists(path))
            return LintFile.Failed("is not in the folder");
        return new FileInfo(path).Length > MostBytes
            ? LintFile.Failed("is larger than 128 MiB")
            : Cut(await File.ReadAllBytesAsync(path, ct), null, offset, length);
    }

    public override void Dispose()
    {
        // Files are opened and closed for each read.
    }

    private static string UrlOf(string folder, string file) =>
        Root + string.Join('/', Path.GetRelativePath(folder, file).Split('/').Select(Uri.EscapeDataString));

    private static string WithoutQuery(string url) => url.Split('?', '#')[0];
}
