using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HlsGateway.Access;
using HlsGateway.Cdn.Logs;

namespace HlsGateway.CommandLine;

/// <summary><c>hlsgateway reconcile LOG…</c>: compares what a CDN delivered with what the ledger counted.</summary>
internal static class ReconcileVerb
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    /// <summary>A session that fetches in the log may have begun so long before.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromDays(2);

    private static readonly JsonSerializerOptions Whole = new(TargetOptions.Json) { WriteIndented = true };

    public static Command Create()
    {
        var logs = new Argument<FileInfo[]>("LOG") { Description = "Log files of the CDN, plain or .gz: combined (nginx, Apache, Fastly), CloudFront's standard log, Fastly's JSON, bunny.net's.", Arity = ArgumentArity.OneOrMore };
        var parameter = new Option<string>("--parameter") { Description = "Gateway:Cdn:SessionParameter of the gateways.", DefaultValueFactory = _ => "sid", HelpName = "NAME" };
        var sessions = new Option<FileInfo?>("--sessions") { Description = "Reads the ledger's sessions from this file, which GET /api/export/sessions.ndjson answered, and asks no gateway.", HelpName = "FILE" };
        var least = new Option<double>("--least") { Description = "The agreement in per cent that is enough.", DefaultValueFactory = _ => 99, HelpName = "PERCENT" };
        var all = new Option<bool>("--all") { Description = "Prints every session, with its bytes and statuses, before the sum." };
        var json = new Option<bool>("--json") { Description = "Prints the sum as JSON on standard output, and with --all each session as a line before it." };
        var command = new Command("reconcile", "Compares CDN logs with the ledger: what was fetched past the gateway, what was counted and never delivered, bytes and statuses, and the agreement in per cent. Changes nothing. Exit code: 0 they agree, 1 they do not, 2 a file that cannot be read or nothing to compare, 3 the gateway cannot be reached, 130 interrupted.")
        {
            logs, parameter, sessions, least, all, json,
        };
        var where = new ApiOptions("analyst or admin");
        where.AddTo(command);
        command.SetAction(async (asked, ct) =>
        {
            try
            {
                using var reconciliation = new Reconciliation(asked.GetRequiredValue(parameter));
                await ReadLogsAsync(reconciliation, asked.GetRequiredValue(logs), ct);
                if (reconciliation.Span is not { } span)
                {
                    await Console.Error.WriteLineAsync("No line of the log tells a request. Known are the combined and common formats, CloudFront's standard log, Fastly's JSON and bunny.net's.");
                    return ExitCode.Usage;
                }

                if (asked.GetValue(sessions) is { } file)
                {
                    await using var export = file.OpenRead();
                    await reconciliation.ReadSessionsAsync(export, ct);
                }
                else
                {
                    await AskAsync(reconciliation, where, asked, span, ct);
                }

                var asJson = asked.GetValue(json);
                var report = reconciliation.Report(!asked.GetValue(all) ? null : session => Console.WriteLine(asJson ? JsonSerializer.Serialize(session, TargetOptions.Json) : Line(session)));
                Console.WriteLine(asJson ? JsonSerializer.Serialize(report, asked.GetValue(all) ? TargetOptions.Json : Whole) : Text(report));
                return report.AgreementPercent >= asked.GetValue(least) ? ExitCode.Done : ExitCode.Failed;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("Interrupted.");
                return ExitCode.Interrupted;
            }
            catch (UnreachableTargetException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return ExitCode.Unreachable;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or FormatException)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return ExitCode.Usage;
            }
        });
        return command;
    }

    private static async Task ReadLogsAsync(Reconciliation reconciliation, FileInfo[] logs, CancellationToken ct)
    {
        var told = Stopwatch.GetTimestamp();
        foreach (var file in logs)
        {
            await using var log = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16, FileOptions.SequentialScan);
            try
            {
                await reconciliation.ReadLogAsync(log, read =>
                {
                    if (Stopwatch.GetElapsedTime(told) < Between)
                        return;
                    told = Stopwatch.GetTimestamp();
                    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file.Name}: {100.0 * read / Math.Max(1, file.Length):0} % read"));
                }, ct);
            }
            catch (InvalidDataException e)
            {
                throw new InvalidDataException($"{file.FullName} is zipped and cannot be unzipped: {e.Message}", e);
            }
        }
    }

    private static async Task AskAsync(Reconciliation reconciliation, ApiOptions where, ParseResult asked, (DateTimeOffset From, DateTimeOffset To) span, CancellationToken ct)
    {
        using var client = new ApiClient(where.Address(asked), where.Token(asked), "analyst or admin");
        var question = $"api/export/sessions.ndjson?from={Uri.EscapeDataString(Rfc3339.Text(span.From - Before))}&to={Uri.EscapeDataString(Rfc3339.Text(span.To.AddSeconds(1)))}";
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(question, UriKind.Relative));
        using var answer = await client.AskAsync(request, ct);
        if (!answer.IsSuccessStatusCode)
            throw new UnreachableTargetException(await ApiClient.ReasonAsync(answer, ct));
        await using var export = await answer.Content.ReadAsStreamAsync(ct);
        await reconciliation.ReadSessionsAsync(export, ct);
    }

    private static string Line(SessionDelivery one) => string.Create(CultureInfo.InvariantCulture,
        $"{one.SessionId}  counted {(one.Counted is { } counted ? counted : "unknown")}, delivered {one.Delivered}, other {one.Other}, 4xx {one.ClientErrors}, 5xx {one.ServerErrors}, {one.Bytes} bytes");

    private static string Text(ReconcileReport sum) => string.Create(CultureInfo.InvariantCulture, $"""
        {sum.Lines} requests of a {sum.Format} log, {Rfc3339.Text(sum.From ?? default)} to {Rfc3339.Text(sum.To ?? default)}, {sum.Bytes} bytes; {sum.Unreadable} lines could not be read
        statuses: {string.Join(", ", sum.Statuses.Select(pair => $"{pair.Key}: {pair.Value}"))}
        {sum.Sessions} sessions compared, {sum.Cut} go on beyond the log; {sum.Uncounted} requests without a session of the ledger (anonymous, preview)
        counted {sum.Counted}, delivered {sum.Delivered}, agreement {sum.AgreementPercent} %
        past the gateway: {sum.Leaked} ({sum.WithoutSession} without a session, {sum.OfUnknownSessions} of sessions that the ledger does not know, {sum.BeyondCount} beyond what was counted)
        counted and not delivered: {sum.NotDelivered}
        """) + string.Concat(sum.Worst.Select(one => "\n  " + Line(one)));
}
