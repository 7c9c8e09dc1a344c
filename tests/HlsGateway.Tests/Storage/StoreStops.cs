using System.Text.RegularExpressions;
using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Storage;

/// <summary>A process's way to its store, on which single calls stand still so that it can be killed there.</summary>
internal abstract class StoreStops : IAsyncDisposable
{
    /// <summary>Keys of the process's configuration.</summary>
    public abstract Dictionary<string, string> Settings { get; }

    public virtual Dictionary<string, string> Environment => new(StringComparer.Ordinal);

    /// <summary>Stops the first call with this method and such a key. All are named before the process starts.</summary>
    /// <param name="key">A regular expression of the whole key.</param>
    /// <returns>Ends when the call stands still.</returns>
    public abstract Task Hold(string method, string key, Moment moment);

    public abstract ValueTask DisposeAsync();
}

internal sealed class S3Stops(StoreProxy proxy, CephFixture ceph) : StoreStops
{
    public override Dictionary<string, string> Settings => ceph.Settings(proxy.Endpoint);

    public override Task Hold(string method, string key, Moment moment) => proxy.Hold(method, new Regex($"^{key}$", RegexOptions.NonBacktracking), moment).Held;

    public override ValueTask DisposeAsync() => proxy.DisposeAsync();
}

/// <summary>The store on disk is the process's own: it is told what to stop at, and leaves a mark there.</summary>
internal sealed class DiskStops : StoreStops
{
    private readonly TemporaryFolder folder = new();

    public override Dictionary<string, string> Settings => new(StringComparer.Ordinal);

    public override Dictionary<string, string> Environment => HoldingStore.EnvironmentOf(Path.Combine(folder.Path, "calls"));

    public override Task Hold(string method, string key, Moment moment)
    {
        var mark = HeldCall.Add(Path.Combine(folder.Path, "calls"), method, $"^{key}$", moment);
        return Eventually.IsTrueAsync(() => File.Exists(mark), $"{method} {key} {moment}", TimeSpan.FromSeconds(240));
    }

    public override ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
