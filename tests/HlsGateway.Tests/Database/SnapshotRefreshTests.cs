using System.Collections.Concurrent;
using HlsGateway.Database;
using HlsGateway.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HlsGateway.Tests.Database;

public sealed class SnapshotRefreshTests
{
    [Fact]
    public async Task Reads_that_fail_hold_up_no_start_are_tried_again_and_count_as_one_outage()
    {
        await using var host = await GatewayHost.StartAsync();
        using var refresh = new FailingAtFirst(host.Services.GetRequiredService<ChangeNotices>(), failures: 3);
        await refresh.StartAsync(CancellationToken.None);
        await Eventually.IsTrueAsync(() => refresh.Reads >= 6, "it goes on reading");
        await refresh.StopAsync(CancellationToken.None);
        Assert.Equal([true, false, false], refresh.Told);
    }

    private sealed class FailingAtFirst(ChangeNotices notices, int failures) : SnapshotRefresh(notices, ChangeNotices.Videos, TimeSpan.FromMilliseconds(10))
    {
        private int reads;

        public int Reads => Volatile.Read(ref reads);

        /// <summary>Of each failure, whether it was the first of its outage.</summary>
        public ConcurrentQueue<bool> Told { get; } = [];

        // Not one of the exceptions that a database usually throws: none of them may end the process.
        protected override Task ReadAsync(CancellationToken ct) =>
            Interlocked.Increment(ref reads) <= failures ? throw new FormatException("odd") : Task.CompletedTask;

        protected override void Failed(Exception failure, bool first) => Told.Enqueue(first);
    }
}
