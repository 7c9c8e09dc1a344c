using System.Diagnostics;
using System.Net;
using System.Text.Json;
using HlsGateway.Benchmarks.Measuring;

namespace HlsGateway.Benchmarks.Load;

/// <summary>Milliseconds from when a request was due.</summary>
internal sealed record PacedResult(long Received, long Bad, double Seconds, double P50, double P99, double P999, double Slowest);

/// <summary>
/// Sends at a constant pace, whatever the answers take, and measures each from when it was due: a server that stops for a while is charged for all who
/// wait then. Requests fall due in portions, one each millisecond; a request that finds no free connection waits for one, and that counts too.
/// </summary>
internal static class PacedLoad
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(Uri address, string urls, int rate, int connections, double seconds)
    {
        var server = new IPEndPoint(IPAddress.Loopback, address.Port);
        var requests = (await File.ReadAllLinesAsync(urls)).Select(line => RawConnection.Get(address.Authority, line)).ToArray();
        var free = new Stack<RawConnection>();
        for (var i = 0; i < connections; i++)
        {
            var connection = new RawConnection(server);
            await connection.ConnectAsync();
            free.Push(connection);
        }
        var run = new Run(free, requests, rate);
        // The first second is the load program's own warm-up: it is sent and counted, and not told among the times.
        // On a thread of its own: this code may run where a socket's event was read, and must not keep that waiting.
        var measured = await Task.Factory.StartNew(() => run.Pace(WarmUp, TimeSpan.FromSeconds(seconds)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Console.WriteLine(JsonSerializer.Serialize(measured));
    }

    private sealed class Run(Stack<RawConnection> free, byte[][] requests, int rate)
    {
        private readonly Lock gate = new();
        private readonly Queue<(int Request, long Due)> waiting = new();
        private readonly List<float> times = [];
        private long tellAfter;
        private long answered;
        private long bad;

        public PacedResult Pace(TimeSpan warmUp, TimeSpan measured)
        {
            var total = (long)((warmUp + measured).TotalSeconds * rate);
            var begun = Stopwatch.GetTimestamp();
            tellAfter = begun + (long)(warmUp.TotalSeconds * Stopwatch.Frequency);
            for (long sent = 0; sent < total; Thread.Sleep(1))
            {
                var now = (long)Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
                // When it was due, and not when this thread woke up.
                for (; sent < total && DueMs(sent) <= now; sent++) Send((int)(sent % requests.Length), begun + (DueMs(sent) * Stopwatch.Frequency / 1000));
            }
            for (var patience = Stopwatch.StartNew(); Interlocked.Read(ref answered) < total && patience.Elapsed < TimeSpan.FromSeconds(30);) Thread.Sleep(1);
            lock (gate)
            {
                bad += total - answered;
                var told = Percentiles.Of(times);
                return new(total, bad, (warmUp + measured).TotalSeconds, told.P50, told.P99, told.P999, told.Slowest);
            }
        }

        private long DueMs(long request) => (((request + 1) * 1000) + rate - 1) / rate;

        private void Send(int request, long due)
        {
            RawConnection? connection;
            lock (gate)
            {
                if (!free.TryPop(out connection))
                {
                    waiting.Enqueue((request, due));
                    return;
                }
            }
            _ = AskAsync(connection, request, due);
        }

        private async Task AskAsync(RawConnection connection, int request, long due)
        {
            while (true)
            {
                var good = false;
                try
                {
                    good = await connection.AskAsync(requests[request]) is >= 200 and < 400;
                }
                catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
                {
                    // Counted as bad below.
                }
                lock (gate)
                {
                    if (due >= tellAfter) times.Add((float)Stopwatch.GetElapsedTime(due).TotalMilliseconds);
                    if (!good) bad++;
                    Interlocked.Increment(ref answered);
                    if (!waiting.TryDequeue(out var next))
                    {
                        free.Push(connection);
                        return;
                    }
                    (request, due) = next;
                }
            }
        }
    }
}
