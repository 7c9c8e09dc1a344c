using System.Diagnostics;
using HlsGateway.Counting;
using HlsGateway.Counting.Postgres;
using HlsGateway.Tests.Counting.Crash;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

[assembly: HostingStartup(typeof(CrashingGateway))]

namespace HlsGateway.Tests.Counting.Crash;

/// <summary>
/// The inside of a gateway that ends itself with SIGKILL at a named point. The program knows nothing of it: the points lie where
/// others already let one in, in SQLite's file system and its statement trace, in ASP.NET's pipeline, and at the forwarder's steps.
/// </summary>
internal sealed class CrashingGateway : IHostingStartup, IStartupFilter
{
    private static string point = "";
    private static string data = "";
    private static int passesLeft;
    private static volatile bool armed;

    /// <summary>The environment of a gateway that ends at <paramref name="point"/>. With an empty one it goes on, and what it synced is kept.</summary>
    public static Dictionary<string, string> Environment(string data, string point, int pass) => new(StringComparer.Ordinal)
    {
        ["DOTNET_STARTUP_HOOKS"] = typeof(CrashingGateway).Assembly.Location,
        ["ASPNETCORE_HOSTINGSTARTUPASSEMBLIES"] = typeof(CrashingGateway).Assembly.GetName().Name!,
        ["CRASH_DATA"] = data,
        ["CRASH_POINT"] = point,
        ["CRASH_PASS"] = pass.ToString(System.Globalization.CultureInfo.InvariantCulture),
        // These two lie in ASP.NET's pipeline, which the fast lane's answers never see. All others are passed by its answers as well.
        ["Gateway__FastLane"] = point is "before the 302" or "after the 302" ? "false" : "true",
    };

    /// <summary>This process is one of them.</summary>
    public static bool IsAsked => System.Environment.GetEnvironmentVariable("CRASH_DATA") is not null;

    /// <summary>Where the dead process says what ended it.</summary>
    public static string Fired(string data) => Path.Combine(data, "fired");

    /// <summary>From here on it counts its passes. Only who asks knows when a viewer has an answer: of a killed process's last ones, some never arrive.</summary>
    public static Task ArmAsync(string data) => File.WriteAllTextAsync(Armed(data), "");

    private static string Armed(string data) => Path.Combine(data, "armed");

    public static void Prepare()
    {
        data = System.Environment.GetEnvironmentVariable("CRASH_DATA")!;
        point = System.Environment.GetEnvironmentVariable("CRASH_POINT")!;
        passesLeft = int.Parse(System.Environment.GetEnvironmentVariable("CRASH_PASS")!, System.Globalization.CultureInfo.InvariantCulture);
        Watch();
    }

    void IHostingStartup.Configure(IWebHostBuilder builder) => builder.ConfigureServices(services => services.AddSingleton<IStartupFilter>(this));

    Action<IApplicationBuilder> IStartupFilter.Configure(Action<IApplicationBuilder> next) => app =>
    {
        if (app.ApplicationServices.GetRequiredService<Outbox>().Forwarder is { } forwarder)
        {
            forwarder.Reached = step =>
            {
                At(Name(step));
                return Task.CompletedTask;
            };
        }
        app.Use(static (context, rest) =>
        {
            context.Response.OnStarting(static state => Answering((HttpContext)state, "before the 302"), context);
            context.Response.OnCompleted(static state => Answering((HttpContext)state, "after the 302"), context);
            return rest(context);
        });
        next(app);
    };

    private static Task Answering(HttpContext context, string name)
    {
        if (context.Response.StatusCode != StatusCodes.Status302Found) return Task.CompletedTask;
        At(name);
        return Task.CompletedTask;
    }

    private static string Name(ForwardStep step) => step switch
    {
        ForwardStep.Locked => "before COPY",
        ForwardStep.Copied => "after COPY",
        ForwardStep.Merged => "before the high-water mark",
        ForwardStep.Marked => "after the high-water mark",
        ForwardStep.Committed => "after PostgreSQL's commit",
        _ => "",
    };

    private static void Watch()
    {
        if (!FaultyDisk.IsReady) throw new InvalidOperationException("The watched file system could not be registered.");
        var stable = new StableImage(StableImage.FolderOf(data));
        FaultyDisk.Use(data, static (operation, file) =>
        {
            if (Place(file) is { } place)
            {
                if (operation == "sync") At($"before the {place}'s fsync");
                if (operation == "write") At($"before the {place} is written");
            }
            return 0;
        });
        FaultyDisk.OnChange(data, (change, path, bytes, offset) =>
        {
            if (Path.GetFileName(path) is var file && !file.StartsWith("ledger.db", StringComparison.Ordinal)) return;
            stable.Note(change, path, bytes, offset);
            if (Place(file) is not { } place) return;
            if (change == DiskChange.Written) At($"after the {place} is written");
            if (change == DiskChange.Synced) At($"after the {place}'s fsync");
        });
        StatementTrace.Listen("ledger.db", new Transactions().On);
    }

    private static string? Place(string file) => file switch { "ledger.db" => "database", "ledger.db-wal" => "WAL", _ => null };

    private static void At(string name)
    {
        if (name != point || !(armed = armed || File.Exists(Armed(data))) || Interlocked.Decrement(ref passesLeft) != 0) return;
        File.WriteAllText(Fired(data), name);
        Process.GetCurrentProcess().Kill();
        // The signal is on its way: nothing of this thread's work may follow.
        Thread.Sleep(Timeout.Infinite);
    }

    /// <summary>Tells from the statements of the ledger's one writing connection what its transactions are about.</summary>
    private sealed class Transactions
    {
        private string? about;

        public void On(string sql, bool done)
        {
            var when = done ? "after" : "before";
            if (sql.StartsWith("BEGIN", StringComparison.Ordinal) && !done) about = null;
            else if (sql.StartsWith("INSERT INTO batch", StringComparison.Ordinal)) At($"{when} the {about = "write"}");
            else if (sql.StartsWith("DELETE FROM batch WHERE first_seq IN", StringComparison.Ordinal) && about != "merge") At($"{when} the {about = "trim"}");
            else if (sql.StartsWith("INSERT INTO trace", StringComparison.Ordinal) && !done && about is null) At($"before the {about = "merge"}");
            else if (sql.StartsWith("UPDATE sweep SET until", StringComparison.Ordinal) && !done) At("before the merge's place");
            else if (sql.StartsWith("UPDATE mark SET value = CASE name", StringComparison.Ordinal) && !done) At("before the merge's mark");
            else if (sql == "COMMIT" && about is not null) At(about == "write" ? $"{when} the commit" : $"{when} the {about}'s commit");
        }
    }
}
