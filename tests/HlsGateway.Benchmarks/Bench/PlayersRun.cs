using System.Globalization;
using System.Text;
using System.Text.Json;
using HlsGateway.Benchmarks.Load;
using HlsGateway.Benchmarks.Measuring;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>
/// Audiences of viewers, one after the other, each with a fresh gateway: 1. the gateway, 2. the viewers, 3. what they received beside what the ledger has,
/// session by session, 4. the report.
/// </summary>
internal static class PlayersRun
{
    private const string Video = "showplay";

    /// <param name="joining">Viewers who come in a second.</param>
    /// <returns>Exit code: 0 all that was received is counted, 1 not.</returns>
    public static async Task<int> RunAsync(BenchRequest request, IReadOnlyList<int> audiences, double joining, double staying)
    {
        var (text, figures, wrong) = (new StringBuilder(), new Dictionary<string, double>(StringComparer.Ordinal), false);
        await OriginFiles.MakeAsync(Path.Combine(request.Folder, "origin"));
        await using var nginx = await Nginx.StartAsync(request.Folder, "nginx", Machine.LoadCores, 1);
        Add(text, $"On {Machine.Describe()}; the gateway on one core, the load program and the origin on the other. Each viewer has a connection and behaves as hls.js does: Master and Media Playlist, seven segments at once and then one each 4 s in real time, now and then another Rendition (1 in 20 segments) or a pause (1 in 100, 4 to 20 s); one in four reads captions. {joining:0} viewers come in a second; figures are of the {staying:0} s in which all are there.");
        Add(text, $"| viewers | requests/s | CPU of one core | CPU per request | CPU per 1,000 viewers | memory before | with all viewers | most | per session | load program's CPU | its lateness, p99 |\n|---|---|---|---|---|---|---|---|---|---|---|");
        var (details, counts) = (new StringBuilder(), new StringBuilder());
        foreach (var viewers in audiences)
        {
            // 1.
            Say($"  {viewers:N0} viewers: a fresh gateway");
            var data = Path.Combine(request.Folder, $"players-{viewers}");
            await using var gateway = await Gateway.StartAsync(request.Root, request.Program, "players", data, Machine.ServerCore, nginx.Address);
            await gateway.DressAsync((Video, OriginFiles.PlaySegments));
            await gateway.Process.SettleAsync();
            var (memory, before) = (gateway.Process.MemoryMB("VmRSS"), await gateway.RecordedAsync());
            // 2.
            var result = await PlayAsync(request.Folder, gateway, viewers, viewers / joining, staying);
            // 3.
            var (most, share) = (gateway.Process.MemoryMB("VmHWM"), 100 * result.CpuSeconds / result.StayingSeconds);
            await gateway.Process.SettleAsync();
            var difference = await DifferenceAsync(gateway, result, before);
            var lost = await gateway.LostAsync() + result.Bad;
            wrong |= difference.Length > 0 || result.Bad > 0;
            // 4.
            Add(text, $"| {viewers:#,0} | {result.StayingRequests / result.StayingSeconds:#,0} | {share:0.0} % | {1e6 * result.CpuSeconds / result.StayingRequests:0.0} µs | {1000 * share / viewers:0.0} % | {memory:0} MB | {result.MemoryMB:0} MB | {most:0} MB | {1000 * (result.MemoryMB - memory) / viewers:0.0} kB | {100 * result.OwnCpuSeconds / result.StayingSeconds:0} % | {result.LateP99:0.0} ms |");
            foreach (var (kind, times) in result.Kinds) Add(details, $"| {viewers:#,0} | {Word(kind)} | {times.Count:#,0} | {times.P50:0.00} | {times.P99:0.00} | {times.P999:0.00} |");
            Add(counts, $"{viewers:#,0} viewers received {result.Sessions.Sum(session => session.Segments):#,0} segments and {result.Sessions.Sum(session => session.Captions):#,0} captions in {result.Sessions.Length:#,0} sessions, {lost} lost; {(difference.Length == 0 ? "the ledger has the same, session by session" : $"**the ledger differs**: {difference}")}.\n");
            if (viewers == 10_000) (figures["viewers-cpu"], figures["viewers-lost"], figures["viewers-memory"]) = (share, lost, most);
        }
        Add(text, $"\n| viewers | answer | answers | p50, ms | p99, ms | p99.9, ms |\n|---|---|---|---|---|---|\n{details}\n{counts}");
        Say($"\n{text}\n{Goal.Verdicts(figures)}\n");
        if (figures.Count > 0)
        {
            BenchPage.Write(request.Page, "players", text.ToString(), figures);
            Say($"{request.Page} has the report");
        }
        return wrong ? 1 : 0;
    }

    private static async Task<ViewersResult> PlayAsync(string folder, Gateway gateway, int viewers, double joining, double staying)
    {
        var log = Path.Combine(folder, "viewers.log");
        File.Delete(log);
        await using var child = Child.Start(Machine.LoadCores, log, "dotnet",
            [typeof(PlayersRun).Assembly.Location, "viewers", "--address", gateway.Address, "--video", Video, "--viewers", Text(viewers), "--joining", Text(joining), "--staying", Text(staying), "--server", Text(gateway.Process.Id)],
            environment: Measurement.Inline);
        var last = await child.FollowAsync(line => Console.WriteLine(line));
        return JsonSerializer.Deserialize<ViewersResult>(last) ?? throw new InvalidOperationException("The viewers gave no result.");
    }

    /// <returns>What differs between what viewers received and what the ledger has; empty when nothing does.</returns>
    private static async Task<string> DifferenceAsync(Gateway gateway, ViewersResult result, long before)
    {
        // Session starts, segments and captions are the counted requests; nothing else is.
        var received = result.Sessions.Sum(session => 1L + session.Segments + session.Captions);
        var recorded = await gateway.RecordedAsync() - before;
        var ledger = await gateway.SegmentsBySessionAsync(Video);
        var differing = result.Sessions.Count(session => ledger.GetValueOrDefault(session.Session, -1) != session.Segments);
        return (recorded != received, differing > 0) switch
        {
            (false, false) => "",
            (_, true) => $"{differing} sessions have another number of segments",
            _ => $"{received} received, {recorded} recorded",
        };
    }

    private static string Word(string kind) => kind switch
    {
        nameof(AnswerKind.Master) => "Master Playlist, new session",
        nameof(AnswerKind.Media) => "Media Playlist, gzip",
        nameof(AnswerKind.CaptionPlaylist) => "caption playlist, gzip",
        nameof(AnswerKind.Segment) => "segment (302)",
        _ => "caption segment",
    };

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static void Add(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append(line.Format[0] == '|' || line.Format[0] == '\n' || line.Format.EndsWith('\n') ? "\n" : "\n\n");

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
