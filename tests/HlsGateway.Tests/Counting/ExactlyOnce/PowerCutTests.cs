using System.Collections.Concurrent;
using System.Diagnostics;
using HlsGateway.Tests.Counting.Crash;
using HlsGateway.Tests.Hosting;
using Xunit.Abstractions;

namespace HlsGateway.Tests.Counting.ExactlyOnce;

/// <summary>
/// Case 2 under load: the power fails, and what was not fsynced is gone, or some sectors of it. The next gateway starts with what is left
/// and the load goes on, again and again. <c>FILTER='FullyQualifiedName~PowerCut' make faults</c> runs the long form.
/// </summary>
public sealed class PowerCutTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Case_2_after_each_power_cut_under_load_every_302_that_was_received_is_there()
    {
        await using var origin = await LoadClient.OriginAsync();
        using var machine = new TemporaryFolder();
        var told = new ConcurrentDictionary<Guid, Tally>();
        var cuts = Soak.Of(2, 20);
        var (data, watch) = (Path.Combine(machine.Path, "0"), Stopwatch.StartNew());
        Directory.CreateDirectory(data);
        for (var cut = 1; cut <= cuts; cut++)
        {
            // Nobody is let go uncounted, however busy the machine: the equation is strict.
            using var gateway = await ChildGateway.StartAsync(data, origin.Address, CrashingGateway.Environment(data, point: "", pass: 0), "--Ledger:CommitTimeout=00:00:10");
            var begun = Received();
            var load = Enumerable.Range(0, 16).Select(_ => Task.Run(() => LoadClient.RunAsync(gateway.Address, told, CancellationToken.None))).ToList();
            await Eventually.IsTrueAsync(() => Received() >= begun + 600 + (cut * 97 % 500), "the load's answers", TimeSpan.FromSeconds(180));
            Assert.Equal(137, gateway.Kill());
            // Nobody was told to stop: each was cut off amid its requests.
            Assert.All(await Task.WhenAll(load), cutOff => Assert.Equal(1, cutOff));

            var stable = StableImage.FolderOf(data);
            var left = Path.Combine(machine.Path, cut.ToString(System.Globalization.CultureInfo.InvariantCulture));
            // Every other time the disk was busy as the power failed, and wrote some of the sectors that nobody had waited for.
            StableImage.Tear(stable, cut % 2 == 0 ? data : stable, left, new Random(cut));
            // What is there after the cut is on the disk.
            Directory.CreateDirectory(StableImage.FolderOf(left));
            foreach (var file in Directory.GetFiles(left)) File.Copy(file, Path.Combine(StableImage.FolderOf(left), Path.GetFileName(file)));
            data = left;
            Say($"power cut {cut} of {cuts}: {Received()} redirects received so far");
        }

        await Aftermath.HoldsAsync(data, database: null, told);
        Say($"{cuts} power cuts, {Received()} redirects received: each is counted once; {watch.Elapsed.TotalSeconds:0} s");
        Figures.Say("2", $"{cuts} power cuts under load, {Received():N0} redirects received, 0 not in the ledger, 0 twice");

        int Received() => told.Values.Sum(tally => tally.Received);
    }

    private void Say(FormattableString what)
    {
        var line = FormattableString.Invariant(what);
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("FAULTS_LOG") is { Length: > 0 } log) File.AppendAllText(log, line + '\n');
    }
}
