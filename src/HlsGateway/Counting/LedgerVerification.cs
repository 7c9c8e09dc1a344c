using System.Diagnostics;
using HlsGateway.Telemetry;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace HlsGateway.Counting;

/// <summary>
/// Reads <c>ledger.db</c> through at the start, before a damage that nobody noticed spreads. A small file is read before it is trusted; a large one
/// while it is in use, for a quarter of a processor's time at most: two seconds of work for five million sessions would be two seconds in which
/// viewers and reports have half of a machine with one processor.
/// </summary>
/// <param name="found">Gets what is wrong with a large file, from another thread.</param>
internal sealed class LedgerVerification(string path, Action<string> found, ILogger log) : IDisposable
{
    /// <summary>Up to this size, bytes, it takes well under a second.</summary>
    private const long Small = 64L << 20;

    /// <summary>Steps of SQLite between two looks at the clock: well below a millisecond.</summary>
    private const int Steps = 200;

    private const int RestForWork = 3;

    private static readonly TimeSpan LeastWork = TimeSpan.FromMilliseconds(1);
    private readonly ManualResetEvent stopping = new(false);
    private Thread? thread;

    /// <summary>The file is so large that it is not read before the ledger opens.</summary>
    public bool IsLong => new FileInfo(path) is { Exists: true, Length: > Small };

    /// <summary>Reads it at once.</summary>
    /// <returns>The first finding; null where there is none, or where the file cannot be read now.</returns>
    public string? Run() => Run(null);

    /// <summary>Reads it beside other work, on a thread of its own.</summary>
    public void Start()
    {
        thread = new Thread(() =>
        {
            if (Run(new Pace(stopping).Rest) is { } finding)
                found(finding);
        })
        { IsBackground = true, Name = "ledger check" };
        thread.Start();
    }

    /// <summary>Ends a check that runs, before the file becomes another: no more is found after this.</summary>
    public void Stop()
    {
        stopping.Set();
        thread?.Join();
    }

    /// <summary>What a check that is ended would have found, the next start finds.</summary>
    public void Dispose()
    {
        Stop();
        stopping.Dispose();
    }

    /// <param name="between">Asked again and again; true ends the check without a finding.</param>
    internal string? Run(Func<bool>? between)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            connection.Open();
            if (between is not null)
                raw.sqlite3_progress_handler(connection.Handle, Steps, _ => between() ? 1 : 0, null);
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA quick_check(1)";
            command.CommandTimeout = 0;
            return command.ExecuteScalar() as string is var finding && finding == "ok" ? null : finding;
        }
        catch (SqliteException ended) when (ended.SqliteErrorCode == raw.SQLITE_INTERRUPT)
        {
            return null;
        }
        catch (SqliteException failure) when (LedgerFile.IsDamage(failure))
        {
            return failure.Message;
        }
        catch (SqliteException failure)
        {
            log.LedgerFailed(failure, Path.GetFileName(path));
            return null;
        }
    }

    /// <summary>Work, and three times as long of rest.</summary>
    internal sealed class Pace(ManualResetEvent stopping)
    {
        private long since = Stopwatch.GetTimestamp();

        /// <returns>The check is to end.</returns>
        public bool Rest()
        {
            var worked = Stopwatch.GetElapsedTime(since);
            if (worked < LeastWork)
                return stopping.WaitOne(0);
            var stop = stopping.WaitOne(worked * RestForWork);
            since = Stopwatch.GetTimestamp();
            return stop;
        }
    }
}
