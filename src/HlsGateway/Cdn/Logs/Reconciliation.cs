using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace HlsGateway.Cdn.Logs;

/// <summary>What a CDN's log and the ledger say of each other.</summary>
/// <param name="AgreementPercent">Segments that both have, of those that either has.</param>
/// <param name="Leaked">Delivered without the gateway: <paramref name="WithoutSession"/>, <paramref name="OfUnknownSessions"/> and <paramref name="BeyondCount"/> together.</param>
/// <param name="WithoutSession">Media files whose URL names no session: the gateway did not hand it out.</param>
/// <param name="OfUnknownSessions">Content segments of sessions that the ledger does not know.</param>
/// <param name="BeyondCount">Content segments delivered more often than counted.</param>
/// <param name="NotDelivered">Counted segments that the log does not have.</param>
/// <param name="Uncounted">Handed out by the gateway to viewers without a session, and to previews.</param>
/// <param name="Cut">Sessions that go on before or behind the log: not compared.</param>
internal sealed record ReconcileReport(
    string? Format, long Lines, long Unreadable, DateTimeOffset? From, DateTimeOffset? To, long Bytes, SortedDictionary<int, long> Statuses,
    long Sessions, long Counted, long Delivered, double AgreementPercent, long Leaked, long WithoutSession, long OfUnknownSessions, long BeyondCount, long NotDelivered, long Uncounted, long Cut,
    IReadOnlyList<SessionDelivery> Worst);

/// <summary>Compares a CDN's log with the ledger: first the log is read, then the sessions that the ledger has of that time.</summary>
/// <param name="parameter"><c>Gateway:Cdn:SessionParameter</c> of the gateways.</param>
internal sealed class Reconciliation(string parameter) : IDisposable
{
    private const int Shown = 20;

    /// <summary>A viewer follows a redirect within this.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    private static readonly string[] Media = [".ts", ".m4s", ".mp4", ".m4v", ".m4a", ".cmfv", ".cmfa", ".aac", ".ac3", ".ec3", ".mp3", ".vtt"];

    private readonly LogFormat format = new();
    private readonly DeliveryTable table = new();
    private readonly SortedDictionary<int, long> statuses = [];
    private long lines, unreadable, bytes, withoutSession, uncounted;
    private long firstMs = long.MaxValue, lastMs = long.MinValue;

    /// <summary>When the log begins and ends; null where nothing in it could be read.</summary>
    public (DateTimeOffset From, DateTimeOffset To)? Span => firstMs > lastMs ? null : (DateTimeOffset.FromUnixTimeMilliseconds(firstMs), DateTimeOffset.FromUnixTimeMilliseconds(lastMs));

    /// <summary>Reads one file, zipped or not.</summary>
    /// <param name="tell">Told how far it has been read, in bytes, now and then.</param>
    /// <exception cref="InvalidDataException">It is zipped and broken.</exception>
    public async Task ReadLogAsync(FileStream log, Action<long> tell, CancellationToken ct)
    {
        var start = new byte[2];
        var isZipped = await log.ReadAtLeastAsync(start, 2, throwOnEndOfStream: false, ct) == 2 && start is [0x1f, 0x8b];
        log.Position = 0;
        await using Stream text = isZipped ? new GZipStream(log, CompressionMode.Decompress) : log;
        using var reader = new StreamReader(text, bufferSize: 1 << 16);
        while (await reader.ReadLineAsync(ct) is { } line)
        {
            Take(line);
            if (lines % 4096 == 0)
                tell(log.Position);
        }
    }

    /// <summary>Reads sessions as <c>/api/export/sessions.ndjson</c> tells them.</summary>
    /// <exception cref="FormatException">A line is no session.</exception>
    public async Task ReadSessionsAsync(Stream export, CancellationToken ct)
    {
        using var reader = new StreamReader(export, bufferSize: 1 << 16);
        for (var number = 1; await reader.ReadLineAsync(ct) is { } line; number++)
        {
            if (line.Length == 0)
                continue;
            try
            {
                using var session = JsonDocument.Parse(line);
                var all = session.RootElement;
                table.Know(all.GetProperty("session_id").GetGuid(), all.GetProperty("segments_fetched").GetInt64(),
                    Time(all, "first_at") < firstMs - (long)Slack.TotalMilliseconds || Time(all, "last_at") > lastMs + (long)Slack.TotalMilliseconds);
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new FormatException($"Line {number} is no session: give what GET /api/export/sessions.ndjson answers.", e);
            }
        }
    }

    /// <param name="every">Told each session that was compared, where somebody asks for all.</param>
    public ReconcileReport Report(Action<SessionDelivery>? every)
    {
        long sessions = 0, counted = 0, delivered = 0, both = 0, unknown = 0, beyond = 0, missing = 0, cut = 0;
        var worst = new List<SessionDelivery>();
        foreach (var session in table.All())
        {
            if (session.Cut || (session.Counted is null && Uuid7.UnixMs(session.SessionId) < firstMs - (long)Slack.TotalMilliseconds))
            {
                cut++;
                continue;
            }

            if (session is { Counted: 0, Delivered: 0, Bytes: 0 })
                continue;
            sessions++;
            delivered += session.Delivered;
            counted += session.Counted ?? 0;
            both += Math.Min(session.Counted ?? 0, session.Delivered);
            if (session.Counted is not { } known)
                unknown += session.Delivered;
            else if (session.Delivered > known)
                beyond += session.Delivered - known;
            else
                missing += known - session.Delivered;
            if (worst.Count < Shown && session.Counted != session.Delivered)
                worst.Add(session);
            every?.Invoke(session);
        }

        var either = counted + delivered - both + withoutSession;
        return new(format.Name, lines, unreadable, Span?.From, Span?.To, bytes, statuses, sessions, counted, delivered,
            either == 0 ? 100 : Math.Round(100.0 * both / either, 3), withoutSession + unknown + beyond, withoutSession, unknown, beyond, missing, uncounted, cut, worst);
    }

    public void Dispose() => table.Dispose();

    private static long Time(JsonElement all, string name) => all.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetDateTimeOffset().ToUnixTimeMilliseconds() : 0;

    private void Take(string text)
    {
        var read = format.Read(text, out var isComment);
        if (isComment)
            return;
        lines++;
        if (read is not { } line)
        {
            unreadable++;
            return;
        }

        firstMs = Math.Min(firstMs, line.AtMs);
        lastMs = Math.Max(lastMs, line.AtMs);
        bytes += line.Bytes;
        statuses[line.Status] = statuses.GetValueOrDefault(line.Status) + 1;
        if (!string.Equals(line.Method, "GET", StringComparison.Ordinal) || line.Status is >= 300 and < 400 and not 304)
            return;
        switch (line.Parameter(parameter))
        {
            case null:
                if (line.Status < 400 && Media.Any(end => line.Path.EndsWith(end, StringComparison.OrdinalIgnoreCase)))
                    withoutSession++;
                break;
            case "none" or "preview":
                uncounted++;
                break;
            case { Length: CdnAddresses.TokenLength } value when value[32] == '-' && Guid.TryParseExact(value[..32], "N", out var session):
                table.Add(session, value[33] == CdnAddresses.Counted, line);
                break;
            default:
                // Nothing that the gateway wrote.
                if (line.Status < 400)
                    withoutSession++;
                break;
        }
    }
}
