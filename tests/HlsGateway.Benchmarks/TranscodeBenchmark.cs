using System.Diagnostics;
using System.Globalization;
using HlsGateway.Cdn;
using HlsGateway.Media;
using HlsGateway.Storage;
using HlsGateway.Transcoding;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HlsGateway.Benchmarks;

/// <summary>
/// A whole job (upload read from the store, probe, confined ffmpeg, measuring, source read back, every object stored on disk) beside one plain
/// ffmpeg command that makes the same outputs, in turn, in the same run. Wall time; the ratio counts, on a machine that is otherwise idle.
/// </summary>
internal static class TranscodeBenchmark
{
    private static readonly int Pairs = int.TryParse(Environment.GetEnvironmentVariable("BENCH_PAIRS"), CultureInfo.InvariantCulture, out var asked) ? asked : 5;

    /// <summary>The video is the file that BENCH_FILE names, or a moving pattern of 20 s, 1280x720, 25 fps with a tone.</summary>
    public static async Task RunAsync()
    {
        var root = Directory.CreateTempSubdirectory("hlsgateway-bench-").FullName;
        try
        {
            var environment = new HostingEnvironment { ContentRootPath = root };
            var gateway = Options.Create(new GatewayOptions { DataDirectory = root });
            var options = Options.Create(new TranscodeOptions());
            var media = Options.Create(new MediaOptions());
            var ffmpeg = new Ffmpeg(new Sandbox(media, gateway, environment, NullLogger<Sandbox>.Instance), media);
            var store = new DiskStore(new CdnAddresses(new CdnOptions(), "", new CdnHealth(new CdnProbeOptions()), TimeProvider.System), gateway, environment);
            var input = Path.Combine(root, "input");
            if (Environment.GetEnvironmentVariable("BENCH_FILE") is { Length: > 0 } file)
                File.Copy(file, input);
            else
                await PlainAsync(root, ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=25:d=20", "-f", "lavfi", "-i", "sine=d=20", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-f", "mp4", "input"]);
            await using (var upload = File.OpenRead(input))
                await store.PutAsync("uploads/input", upload, "video/mp4", CancellationToken.None);

            var (jobs, plain) = (new List<double>(), new List<double>());
            for (var pair = 0; pair <= Pairs; pair++)
            {
                var job = await JobAsync(ffmpeg, store, options, $"r{pair}");
                var command = await CommandAsync(ffmpeg, store, options, root);
                // The first warms up caches and code.
                if (pair == 0)
                    continue;
                jobs.Add(job);
                plain.Add(command);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  job {job:0.00} s  plain ffmpeg {command:0.00} s  ratio {job / command:0.000}"));
            }

            var ratios = jobs.Zip(plain, (job, command) => job / command).Order().ToList();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  median of {Pairs}: job {Median(jobs):0.00} s  plain ffmpeg {Median(plain):0.00} s  ratio {ratios[Pairs / 2]:0.000}"));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<double> JobAsync(Ffmpeg ffmpeg, DiskStore store, IOptions<TranscodeOptions> options, string revision)
    {
        var clock = Stopwatch.StartNew();
        using var folder = await FolderAsync(ffmpeg, store);
        await new VideoPipeline(ffmpeg, store, options, Options.Create(new MediaOptions()), TimeProvider.System)
            .MakeAsync(folder, "bench", revision, (_, _) => Task.FromResult<double?>(null), _ => { }, CancellationToken.None);
        return clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> CommandAsync(Ffmpeg ffmpeg, DiskStore store, IOptions<TranscodeOptions> options, string root)
    {
        using var folder = await FolderAsync(ffmpeg, store);
        var plan = EncodePlan.For(await ffmpeg.ProbeAsync(folder, EncodeArguments.Input, ProbeAs.Upload, CancellationToken.None), options.Value);
        var outputs = Directory.CreateDirectory(Path.Combine(root, "plain")).FullName;
        File.Copy(Path.Combine(root, "input"), Path.Combine(outputs, EncodeArguments.Input), overwrite: true);
        foreach (var rung in plan.Rungs)
            Directory.CreateDirectory(Path.Combine(outputs, rung.Name));
        var clock = Stopwatch.StartNew();
        await PlainAsync(outputs, EncodeArguments.For(plan));
        return clock.Elapsed.TotalSeconds;
    }

    private static async Task<JobFolder> FolderAsync(Ffmpeg ffmpeg, DiskStore store)
    {
        var folder = ffmpeg.Sandbox.OpenFolder();
        await using var upload = await store.OpenAsync("uploads/input", CancellationToken.None) ?? throw new InvalidOperationException("The upload is not in the store.");
        await folder.AddAsync(EncodeArguments.Input, upload, CancellationToken.None);
        return folder;
    }

    private static async Task PlainAsync(string folder, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("ffmpeg", arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("ffmpeg did not start.");
        var said = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await said;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(errors);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
