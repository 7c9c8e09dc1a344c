using System.Globalization;
using System.Text.RegularExpressions;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>What wrk saw.</summary>
/// <param name="Seconds">How long it sent.</param>
/// <param name="Bad">Answers that were errors, and connections that failed.</param>
/// <param name="PerSecond">Requests sent in each second of the clock; the first and last may be parts of one.</param>
internal sealed record WrkResult(long Requests, double Seconds, long Bad, double P50Ms, double P99Ms, double P999Ms, IReadOnlyList<long> PerSecond)
{
    public double Rate => Requests / Seconds;
}

/// <summary>Load without pause: each connection sends its next request when it has the answer to the last. It takes 2 to 4 µs a request of its core.</summary>
internal static partial class Wrk
{
    private const string Script = """
        -- Sends the URLs of a file in turn, from any place in it ("random") or from the first ("first").
        local requests, at, seconds = {}, 0, {}
        local threads = {}
        function setup(thread) threads[#threads + 1] = thread end
        function init(args)
          for line in io.lines(args[1]) do requests[#requests + 1] = wrk.format("GET", line) end
          math.randomseed(os.time())
          if args[2] == "random" then at = math.random(#requests) end
          first, last, counts = os.time(), 0, ""
          now, sent = first, 0
        end
        function request()
          local time = os.time()
          if time ~= now then
            counts = counts .. sent .. ","
            for skipped = now + 1, time - 1 do counts = counts .. "0," end
            now, sent = time, 0
          end
          sent = sent + 1
          at = at % #requests + 1
          return requests[at]
        end
        function done(summary, latency)
          local e = summary.errors
          print(string.format("RESULT %d %d %d %d %d %d", summary.requests, summary.duration, e.status + e.connect + e.read + e.write + e.timeout,
            latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
          print("SECONDS " .. threads[1]:get("counts"))
        end
        """;

    /// <param name="urls">A file with a path a line.</param>
    /// <param name="ordered">From the first line on, for URLs that may be asked for only once.</param>
    public static async Task<WrkResult> RunAsync(string folder, string cores, string address, string urls, int connections, double seconds, string? header = null, bool ordered = false)
    {
        var (script, log) = (Path.Combine(folder, "load.lua"), Path.Combine(folder, "wrk.log"));
        if (!File.Exists(script)) await File.WriteAllTextAsync(script, Script);
        string[] headers = header is null ? [] : ["-H", header];
        var text = await Child.RunAsync(cores, log, "wrk",
            ["-t1", $"-c{connections}", $"-d{Math.Max(1, (int)Math.Round(seconds))}s", "--timeout", "30s", "-s", script, .. headers, address, "--", urls, ordered ? "first" : "random"]);
        var result = Result().Match(text);
        if (!result.Success) throw new InvalidOperationException($"wrk gave no result:\n{text}");
        var counts = Seconds().Match(text).Groups["counts"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries);
        return new(Number("requests"), Number("duration") / 1e6, Number("bad"), Number("p50") / 1000.0, Number("p99") / 1000.0, Number("p999") / 1000.0,
            [.. counts.Select(count => long.Parse(count, CultureInfo.InvariantCulture))]);

        long Number(string name) => long.Parse(result.Groups[name].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^RESULT (?<requests>\d+) (?<duration>\d+) (?<bad>\d+) (?<p50>\d+) (?<p99>\d+) (?<p999>\d+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Result();

    [GeneratedRegex("^SECONDS (?<counts>[0-9,]*)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Seconds();
}
